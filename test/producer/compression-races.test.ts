/**
 * What may happen to a batch while a codec still works at it beside the event loop: it runs out of
 * time, the producer closes, the line is cut, somebody flushes. Time is virtual and stands still
 * until a test moves it; the codecs and their threads are real, so that each test first does its
 * worst and then lets them finish.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ProducerOptions } from '../../src/index.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'
import { seededRandom } from './support/pieces.js'

const MEMORY_BYTES = 33_554_432
const THREADS = 4

interface Told {
  readonly errors: (Error | null)[]
  callback(error: Error | null): void
}

interface Race extends Simulation {
  readonly lines: string[]
  /** Enqueues every line; `told` hears of each. */
  enqueueLines(topic?: string): Told
  /** Lets codecs and network go on, at the present time, until the promise is settled. */
  settled<T>(promise: Promise<T>): Promise<T>
  /** Every codec that was at work when this was called is done. */
  codecsDone(): Promise<void>
}

/** 8,000 lines of some 100 bytes: six batches that gzip compresses on its threads. */
function makeLines(count = 8000): string[] {
  const random = seededRandom(11)
  return Array.from({ length: count }, (_, number) =>
    JSON.stringify({ number, event: 'order placed', id: random(), country: 'CZ', more: random() }),
  )
}

async function race(t: Test, options: Partial<ProducerOptions> = {}): Promise<Race> {
  const simulation = await simulate(
    { brokers: 2, topics: { orders: { partitions: 1 }, b: {}, c: {} } },
    { compression: { codec: 'gzip', level: 9 }, ...options },
  )
  const { clock, producer, run, cluster } = simulation
  t.teardown(() => cluster.close())
  await run(producer.send({ topic: 'orders', value: 'first' })) // the leader is known, and proven
  const lines = makeLines()
  const codecsDone = async (): Promise<void> => {
    // The thread pool takes its work in order: what is given to it now is done last.
    const bytes = Buffer.from(lines.join()).subarray(0, 300_000)
    await Promise.all(Array.from({ length: 3 * THREADS }, () => promisify(gzip)(bytes)))
    await clock.settle()
  }
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    const isPending = (): boolean => !isSettled
    promise.then(settle, settle)
    while (isPending()) await clock.advanceSettled(0)
    return promise
  }
  const enqueueLines = (topic = 'orders'): Told => {
    const errors: (Error | null)[] = []
    const callback = (error: Error | null): void => void errors.push(error)
    for (const value of lines) {
      if (!producer.enqueue({ topic, value }, callback)) throw new Error('there is room for all')
    }
    return { errors, callback }
  }
  return { ...simulation, lines, enqueueLines, settled, codecsDone }
}

function producesSeen({ cluster }: Simulation): number {
  return cluster.requests.filter(({ api }) => api === 'Produce').length
}

function checkEmpty(t: Test, { producer }: Simulation): void {
  const { bufferAvailableBytes, batchesIncomplete, waitingSends } = producer.metrics()
  t.strictSame({ bufferAvailableBytes, batchesIncomplete, waitingSends }, {
    bufferAvailableBytes: MEMORY_BYTES,
    batchesIncomplete: 0,
    waitingSends: 0,
  }) // prettier-ignore
}

t.test('batches that run out of time under the codec fail once, and are never sent', async (t) => {
  const it = await race(t)
  const before = producesSeen(it)
  const { errors } = it.enqueueLines()
  it.clock.advance(120_001)
  t.equal(errors.length, it.lines.length)
  t.match(errors[0], { code: 'ERR_OTTLA_DELIVERY_TIMEOUT', outcome: 'not-written' })
  checkEmpty(t, it)
  await it.codecsDone()
  t.equal(errors.length, it.lines.length, 'nobody is told twice')
  t.equal(producesSeen(it), before)
  checkEmpty(t, it)

  const { offset } = await it.settled(it.producer.send({ topic: 'orders', value: 'last' }))
  t.equal(offset, 1n, 'and the partition goes on')
  checkEmpty(t, it)
  await it.run(it.producer.close())
})

t.test('a close that gives up does not wait for the codec', async (t) => {
  const it = await race(t)
  const before = producesSeen(it)
  const { errors } = it.enqueueLines()
  const closed = it.producer.close({ timeoutMs: 0 })
  it.clock.advance(1)
  await it.clock.settle()
  t.equal(errors.length, it.lines.length)
  t.match(errors.at(-1), { code: 'ERR_OTTLA_CLOSED', outcome: 'not-written' })
  await it.settled(closed)
  await it.codecsDone()
  t.equal(errors.length, it.lines.length)
  t.equal(producesSeen(it), before)
  t.equal(it.clock.timerCount, 0)
  checkEmpty(t, it)
})

