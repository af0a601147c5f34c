/**
 * Whether waiting for more records gains anything when there is load already.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, type Case, type Group } from './case.js'

export const linger: Case = {
  name: 'linger',
  summary: 'lingerMs 0 beside 5 under load',
  columns: THROUGHPUT_COLUMNS,
  groups: (['enqueue', 'send'] as const).map((mode): Group => ({
    title: mode,
    task: {},
    subjects: [5, 0].map((lingerMs) =>
      ottla(mode, { settings: { lingerMs } }, `lingerMs ${lingerMs}`),
    ),
    takesPeers: false,
  })),
}
