/**
 * Many partitions: small batches when all are busy; a client that looks at every partition it knows
 * when few are.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case, type Group } from './case.js'

/** A KRaft controller writes at most 10,000 records for one request: partitions and their topic's. */
const MOST = 9_900
const COUNTS = [1, 6, 100, 1_000, MOST]
const BUSY = 10

export const partitions: Case = {
  name: 'partitions',
  summary: '1 to 9,900 partitions, all busy in turn; and 10 busy ones of 10 and of 9,900',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    ...COUNTS.map((count): Group => ({
      title: `${count.toLocaleString('en-US')} partitions, in turn`,
      task: { partitions: count, busyPartitions: count },
      subjects: [WIRE_LIMIT, ottla('enqueue'), ottla('send'), sticky(count)],
      takesPeers: true,
    })),
    {
      title: `${BUSY} busy partitions`,
      task: { busyPartitions: BUSY },
      subjects: [BUSY, MOST].map((known) =>
        ottla('enqueue', { partitions: known }, `of ${known.toLocaleString('en-US')} known`),
      ),
      takesPeers: false,
    },
  ],
}

/** Left to the partitioner, which fills a batch before it goes on to the next partition. */
function sticky(count: number) {
  return ottla('enqueue', { partitions: count, busyPartitions: 0 }, 'without key')
}
