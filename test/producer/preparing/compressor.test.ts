// The compressor with codecs that the test completes by hand: every order of completion, failure,
// expiry and bound can be had without a clock.
import t, { type Test } from 'tap'
import type { Codec } from '../../../src/compression/codec.js'
import { silentLogger } from '../../../src/logger.js'
import { Accumulator } from '../../../src/producer/batching/accumulator.js'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import { BufferPool } from '../../../src/producer/batching/buffer-pool.js'
import type { CodecChooser } from '../../../src/producer/preparing/codec-chooser.js'
import { Compressor } from '../../../src/producer/preparing/compressor.js'
import { MemoryBudget } from '../../../src/producer/batching/memory-budget.js'
import { NO_OBSERVER, type Observer } from '../../../src/producer/observer.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { decodeBatch, decodeRecords } from '../../../src/protocol/record-batch-reader.js'
import { place } from '../../../src/compression/room.js'
import { decompress } from '../../../src/producer/preparing/compression-policy.js'
import { portsOf, preparedRecord, topicOf } from '../support/pieces.js'

const BATCH_BYTES = 128 * 1024
const MEMORY_BYTES = 8 * 1024 * 1024

/** One call of `compress` that nobody has answered. */
interface Call {
  readonly input: Uint8Array
  resolve(output: Uint8Array): void
  reject(error: Error): void
}

interface ManualCodec extends Codec {
  readonly calls: Call[]
}

/** A codec whose asynchronous calls wait for the test; its synchronous ones give `output`. */
function manualCodec(more: Partial<Codec> & { output?: () => Uint8Array } = {}): ManualCodec {
  const calls: Call[] = []
  return {
    name: 'gzip',
    id: 1,
    level: undefined,
    compressSync: (_input, allocate) => place(more.output?.() ?? Buffer.from('less'), allocate),
    compress: (input, allocate) =>
      new Promise((resolve, reject) => {
        calls.push({ input, resolve: (output) => resolve(place(output, allocate)), reject })
      }),
    decompress: (input) => input,
    ...more,
    calls,
  }
}

interface Rig {
  readonly compressor: Compressor
  readonly accumulator: Accumulator
  readonly budget: MemoryBudget
  readonly counter: CompressionCounter
  readonly topic: ProducerTopic
  readonly ready: BatchQueue[]
  readonly errors: string[]
  readonly observed: number[]
  /** What waits for a later turn of the event loop. */
  readonly deferred: (() => void)[]
  /** A full, closed batch of this partition, as the accumulator would hand it over. */
  closedBatch(partition: number, valueBytes?: number): ProducerBatch
}

interface CompressionCounter extends Observer {
  plainBytes: number
  compressedBytes: number
}

function compressionCounter(): CompressionCounter {
  const counter = {
    ...NO_OBSERVER,
    plainBytes: 0,
    compressedBytes: 0,
    compressed(plainBytes: number, compressedBytes: number): void {
      counter.plainBytes += plainBytes
      counter.compressedBytes += compressedBytes
    },
  }
  return counter
}

function rig(codec: Codec | null, policy: Partial<CodecChooser> = {}): Rig {
  const ready: BatchQueue[] = []
  const consider = (queue: BatchQueue): void => void ready.push(queue)
  const scheduler = { consider, pause() {}, leaderChanged() {}, recovered() {} }
  const leaders = [1, 1, 1, 1, 1, 1, 1, 1]
  const ports = portsOf({ scheduler })
  const topic = topicOf(leaders, { batchSizeBytes: BATCH_BYTES, ports })
  const budget = new MemoryBudget(MEMORY_BYTES)
  const sizes = { batchSizeBytes: BATCH_BYTES, maxPlainBytes: BATCH_BYTES, maxFreeBytes: () => 1e6 }
  const listener = { onReady: () => {}, onLingering: () => {}, onFull: () => {} }
  const times = { lingerMs: 1000, deliveryTimeoutMs: 1000 }
  const accumulator = new Accumulator(times, budget, new BufferPool(sizes), listener)
  const counter = compressionCounter()
  const errors: string[] = []
  const observed: number[] = []
  const deferred: (() => void)[] = []
  const compressor = new Compressor({
    policy: {
      codecFor: () => codec,
      observed: (_topic, ratio) => void observed.push(ratio),
      ...policy,
    },
    accumulator,
    logger: { ...silentLogger, error: (_fields, message) => void errors.push(message) },
    observer: counter,
    onFreed: () => {},
    defer: (callback) => void deferred.push(callback),
  })
  const closedBatch = (partition: number, valueBytes = 100_000): ProducerBatch => {
    const queue = topic.partitions[partition] as BatchQueue
    accumulator.appendToNew(queue, preparedRecord(topic, { value: text(valueBytes) }), 0)
    const batch = queue.open as ProducerBatch // appended a line above
    queue.closeOpen()
    return batch
  }
  const logs = { ready, errors, observed, deferred }
  return { compressor, accumulator, budget, counter, topic, ...logs, closedBatch }
}

