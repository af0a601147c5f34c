/**
 * How many records a second, at what CPU a record: 100-byte values, 6 partitions.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case } from './case.js'

export const throughput: Case = {
  name: 'throughput',
  summary:
    'records a second and CPU a record, 100-byte values, 6 partitions, acks all, idempotence',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    {
      title: '100 B, 6 partitions',
      task: {},
      subjects: [WIRE_LIMIT, ottla('enqueue'), ottla('send')],
      takesPeers: true,
      takesNewerNode: true,
    },
  ],
}
