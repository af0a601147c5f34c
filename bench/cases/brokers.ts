/**
 * Three brokers, three replicas, two of them in sync at least: leaders everywhere, and each record
 * written three times on the same machine.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case } from './case.js'

export const brokers: Case = {
  name: 'brokers',
  summary: 'the case `throughput` on 3 brokers with 3 replicas',
  columns: THROUGHPUT_COLUMNS,
  nodes: 3,
  groups: [
    {
      title: '100 B, 6 partitions, 3 brokers',
      task: {},
      subjects: [WIRE_LIMIT, ottla('enqueue'), ottla('send')],
      takesPeers: true,
    },
  ],
}