function text(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, 'compressible ')
}

/** Promise callbacks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/** The values that a reader of the batch's bytes finds. */
function valuesOf(batch: ProducerBatch): (string | undefined)[] {
  batch.seal()
  const { buffer, start, end } = batch.wire
  const records = decodeRecords(decodeBatch(buffer.subarray(start, end)), decompress)
  return records.map(({ value }) => value?.toString())
}

t.test('compresses a small batch at once, without the asynchronous call', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, ready, counter } = rig(codec)
  const batch = closedBatch(0, 1000)
  const plainBytes = batch.records.recordBytes.length
  t.equal(compressor.prepare(batch), true)
  t.equal(codec.calls.length, 0)
  t.strictSame(ready, [], 'the caller knows')
  t.equal(batch.codecId, 1)
  t.equal(batch.preparation, 'done')
  t.equal(counter.plainBytes, plainBytes)
  t.equal(counter.compressedBytes, 4)
})

t.test('compresses a large one beside the loop, and says when it is ready', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, ready, topic } = rig(codec)
  const batch = closedBatch(2)
  t.equal(compressor.prepare(batch), false)
  t.equal(compressor.prepare(batch), false, 'asked again while it is at work')
  t.equal(codec.calls.length, 1)
  t.equal(batch.codecId, 0)
  codec.calls[0]?.resolve(Buffer.from('less'))
  await settled()
  t.strictSame(ready, [topic.partitions[2]])
  t.equal(batch.codecId, 1)
  t.equal(compressor.prepare(batch), true)
  t.equal(codec.calls.length, 1)
})

t.test('a codec without an asynchronous call compresses one large batch a turn', async (t) => {
  const { compressor, closedBatch, deferred, ready } = rig(manualCodec({ compress: undefined }))
  t.equal(compressor.prepare(closedBatch(0, 1000)), true)
  const batches = [closedBatch(1), closedBatch(2), closedBatch(3)]
  for (const batch of batches) t.equal(compressor.prepare(batch), false)
  for (let turn = 1; turn <= batches.length; turn++) {
    t.equal(deferred.length, turn)
    deferred.at(-1)?.()
    await settled()
    t.strictSame(
      ready,
      batches.slice(0, turn).map(({ queue }) => queue),
    )
  }
  t.equal(deferred.length, batches.length, 'nothing is left')
})

t.test('one that fails before its turn is not compressed, and the next one is', async (t) => {
  let compressed = 0
  const output = (): Buffer => (compressed++, Buffer.from('less'))
  const it = rig(manualCodec({ compress: undefined, output }))
  const [failed, sound] = [it.closedBatch(0), it.closedBatch(1)]
  for (const batch of [failed, sound]) it.compressor.prepare(batch)
  fail(it, failed)
  it.deferred[0]?.()
  await settled()
  it.deferred[1]?.()
  await settled()
  t.strictSame(it.ready, [sound.queue])
  t.equal(compressed, 1)
})

t.test('what counts as small depends on the codec, and on the level of zstd', async (t) => {
  const table: readonly [Partial<Codec>, smallBytes: number][] = [
    [{ name: 'gzip', id: 1 }, 16_384],
    [{ name: 'snappy', id: 2 }, 65_536],
    [{ name: 'lz4', id: 3 }, 65_536],
    [{ name: 'zstd', id: 4, level: 3 }, 65_536],
    [{ name: 'zstd', id: 4, level: 10 }, 4096],
  ]
  for (const [which, smallBytes] of table) {
    const { compressor, closedBatch } = rig(manualCodec(which))
    const label = `${which.name ?? ''} ${which.level ?? ''}`
    t.equal(compressor.prepare(closedBatch(0, smallBytes - 100)), true, label)
    t.equal(compressor.prepare(closedBatch(1, smallBytes + 100)), false, label)
  }
})

