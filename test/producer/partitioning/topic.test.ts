import t from 'tap'
import type { PartitionQueue } from '../../../src/producer/sending/partition-queue.js'
import { batchOf, metadataOf, TOPIC_ID, topicOf } from '../support/pieces.js'

t.test('metadata makes a queue for each partition and lists those with a leader', async (t) => {
  const topic = topicOf([1, -1, 2])
  t.match(topic, { topicId: TOPIC_ID, partitionCount: 3, available: [0, 2], isKnown: true })
  t.strictSame(topic.partitions.map(({ leaderId }) => leaderId), [1, -1, 2])
}) // prettier-ignore

t.test('queues live on through new metadata, and new leaders are told', async (t) => {
  const topic = topicOf([1, 1, -1])
  const queues = [...topic.partitions]
  const told: PartitionQueue[] = []
  topic.update(metadataOf('orders', [1, 2, 3, 3], 1), (queue) => told.push(queue))
  t.strictSame(topic.partitions.slice(0, 3), queues)
  t.strictSame(told.map(({ partition }) => partition), [1, 2, 3])
}) // prettier-ignore

t.test('one partition gets another leader, and the others are not looked at', async (t) => {
  const topic = topicOf([1, -1])
  const told: PartitionQueue[] = []
  const lead = (partition: number, leaderId: number, leaderEpoch: number): void => {
    topic.updateLeader({ partition, leaderId, leaderEpoch }, (queue) => told.push(queue))
  }
  lead(0, 2, 5)
  lead(1, 3, 5)
  lead(7, 3, 5)
  t.strictSame(topic.partitions.map(({ leaderId, leaderEpoch }) => [leaderId, leaderEpoch]), [[2, 5], [3, 5]])
  t.strictSame(topic.available, [0, 1])
  t.strictSame(told, topic.partitions)
}) // prettier-ignore

t.test('partitions that are gone keep their queue, without a leader', async (t) => {
  const topic = topicOf([1, 1, 1])
  topic.update(metadataOf('orders', [1], 2), () => {})
  t.equal(topic.partitionCount, 1)
  t.strictSame(topic.partitions.map(({ leaderId }) => leaderId), [1, -1, -1])
}) // prettier-ignore

t.test(
  'the longest queue is looked for among the busy ones, and idle ones are forgotten',
  async (t) => {
    const topic = topicOf([1, 1])
    const [first, second] = topic.partitions as [PartitionQueue, PartitionQueue]
    topic.busy.add(first).add(second)
    first.open = batchOf(first)
    first.closed.push(batchOf(first))
    t.equal(topic.longestQueue(), 2)
    t.strictSame([...topic.busy], [first])
  },
)
