import t from 'tap'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { addClosed, batchOf, metadataOf, seededRandom, topicOf } from '../support/pieces.js'

const SIZE = 1000

/** A topic whose sticky partitioner draws these numbers, one after another and around. */
function drawing(leaders: readonly number[], draws: readonly number[]): ProducerTopic {
  let next = 0
  const random = (): number => draws[next++ % draws.length] as number
  return topicOf(leaders, { random, batchSizeBytes: SIZE, isAdaptive: false })
}

/** An open batch that is full at `limitBytes`, as the accumulator makes it. */
function openBatch(queue: BatchQueue, limitBytes: number): ProducerBatch {
  const batch = batchOf(queue)
  batch.records.limitBytes = limitBytes
  return batch
}

t.test('it stays with one partition until a batch’s worth of bytes has gone there', async (t) => {
  const { sticky } = drawing([1, 1, 1, 1], [0.3, 0.6])
  t.equal(sticky.current().partition, 1)
  sticky.appended(SIZE - 1)
  t.equal(sticky.current().partition, 1)
  sticky.appended(1)
  t.equal(sticky.current().partition, 2)
  t.equal(sticky.current().partition, 2, 'and counts anew')
})

t.test('a trickle, whose batches leave as they come, moves on after 16 KiB', async (t) => {
  const random = (): number => draws.shift() ?? 0
  const draws = [0.3, 0.6]
  const batchSizeBytes = 524_288
  const { sticky } = topicOf([1, 1, 1, 1], { random, batchSizeBytes, isAdaptive: false })
  const queue = sticky.current()
  sticky.appended(16_383)
  t.equal(sticky.current(), queue)
  const batch = batchOf(queue)
  queue.begin(batch)
  sticky.appended(1)
  t.equal(sticky.current(), queue, 'not while a batch of it gathers')
  queue.failed(batch)
  t.equal(sticky.current().partition, 2)
})

t.test('it does not leave an open batch behind before twice that', async (t) => {
  const { sticky } = drawing([1, 1, 1, 1], [0.3, 0.6])
  const queue = sticky.current()
  queue.begin(openBatch(queue, SIZE))
  sticky.appended(2 * SIZE - 1)
  t.equal(sticky.current(), queue)
  sticky.appended(1)
  t.not(sticky.current(), queue)
})

t.test('nor before twice what that batch is to hold', async (t) => {
  const { sticky } = drawing([1, 1, 1, 1], [0.3, 0.6])
  const queue = sticky.current()
  queue.begin(openBatch(queue, 5 * SIZE))
  sticky.appended(10 * SIZE - 1)
  t.equal(sticky.current(), queue)
  sticky.appended(1)
  t.not(sticky.current(), queue)
})

t.test('it moves on when told to', async (t) => {
  const { sticky } = drawing([1, 1, 1, 1], [0, 0.9, 0.3])
  t.equal(sticky.current().partition, 0)
  t.equal(sticky.advance().partition, 3)
  t.equal(sticky.current().partition, 3)
})

t.test('it draws only partitions that have a leader', async (t) => {
  const topic = topicOf([-1, 1, -1, 1, -1], { random: seededRandom(1), batchSizeBytes: SIZE })
  const drawn = new Set(Array.from({ length: 200 }, () => topic.sticky.advance().partition))
  t.strictSame([...drawn].toSorted(), [1, 3])
})

t.test('where none has a leader all are drawn: the records wait for one', async (t) => {
  const topic = topicOf([-1, -1, -1], { random: seededRandom(2), batchSizeBytes: SIZE })
  const drawn = new Set(Array.from({ length: 200 }, () => topic.sticky.advance().partition))
  t.strictSame([...drawn].toSorted(), [0, 1, 2])
})

t.test('a partition that is gone is left', async (t) => {
  const topic = drawing([1, 1, 1, 1], [0.9, 0.9])
  t.equal(topic.sticky.current().partition, 3)
  topic.update(metadataOf('orders', [1, 1], 2))
  t.equal(topic.sticky.current().partition, 1)
})

/** Share of 40,000 draws that each partition gets while its queue has so many batches waiting. */
function shares(lengths: readonly number[], isAdaptive: boolean): number[] {
  const random = seededRandom(20_260_101)
  const topic = topicOf(lengths.map(() => 1), { random, batchSizeBytes: SIZE, isAdaptive })
  lengths.forEach((length, partition) => {
    const queue = topic.partitions[partition]
    if (queue === undefined || length === 0) return
    topic.busy.add(queue)
    for (let i = 0; i < length; i++) addClosed(queue, [])
  })
  const counts = lengths.map(() => 0)
  for (let i = 0; i < 40_000; i++) (counts[topic.sticky.advance().partition] as number)++
  return counts.map((count) => count / 40_000)
} // prettier-ignore

function isNear(found: readonly number[], expected: readonly number[]): boolean {
  return found.every((share, i) => Math.abs(share - (expected[i] as number)) < 0.01)
}

t.test('partitions are drawn by weight: longest queue + 1 - their own', async (t) => {
  const found = shares([0, 1, 3, 0], true) // weights 4, 3, 1, 4
  t.ok(isNear(found, [4 / 12, 3 / 12, 1 / 12, 4 / 12]), String(found))
})

t.test('without adaptive partitioning all are drawn evenly', async (t) => {
  const found = shares([0, 1, 9, 0], false)
  t.ok(isNear(found, [0.25, 0.25, 0.25, 0.25]), String(found))
})

t.test('the open batch counts as waiting', async (t) => {
  const topic = topicOf([1, 1], { random: seededRandom(5), batchSizeBytes: SIZE })
  const [slow] = topic.partitions as [BatchQueue]
  slow.begin(batchOf(slow))
  topic.busy.add(slow)
  const draws = Array.from({ length: 3000 }, () => topic.sticky.advance().partition)
  const share = draws.filter((partition) => partition === 0).length / 3000
  t.ok(Math.abs(share - 1 / 3) < 0.04, `weights 1 and 2: ${share}`)
})

t.test('where chance is unkind it takes what it has rather than draw for ever', async (t) => {
  const topic = topicOf([1, 1], { random: () => 0.99, batchSizeBytes: SIZE })
  for (const queue of topic.partitions) {
    for (let i = 0; i < 50; i++) addClosed(queue, [])
    topic.busy.add(queue)
  }
  t.equal(topic.sticky.advance().partition, 1)
})