t.test('never more than four at work, the others in the order they came', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, ready } = rig(codec)
  const batches = [0, 1, 2, 3, 4, 5, 6].map((partition) => closedBatch(partition))
  for (const batch of batches) compressor.prepare(batch)
  t.equal(codec.calls.length, 4)
  codec.calls[2]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(codec.calls.length, 5)
  t.strictSame(codec.calls[4]?.input, batches[4]?.records.recordBytes)
  for (const call of [0, 1, 3, 4]) codec.calls[call]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(codec.calls.length, 7)
  for (const call of [5, 6]) codec.calls[call]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(ready.length, 7)
  t.ok(batches.every((batch) => batch.preparation === 'done'))
})

t.test('a later batch that is done first waits for its elder', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, topic } = rig(codec)
  const [elder, younger] = [closedBatch(0), closedBatch(0)]
  const queue = topic.partitions[0] as BatchQueue
  compressor.prepare(elder)
  compressor.prepare(younger)
  codec.calls[1]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(queue.next(0), elder)
  t.equal(compressor.prepare(elder), false)
  codec.calls[0]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(compressor.prepare(elder), true)
})

t.test('what does not get smaller travels as it is', async (t) => {
  for (const valueBytes of [1000, 100_000]) {
    const same = Buffer.alloc(200_000)
    const codec = manualCodec({ output: () => same })
    const { compressor, closedBatch, budget } = rig(codec)
    const batch = closedBatch(0, valueBytes)
    const before = budget.usedBytes
    compressor.prepare(batch)
    codec.calls[0]?.resolve(same)
    await settled()
    t.equal(batch.preparation, 'done')
    t.equal(batch.codecId, 0)
    t.equal(budget.usedBytes, before)
    t.strictSame(valuesOf(batch), [text(valueBytes).toString()])
  }
})

t.test('a large batch teaches what to expect of the next', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, topic, observed } = rig(codec)
  topic.fill.reset(0.2)
  const batch = closedBatch(0)
  const plainBytes = batch.records.recordBytes.length
  compressor.prepare(batch)
  codec.calls[0]?.resolve(Buffer.alloc(plainBytes / 2))
  await settled()
  t.equal(topic.fill.ratio, Math.floor(plainBytes / 2) / plainBytes)
  t.strictSame(observed, [topic.fill.ratio])
  compressor.prepare(closedBatch(1))
  codec.calls[1]?.resolve(Buffer.alloc(200_000))
  await settled()
  t.equal(topic.fill.ratio, 1, 'no more than all')
})

t.test('a small one says nothing of how a full one comes out', async (t) => {
  const { compressor, closedBatch, topic } = rig(manualCodec())
  topic.fill.reset(0.2)
  compressor.prepare(closedBatch(0, 1000))
  t.equal(topic.fill.ratio, 0.2)
})

t.test('a codec that fails harms no record, and the log hears of it', async (t) => {
  const failing = async (t: Test, valueBytes: number): Promise<void> => {
    const codec = manualCodec({
      output: () => {
        throw new Error('the codec is broken')
      },
    })
    const { compressor, closedBatch, errors, ready, observed } = rig(codec)
    const batch = closedBatch(0, valueBytes)
    const isReady = compressor.prepare(batch)
    codec.calls[0]?.reject(new Error('the codec is broken'))
    await settled()
    t.ok(isReady || ready.length === 1)
    t.equal(batch.preparation, 'done')
    t.equal(batch.codecId, 0)
    t.strictSame(observed, [])
    t.strictSame(errors, ['a batch could not be compressed; such batches are sent as they are'])
    t.strictSame(valuesOf(batch), [text(valueBytes).toString()])
  }
  await t.test('beside the loop', (t) => failing(t, 100_000))
  await t.test('at once', (t) => failing(t, 1000))
})

