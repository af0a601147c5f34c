import t from 'tap'
import type { BatchQueue } from '../../../src/producer/batching/batch.js'
import { addClosed, batchOf, metadataOf, portsOf, TOPIC_ID, topicOf } from '../support/pieces.js'

/** Ports whose scheduler notes each queue that has another leader. */
function tellingLeaders(told: BatchQueue[]): ReturnType<typeof portsOf> {
  const leaderChanged = (queue: BatchQueue): void => void told.push(queue)
  return portsOf({ scheduler: { consider() {}, pause() {}, recovered() {}, leaderChanged } })
}

t.test('metadata makes a queue for each partition and lists those with a leader', async (t) => {
  const topic = topicOf([1, -1, 2])
  t.match(topic, { topicId: TOPIC_ID, partitionCount: 3, available: [0, 2], isKnown: true })
  t.strictSame(topic.partitions.map(({ leaderId }) => leaderId), [1, -1, 2])
}) // prettier-ignore

t.test('queues live on through new metadata, and new leaders are told', async (t) => {
  const told: BatchQueue[] = []
  const topic = topicOf([1, 1, -1], { ports: tellingLeaders(told) })
  const queues = [...topic.partitions]
  told.length = 0
  topic.update(metadataOf('orders', [1, 2, 3, 3], 1))
  t.strictSame(topic.partitions.slice(0, 3), queues)
  t.strictSame(told.map(({ partition }) => partition), [1, 2, 3])
}) // prettier-ignore

t.test('one partition gets another leader, and the others are not looked at', async (t) => {
  const told: BatchQueue[] = []
  const topic = topicOf([1, -1], { ports: tellingLeaders(told) })
  told.length = 0
  const lead = (partition: number, leaderId: number, leaderEpoch: number): void => {
    topic.updateLeader({ partition, leaderId, leaderEpoch })
  }
  lead(0, 2, 5)
  lead(1, 3, 5)
  lead(7, 3, 5)
  t.strictSame(topic.partitions.map(({ leaderId }) => leaderId), [2, 3])
  t.strictSame(topic.available, [0, 1])
  t.strictSame(told, topic.partitions)
}) // prettier-ignore

t.test('a leader that comes by itself has its place among those that are there', async (t) => {
  const topic = topicOf([1, -1, 1, -1])
  const given = topic.available
  t.ok(Object.isFrozen(given))
  const lead = (partition: number, leaderId: number, leaderEpoch: number): void => {
    topic.updateLeader({ partition, leaderId, leaderEpoch })
  }
  lead(3, -1, 5)
  lead(1, 2, 5)
  t.strictSame(topic.available, [0, 1, 2])
  lead(3, 2, 6)
  lead(1, 3, 6)
  t.strictSame(topic.available, [0, 1, 2, 3])
  t.ok(Object.isFrozen(topic.available))
  t.strictSame(given, [0, 2], 'who has it, keeps it as it was')
}) // prettier-ignore

t.test('partitions that are gone keep their queue, without a leader', async (t) => {
  const topic = topicOf([1, 1, 1])
  topic.update(metadataOf('orders', [1], 2))
  t.equal(topic.partitionCount, 1)
  t.strictSame(topic.partitions.map(({ leaderId }) => leaderId), [1, -1, -1])
}) // prettier-ignore

t.test(
  'the longest queue is looked for among the busy ones, and idle ones are forgotten',
  async (t) => {
    const topic = topicOf([1, 1])
    const [first, second] = topic.partitions as [BatchQueue, BatchQueue]
    topic.busy.add(first).add(second)
    addClosed(first)
    first.begin(batchOf(first))
    t.equal(topic.longestQueue(), 2)
    t.strictSame([...topic.busy], [first])
  },
)
