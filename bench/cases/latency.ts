/**
 * From the moment a record is due to its acknowledgement, at fixed rates (open loop).
 */
import { LATENCY_COLUMNS } from '../report/columns.js'
import { ottla, ownProgram, type Case, type Group, type Subject } from './case.js'

const RATES = [100, 1_000, 10_000]
const SECONDS = 10
const WIRE_LATENCY: Subject = {
  name: 'wire limit',
  program: ownProgram('wire-latency'),
  task: { settings: { batchSizeBytes: 1 } }, // a record each
}

export const latency: Case = {
  name: 'latency',
  summary: 'due time to acknowledgement at 100, 1,000 and 10,000 records/s, lingerMs 0',
  columns: LATENCY_COLUMNS,
  groups: RATES.map((ratePerSecond): Group => ({
    title: `${ratePerSecond.toLocaleString('en-US')} records/s`,
    task: { ratePerSecond, maxSeconds: SECONDS, warmupRecords: 1_000 },
    subjects: [WIRE_LATENCY, ottla('send'), ottla('enqueue')],
    takesPeers: true,
    takesNewerNode: true,
  })),
}