t.test('a failure gives its place to the next', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch } = rig(codec)
  for (const partition of [0, 1, 2, 3, 4]) compressor.prepare(closedBatch(partition))
  codec.calls[0]?.reject(new Error('the codec is broken'))
  await settled()
  t.equal(codec.calls.length, 5)
})

/** As delivery does with a batch that runs out of time, or is given up. */
function fail({ accumulator }: Rig, batch: ProducerBatch): void {
  accumulator.settled(batch)
  batch.queue.failed(batch)
  batch.fail(
    () => new Error('too late'),
    () => {},
    () => {},
  )
  accumulator.free(batch, false)
}

t.test(
  'a batch that fails while it is compressed stays failed, its buffer untouched',
  async (t) => {
    const codec = manualCodec()
    const it = rig(codec)
    const batch = it.closedBatch(0)
    const before = Buffer.from(batch.records.recordBytes)
    it.compressor.prepare(batch)
    fail(it, batch)
    t.equal(it.budget.usedBytes, 0)
    // Records of others, in buffers of the same size: none may be the one that the codec reads.
    for (const partition of [1, 2, 3]) it.closedBatch(partition)
    t.ok(before.equals(codec.calls[0]?.input ?? Buffer.alloc(0)))
    const used = it.budget.usedBytes
    codec.calls[0]?.resolve(Buffer.from('less'))
    await settled()
    t.strictSame(it.ready, [])
    t.equal(it.budget.usedBytes, used, 'its memory is given back once')
    t.equal(it.counter.plainBytes, 0)
    t.strictSame(it.observed, [])
  },
)

t.test('a batch that fails before its turn is not compressed at all', async (t) => {
  const codec = manualCodec()
  const it = rig(codec)
  const batches = [0, 1, 2, 3, 4, 5].map((partition) => it.closedBatch(partition))
  for (const batch of batches) it.compressor.prepare(batch)
  fail(it, batches[4] as ProducerBatch)
  codec.calls[0]?.resolve(Buffer.from('less'))
  await settled()
  t.equal(codec.calls.length, 5)
  t.strictSame(codec.calls[4]?.input, batches[5]?.records.recordBytes)
})

t.test('the plain buffer is free once the codec is done, and not before', async (t) => {
  const codec = manualCodec()
  const { compressor, closedBatch, budget } = rig(codec)
  const batch = closedBatch(0)
  const { buffer } = batch.records
  compressor.prepare(batch)
  t.not(closedBatch(1).records.buffer, buffer)
  const before = budget.usedBytes
  const output = Buffer.alloc(5000)
  codec.calls[0]?.resolve(output)
  await settled()
  t.equal(before - budget.usedBytes, buffer.length - batch.wire.buffer.length)
  t.equal(batch.budgetBytes, batch.wire.buffer.length)
  t.not(batch.wire.buffer.buffer, output.buffer, 'the codec keeps what is its own')
})

t.test('memory comes back to zero whatever became of each batch', async (t) => {
  const codec = manualCodec()
  const it = rig(codec)
  const batches = [0, 1, 2, 3].map((partition) => it.closedBatch(partition))
  const [done, larger, broken, expired] = batches as [
    ProducerBatch,
    ProducerBatch,
    ProducerBatch,
    ProducerBatch,
  ]
  for (const batch of batches) it.compressor.prepare(batch)
  codec.calls[0]?.resolve(Buffer.from('less'))
  codec.calls[1]?.resolve(Buffer.alloc(300_000))
  codec.calls[2]?.reject(new Error('the codec is broken'))
  fail(it, expired)
  codec.calls[3]?.resolve(Buffer.from('less'))
  await settled()
  for (const batch of [done, larger, broken]) it.accumulator.free(batch, true)
  t.equal(it.budget.usedBytes, 0)
})

t.test('asks the policy once for each batch, and takes no for an answer', async (t) => {
  let asked = 0
  const policy = { codecFor: () => (asked++, null) }
  const { compressor, closedBatch, topic } = rig(null, policy)
  const batch = closedBatch(0)
  t.equal(compressor.prepare(batch), true)
  t.equal(compressor.prepare(batch), true)
  t.equal(asked, 1)
  t.equal(batch.codecId, 0)
  t.equal(topic.fill.ratio, 1)
})