t.test('an orderly close delivers what is still under the codec', async (t) => {
  const it = await race(t)
  const { errors } = it.enqueueLines()
  await it.settled(it.producer.close())
  t.strictSame(errors.filter((error) => error !== null), []) // prettier-ignore
  t.strictSame(values(it.cluster, 'orders'), ['first', ...it.lines])
})

t.test('a flush covers batches under the codec, and ends after their callbacks', async (t) => {
  const it = await race(t)
  const { errors } = it.enqueueLines()
  await it.settled(it.producer.flush())
  t.equal(errors.length, it.lines.length)
  t.ok(errors.every((error) => error === null))
  t.strictSame(values(it.cluster, 'orders'), ['first', ...it.lines])
  checkEmpty(t, it)
  await it.run(it.producer.close())
})

t.test('an abort under the codec is unknown to its caller, and the record goes', async (t) => {
  const it = await race(t)
  const abort = new AbortController()
  const value = it.lines.join().slice(0, 100_000)
  const sent = it.producer.send({ topic: 'orders', value }, { signal: abort.signal })
  it.clock.runDeferred() // the sender hands the batch to the codec
  abort.abort()
  await t.rejects(sent, { code: 'ERR_OTTLA_ABORTED', outcome: 'unknown' })
  await it.settled(it.producer.flush())
  t.strictSame(values(it.cluster, 'orders'), ['first', value])
  checkEmpty(t, it)
  await it.run(it.producer.close())
})

t.test('a line that is cut under the codec loses, doubles and reorders nothing', async (t) => {
  const it = await race(t)
  const { errors } = it.enqueueLines()
  it.clock.runDeferred()
  it.network.cut()
  await it.codecsDone()
  await it.clock.advanceSettled(5000)
  await it.settled(it.producer.flush())
  t.ok(errors.every((error) => error === null))
  t.strictSame(values(it.cluster, 'orders'), ['first', ...it.lines])
  checkEmpty(t, it)
  await it.run(it.producer.close())
})

t.test('the codec reads its own batch while buffers go round', async (t) => {
  // Topics take turns, so that buffers come free while other batches are still read.
  const it = await race(t, { batchSizeBytes: 32_768 })
  for (let round = 0; round < 3; round++) {
    const told = ['orders', 'b', 'c'].map((topic) => it.enqueueLines(topic))
    await it.settled(it.producer.flush())
    t.ok(told.every(({ errors }) => errors.every((error) => error === null)))
  }
  const expected = [...it.lines, ...it.lines, ...it.lines]
  t.strictSame(values(it.cluster, 'orders').slice(1), expected)
  t.strictSame(values(it.cluster, 'b'), expected)
  t.strictSame(values(it.cluster, 'c'), expected)
  checkEmpty(t, it)
  await it.run(it.producer.close())
})

t.test('sends that wait for room are served in order while codecs give it back', async (t) => {
  const bufferMemoryBytes = 300_000
  const it = await race(t, { bufferMemoryBytes, batchSizeBytes: 65_536 })
  const offsets: number[] = []
  const sent = it.lines.map(async (value) => {
    offsets.push(Number((await it.producer.send({ topic: 'orders', value })).offset))
  })
  t.ok(it.producer.metrics().waitingSends > 0)
  await it.settled(Promise.all(sent))
  t.strictSame(offsets, it.lines.map((_, index) => index + 1)) // prettier-ignore
  t.equal(it.producer.metrics().bufferAvailableBytes, bufferMemoryBytes)
  await it.run(it.producer.close())
})

t.test("'auto' goes its own way in each topic, and keeps the order in all", async (t) => {
  const it = await race(t, { compression: 'auto', batchSizeBytes: 16_384 })
  const random = seededRandom(12)
  const noise = it.lines.map(() => {
    return Buffer.from(Array.from({ length: 60 }, () => Math.floor(random() * 256)))
  })
  for (const [index, value] of it.lines.entries()) {
    it.producer.enqueue({ topic: 'b', value })
    it.producer.enqueue({ topic: 'c', value: noise[index] ?? null })
    if (index % 1000 === 999) await it.settled(it.producer.flush())
  }
  await it.settled(it.producer.flush())
  t.strictSame(values(it.cluster, 'b'), it.lines)
  const hex = it.cluster.records('c').map(({ value }) => value?.toString('hex'))
  t.strictSame(hex, noise.map((bytes) => bytes.toString('hex'))) // prettier-ignore
  const choices = it.producer.metrics().compressionChoices
  t.ok((choices['b']?.ratio ?? 1) < 0.5)
  t.ok((choices['c']?.ratio ?? 0) > 0.8, 'only the framing of the records gets smaller')
  checkEmpty(t, it)
  await it.run(it.producer.close())
})
