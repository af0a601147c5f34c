/**
 * From small values, where each record costs, to large ones, where bytes do.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case, type Group } from './case.js'

const SIZES = [
  ['100 B', 100, {}],
  ['1 KiB', 1024, {}],
  // A tenth of the measured records would be 20,000: too few calls for V8 to be done with compiling.
  ['10 KiB', 10_240, { warmupRecords: 60_000 }],
] as const

export const sizes: Case = {
  name: 'sizes',
  summary: 'values of 100 B, 1 KiB and 10 KiB, by every form of sending',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    ...SIZES.map(([title, valueBytes, more]): Group => ({
      title,
      task: { valueBytes, ...more },
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
