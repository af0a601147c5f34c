import t from 'tap'
import { Accumulator, Appended, exactSizeBytes } from '../../src/producer/accumulator.js'
import type { ProducerBatch } from '../../src/producer/batch.js'
import { BufferPool } from '../../src/producer/buffer-pool.js'
import { MemoryBudget } from '../../src/producer/memory-budget.js'
import type { PreparedRecord } from '../../src/producer/parked-record.js'
import type { PartitionQueue } from '../../src/producer/partition-queue.js'
import { bufferSizeFor } from '../../src/protocol/record-batch.js'
import { preparedRecord, topicOf } from './support/pieces.js'
import { wrapCompressed } from '../protocol/support/wrap-compressed.js'

const BATCH = 4096

interface Rig {
  readonly accumulator: Accumulator
  readonly budget: MemoryBudget
  readonly ready: PartitionQueue[]
  readonly full: ProducerBatch[]
  readonly queues: PartitionQueue[]
  /** Appends to the open batch of a partition, or to a new one. */
  append(partition: number, valueBytes: number, nowMs?: number, force?: boolean): Appended
}

function rig({ lingerMs = 0, deliveryTimeoutMs = 1000, memoryBytes = 100_000 } = {}): Rig {
  const topic = topicOf([1, 1, 1], { batchSizeBytes: BATCH })
  const budget = new MemoryBudget(memoryBytes)
  const pool = new BufferPool({
    batchSizeBytes: BATCH,
    maxPlainBytes: BATCH,
    maxFreeBytes: () => 50_000,
  })
  const ready: PartitionQueue[] = []
  const full: ProducerBatch[] = []
  const accumulator = new Accumulator({ lingerMs, deliveryTimeoutMs }, budget, pool, {
    onReady: (queue) => ready.push(queue),
    onLingering: () => {},
    onFull: (batch) => full.push(batch),
  })
  const record = (valueBytes: number): PreparedRecord =>
    preparedRecord(topic, { value: Buffer.alloc(valueBytes) })
  return {
    accumulator,
    budget,
    ready,
    full,
    queues: topic.partitions,
    append(partition, valueBytes, nowMs = 0, force = false) {
      const queue = topic.partitions[partition] as PartitionQueue
      const appended = accumulator.appendToOpen(queue, record(valueBytes), force)
      if (appended !== Appended.batchFull) return appended
      return accumulator.appendToNew(queue, record(valueBytes), nowMs, force)
    },
  }
}

t.test('without linger a new batch may leave at once, and takes more until it does', async (t) => {
  const { append, ready, queues } = rig()
  append(0, 10)
  append(0, 10)
  t.strictSame(ready, [queues[0]])
  t.equal(queues[0]?.open?.isDue, true)
  t.equal(queues[0]?.open?.recordCount, 2)
})

t.test('with linger it may leave when its time is over, oldest first', async (t) => {
  const { accumulator, append, ready, queues } = rig({ lingerMs: 50 })
  append(1, 10, 100)
  append(0, 10, 120)
  t.equal(accumulator.nextLingerMs(), 150)
  accumulator.releaseLingering(149.9)
  t.strictSame(ready, [])
  accumulator.releaseLingering(150)
  t.strictSame(ready, [queues[1]])
  t.equal(accumulator.nextLingerMs(), 170)
  accumulator.releaseLingering(Infinity)
  t.strictSame(ready, [queues[1], queues[0]])
  t.equal(accumulator.nextLingerMs(), Infinity)
})

t.test('linger counts from the first record, not the last', async (t) => {
  const { accumulator, append } = rig({ lingerMs: 50 })
  append(0, 10, 100)
  append(0, 10, 140)
  t.equal(accumulator.nextLingerMs(), 150)
})

t.test('a full batch may leave before its time, and no timer waits for it', async (t) => {
  const { accumulator, append, ready, full, queues } = rig({ lingerMs: 50 })
  while (full.length === 0) append(0, 500, 100)
  t.strictSame(ready, [queues[0]])
  t.equal(queues[0]?.closed.length, 1)
  t.equal(queues[0]?.open?.recordCount, 1, 'the record that did not fit begins the next')
  queues[0]?.take(queues[0].open as ProducerBatch)
  t.equal(accumulator.nextLingerMs(), Infinity)
})

t.test('a batch is never larger than its size, nor leaves half empty', async (t) => {
  const { append, full } = rig()
  while (full.length < 3) append(0, 300)
  for (const { sizeBytes } of full) {
    t.ok(sizeBytes <= BATCH)
    t.ok(sizeBytes > BATCH - 330)
  }
})

t.test('a record larger than a batch gets one of its own', async (t) => {
  const { append, queues } = rig()
  append(0, 10)
  t.equal(append(0, 20_000), Appended.yes)
  t.equal(queues[0]?.closed.length, 1)
  t.equal(queues[0]?.open?.recordCount, 1)
  t.equal(append(0, 10), Appended.yes)
  t.equal(queues[0]?.closed.length, 2)
})

t.test('buffers start small and grow; the budget counts what they are', async (t) => {
  const { append, budget, queues } = rig()
  append(0, 10)
  t.equal(budget.usedBytes, bufferSizeFor(1024))
  append(0, 2000)
  t.equal(budget.usedBytes, bufferSizeFor(4096))
  t.equal(queues[0]?.open?.recordCount, 2)
  t.equal(queues[0]?.open?.records.buffer.length, bufferSizeFor(4096))
  t.equal(queues[0]?.open?.budgetBytes, budget.usedBytes)
})

