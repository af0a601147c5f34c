/**
 * A small job instead of a long run: 1,000 records of 10 KB, from a warm client, until the last one
 * is acknowledged. Short enough that a client which must wait somewhere shows it.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case } from './case.js'

export const article: Case = {
  name: 'article',
  summary: '1,000 records of 10 KB, from the first call to the last acknowledgement',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    {
      title: '1,000 records of 10 KB',
      task: { valueBytes: 10_000, records: 1_000, maxSeconds: 60 },
      subjects: [WIRE_LIMIT, ottla('enqueue'), ottla('send'), ottla('sendAll')],
      takesPeers: true,
    },
  ],
}
