import t from 'tap'
import { Accumulator, Appended } from '../../../src/producer/batching/accumulator.js'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import { BufferPool } from '../../../src/producer/batching/buffer-pool.js'
import { MemoryBudget } from '../../../src/producer/batching/memory-budget.js'
import type { PreparedRecord } from '../../../src/producer/records/prepared-record.js'
import { PARKED_RECORD_BYTES } from '../../../src/producer/waiting/parking-lot.js'
import { bufferSizeFor, recordSizeUpperBound } from '../../../src/protocol/record-batch.js'
import { preparedRecord, topicOf } from '../support/pieces.js'
import { wrapCompressed } from '../../protocol/support/wrap-compressed.js'

const BATCH = 4096

interface Rig {
  readonly accumulator: Accumulator
  readonly budget: MemoryBudget
  readonly ready: BatchQueue[]
  readonly full: ProducerBatch[]
  readonly queues: BatchQueue[]
  /** Appends to the open batch of a partition, or to a new one. */
  append(partition: number, valueBytes: number, nowMs?: number, isTaken?: boolean): Appended
}

function rig({
  lingerMs = 0,
  deliveryTimeoutMs = 1000,
  memoryBytes = 100_000,
  topicCount = (): number => 1,
} = {}): Rig {
  const topic = topicOf([1, 1, 1], { batchSizeBytes: BATCH })
  const budget = new MemoryBudget(memoryBytes, topicCount)
  const pool = new BufferPool({
    batchSizeBytes: BATCH,
    maxPlainBytes: BATCH,
    maxFreeBytes: () => 50_000,
  })
  const ready: BatchQueue[] = []
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
    append(partition, valueBytes, nowMs = 0, isTaken = false) {
      const queue = topic.partitions[partition] as BatchQueue
      const it = record(valueBytes)
      if (isTaken) {
        it.reservedBytes = recordSizeUpperBound(it) + PARKED_RECORD_BYTES
        if (!budget.tryTake(it.reservedBytes, queue.share)) return Appended.noMemory
      }
      let appended = accumulator.appendToOpen(queue, it)
      if (appended === Appended.batchFull) appended = accumulator.appendToNew(queue, it, nowMs)
      budget.give(it.reservedBytes, queue.share)
      return appended
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
  t.equal(queues[0]?.unsentCount, 2)
  t.equal(queues[0]?.open?.recordCount, 1, 'the record that did not fit begins the next')
  queues[0]?.closeOpen()
  t.equal(accumulator.nextLingerMs(), Infinity)
})

for (const [fate, end] of [
  ['full', () => {}],
  ['due', ({ accumulator }: Rig) => accumulator.releaseLingeringFor(1)],
  ['settled', ({ accumulator, queues }: Rig) => accumulator.settled(queues[0]?.open as never)],
] as const) {
  t.test(`one that waits long does not keep those behind it that are ${fate}`, async (t) => {
    const it = rig({ lingerMs: 50, memoryBytes: 1_000_000 })
    const { accumulator, append, queues, full } = it
    queues[1]?.setLeader(2, 2)
    append(1, 10, 100) // waits first in the line
    while (full.length < 20) append(0, 2000, 100)
    const last = queues[0]?.open as ProducerBatch
    end(it)
    let looks = 0
    for (const batch of fate === 'full' ? full : [last]) {
      const { queue } = batch
      Object.defineProperty(batch, 'queue', { get: () => (looks++, queue) })
    }
    accumulator.releaseLingeringFor(1)
    t.equal(looks, 0)
    t.equal(accumulator.nextLingerMs(), 150, 'and waits on')
  })
}