t.test('a busy partition’s next batch starts as large as its last', async (t) => {
  const { append, full, queues } = rig()
  while (full.length === 0) append(0, 500)
  t.equal(queues[0]?.open?.records.buffer.length, bufferSizeFor(4096))
})

t.test('no memory for a new batch is told, with what it would have needed', async (t) => {
  const { accumulator, append, budget } = rig({ memoryBytes: 3000 })
  t.equal(append(0, 10), Appended.yes)
  t.equal(append(1, 10), Appended.yes)
  t.equal(append(2, 10), Appended.noMemory)
  t.equal(accumulator.refusedBytes, bufferSizeFor(1024))
  t.equal(budget.usedBytes, 2 * bufferSizeFor(1024), 'a refusal takes nothing')
  t.equal(accumulator.incomplete.size, 2)
})

t.test('no memory to grow leaves the open batch as it was', async (t) => {
  const { append, queues } = rig({ memoryBytes: 3000 })
  append(0, 10)
  t.equal(append(0, 2000), Appended.noMemory)
  t.equal(queues[0]?.open?.recordCount, 1)
  t.equal(append(0, 10), Appended.yes)
})

t.test('force takes memory that is not there, for a new batch and to grow', async (t) => {
  const { append, budget } = rig({ memoryBytes: 1300 })
  append(0, 10)
  t.equal(append(1, 10, 0, true), Appended.yes)
  t.equal(append(0, 2000, 0, true), Appended.yes)
  t.ok(budget.availableBytes < 0)
})

t.test('memory that is smaller than the usual buffer still takes a record', async (t) => {
  const { append, queues } = rig({ memoryBytes: 2000 })
  for (const queue of queues) queue.usualBufferBytes = bufferSizeFor(4096)
  t.equal(append(0, 10), Appended.yes)
})

t.test('memory between two buffer sizes takes a record of that size', async (t) => {
  const { append } = rig({ memoryBytes: 3000 })
  t.equal(append(0, 2000), Appended.yes)
})

t.test('batches expire in the order they were opened, counted from their opening', async (t) => {
  const { accumulator, append, queues } = rig({ deliveryTimeoutMs: 1000 })
  t.equal(accumulator.nextExpiryMs(), Infinity)
  append(1, 10, 100)
  append(0, 10, 200)
  t.equal(accumulator.nextExpiryMs(), 1100)
  t.strictSame(accumulator.expired(1099), [])
  t.strictSame(accumulator.expired(1100), [queues[1]?.open])
  t.strictSame(accumulator.expired(5000), [queues[1]?.open, queues[0]?.open])
  accumulator.settled(queues[1]?.open as ProducerBatch)
  t.equal(accumulator.nextExpiryMs(), 1200)
})

t.test('children keep their parent’s age, though they came last', async (t) => {
  const { accumulator, append, queues, budget } = rig({ deliveryTimeoutMs: 1000 })
  append(0, 10, 100)
  append(1, 10, 500)
  const parent = queues[0]?.open as ProducerBatch
  const children = rig().queues.map((queue) => childOf(queue, parent))
  const usedBytes = budget.usedBytes
  accumulator.adopt(children)
  accumulator.settled(parent)
  t.equal(budget.usedBytes, usedBytes + children.reduce((sum, { budgetBytes }) => sum + budgetBytes, 0))
  t.equal(accumulator.nextExpiryMs(), 1100)
  t.strictSame(accumulator.expired(1100), children)
  for (const child of children) accumulator.settled(child)
  t.equal(accumulator.nextExpiryMs(), 1500)
}) // prettier-ignore

function childOf(queue: PartitionQueue, parent: ProducerBatch): ProducerBatch {
  const Batch = parent.constructor as typeof ProducerBatch
  return new Batch(queue, parent.createdMs, Buffer.alloc(500))
}

t.test('what is freed can be taken again, and a batch gives its memory back once', async (t) => {
  const { accumulator, append, budget, queues } = rig()
  append(0, 2000)
  const batch = queues[0]?.open as ProducerBatch
  accumulator.free(batch, true)
  t.equal(budget.usedBytes, 0)
  accumulator.free(batch, false)
  t.equal(budget.usedBytes, 0)
})

t.test('a buffer that a socket may hold is never filled again (KAFKA-19012)', async (t) => {
  for (const mayReuse of [true, false]) {
    const { accumulator, append, queues } = rig()
    append(0, 2000)
    const batch = queues[0]?.open as ProducerBatch
    const { buffer } = batch.records
    accumulator.settled(batch)
    accumulator.free(batch, mayReuse)
    append(1, 2000)
    t.equal(queues[1]?.open?.records.buffer === buffer, mayReuse)
  }
})

t.test('a compressed batch holds only what travels', async (t) => {
  const { accumulator, append, budget, queues } = rig()
  append(0, 2000)
  const batch = queues[0]?.open as ProducerBatch
  accumulator.compressed(batch, wrapCompressed(Buffer.alloc(100)), 1)
  t.equal(batch.budgetBytes, batch.wire.buffer.length)
  t.equal(budget.usedBytes, batch.budgetBytes)
  accumulator.free(batch, true)
  t.equal(budget.usedBytes, 0)
})

t.test('a record’s size counts text in bytes', async (t) => {
  const topic = topicOf([1])
  const sizes = ['€€', Buffer.alloc(6), null].map((value) =>
    exactSizeBytes(preparedRecord(topic, { value })),
  )
  t.equal(sizes[0], sizes[1])
  t.equal(sizes[2], (sizes[0] as number) - 6)
})
