/**
 * From small values, where each record costs, to large ones, where bytes do.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case, type Group } from './case.js'

const SIZES = [
  ['100 B', 100],
  ['1 KiB', 1024],
  ['10 KiB', 10_240],
] as const

export const sizes: Case = {
  name: 'sizes',
  summary: 'values of 100 B, 1 KiB and 10 KiB, by every form of sending',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    ...SIZES.map(([title, valueBytes]): Group => ({
      title,
      task: { valueBytes },
      subjects: [WIRE_LIMIT, ottla('enqueue'), ottla('send'), ottla('sendAll')],
      takesPeers: true,
    })),
    {
      title: '100 B, with keys and headers',
      task: { keysAndHeaders: true },
      subjects: [ottla('enqueue'), ottla('send')],
      takesPeers: true,
    },
  ],
}