t.test('a batch that somebody else made due is passed over', async (t) => {
  const { accumulator, append, ready, queues } = rig({ lingerMs: 50 })
  append(1, 10, 100)
  append(0, 10, 120)
  queues[1]?.open?.makeDue()
  t.equal(accumulator.nextLingerMs(), 170)
  accumulator.releaseLingering(Infinity)
  t.strictSame(ready, [queues[0]])
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
  t.equal(queues[0]?.unsentCount, 2)
  t.equal(queues[0]?.open?.recordCount, 1)
  t.equal(append(0, 10), Appended.yes)
  t.equal(queues[0]?.unsentCount, 3)
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

t.test('what a taken record holds pays for its place, however little else there is', async (t) => {
  for (const valueBytes of [0, 1, 50, 300, 1000, 3000, 20_000]) {
    const sizeBytes = valueBytes + 400
    for (let memoryBytes = sizeBytes; memoryBytes < 6 * sizeBytes; memoryBytes += 37) {
      const { append, budget, queues } = rig({ memoryBytes })
      let taken = 0
      for (let i = 0; i < 12; i++) {
        if (append(i % 3, valueBytes, 0, true) === Appended.yes) taken++
        if (budget.availableBytes < 0) t.fail(`${memoryBytes} bytes: ${budget.availableBytes} left`)
      }
      if (taken === 0) t.fail(`nothing is taken of ${valueBytes} bytes where ${memoryBytes} are`)
      const held = queues.flatMap((queue) => queue.unsentBatches())
      const count = held.reduce((sum, { recordCount }) => sum + recordCount, 0)
      if (count !== taken) t.fail(`${count} of ${taken} records are in batches`)
    }
  }
  t.pass()
})

t.test('while memory is short a batch grows by a record at a time, and not for long', async (t) => {
  const memoryBytes = 500_000
  const topic = topicOf([1], { batchSizeBytes: 524_288 })
  const budget = new MemoryBudget(memoryBytes)
  const pool = new BufferPool({
    batchSizeBytes: 524_288,
    maxPlainBytes: 524_288,
    maxFreeBytes: () => 0,
  })
  const listener = { onReady: () => {}, onLingering: () => {}, onFull: () => {} }
  const options = { lingerMs: 0, deliveryTimeoutMs: 1000 }
  const accumulator = new Accumulator(options, budget, pool, listener)
  const [queue] = topic.partitions as [BatchQueue]
  const records: PreparedRecord[] = []
  for (;;) {
    const it = preparedRecord(topic, { value: Buffer.alloc(1000) })
    const sizeBytes = recordSizeUpperBound(it) + PARKED_RECORD_BYTES
    if (!budget.tryTake(sizeBytes, topic.share)) break
    it.reservedBytes = sizeBytes
    records.push(it)
  }
  let copiedBytes = 0
  const take = pool.take.bind(pool)
  pool.take = (sizeBytes) => {
    copiedBytes += queue.open?.sizeBytes ?? 0
    return take(sizeBytes)
  }
  for (const it of records) {
    if (accumulator.appendToOpen(queue, it) === Appended.batchFull) {
      t.equal(accumulator.appendToNew(queue, it, 0), Appended.yes)
    }
    budget.give(it.reservedBytes, topic.share)
    it.reservedBytes = 0
    if (budget.availableBytes < 0) t.fail('overdrawn')
  }
  t.ok(copiedBytes < 16 * memoryBytes, `${copiedBytes} bytes are copied`)
})

t.test('a topic whose leader is away may not fill all of the memory beside others', async (t) => {
  let topicCount = 2
  const { append, queues, accumulator, budget } = rig({
    memoryBytes: 8000,
    topicCount: () => topicCount,
  })
  for (const queue of queues) queue.setLeader(-1, 2)
  while (append(0, 500) === Appended.yes);
  t.equal(accumulator.isHeldBack, true)
  t.ok(budget.usedBytes <= 4000, `${budget.usedBytes}`)
  topicCount = 1
  t.equal(append(0, 500), Appended.yes, 'by itself it may')
  while (append(0, 500) === Appended.yes);
  t.equal(accumulator.isHeldBack, false)
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
  t.equal(budget.usedBytes, usedBytes + 3 * 500)
  t.equal(accumulator.nextExpiryMs(), 1100)
  t.strictSame(accumulator.expired(1100), children)
  for (const child of children) accumulator.settled(child)
  t.equal(accumulator.nextExpiryMs(), 1500)
}) // prettier-ignore

t.test('children hold no more memory than there is', async (t) => {
  const { accumulator, append, queues, budget } = rig({ memoryBytes: 2000 })
  append(0, 10)
  const parent = queues[0]?.open as ProducerBatch
  const children = rig().queues.map((queue) => childOf(queue, parent))
  accumulator.adopt(children)
  t.equal(budget.availableBytes, 0)
  t.strictSame(children.map(({ budgetBytes }) => budgetBytes), [500, 344, 0])
  for (const child of children) accumulator.free(child, false)
  accumulator.free(parent, false)
  t.equal(budget.usedBytes, 0)
}) // prettier-ignore

t.test('what a split costs ends with its children, however many batches there are', async (t) => {
  const { accumulator, append, queues } = rig({ memoryBytes: 1_000_000 })
  append(0, 10)
  const child = childOf(queues[0] as BatchQueue, queues[0]?.open as ProducerBatch)
  accumulator.adopt([child])
  accumulator.settled(child)
  for (let i = 0; i < 100; i++) append(1, 4000)
  let looks = 0
  for (const batch of accumulator.incomplete) {
    const { createdMs } = batch
    Object.defineProperty(batch, 'createdMs', { get: () => (looks++, createdMs) })
  }
  accumulator.nextExpiryMs()
  accumulator.expired(-1)
  accumulator.expired(-1001)
  t.ok(looks <= 3, `${looks} batches were looked at`)
})

function childOf(queue: BatchQueue, parent: ProducerBatch): ProducerBatch {
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
    recordSizeUpperBound(preparedRecord(topic, { value })),
  )
  t.equal(sizes[0], sizes[1])
  t.equal(sizes[2], (sizes[0] as number) - 6)
})
