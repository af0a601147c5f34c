/** Records as a Writable of node:stream: what is taken, what is told, and that it always ends. */
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { ConfigError, type ProducerRecord } from '../../../src/index.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const TOPICS = { topics: { orders: {} } }
const SMALL = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }

/** Runs `use` with a producer and its cluster, and closes both. */
async function withProducer(use: (it: Simulation) => Promise<void>, options = {}): Promise<void> {
  const it = await simulate(TOPICS, options)
  await use(it)
  await it.run(it.producer.close())
  await it.cluster.close()
}

const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i} ${'x'.repeat(200)}`)

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('resolved'),
    (error: unknown) => error as Error,
  )

t.test('records, values and whatever toRecord takes', async (t) => {
  await withProducer(async ({ producer, cluster, run }) => {
    await run(pipeline(['a', 'b'].map((value): ProducerRecord => ({ topic: 'orders', value })), producer.createWriteStream())) // prettier-ignore
    await run(pipeline(['c', 'd'], producer.createWriteStream({ topic: 'orders' })))
    const toRecord = (value: number): ProducerRecord => ({ topic: 'orders', value: `${value}` })
    await run(pipeline([1, 2], producer.createWriteStream({ toRecord })))
    t.strictSame(values(cluster, 'orders'), ['a', 'b', 'c', 'd', '1', '2'])
  })
})

t.test('a pipeline through a small buffer ends with the last acknowledgement, in order', async (t) => {
  await withProducer(async ({ producer, cluster, run }) => {
    const all = lines(2_000)
    const stream = producer.createWriteStream({ topic: 'orders' })
    let mostBytes = 0
    stream.on('drain', () => {
      const { bufferTotalBytes, bufferAvailableBytes } = producer.metrics()
      mostBytes = Math.max(mostBytes, bufferTotalBytes - bufferAvailableBytes)
    })
    await run(pipeline(Readable.from(all), stream))
    t.strictSame(values(cluster, 'orders'), all)
    t.match(stream, { recordsAcknowledged: 2_000, recordsFailed: 0, recordsPending: 0 })
    t.ok(mostBytes > 8_000, 'it was full')
  }, SMALL)
}) // prettier-ignore

t.test(
  'a write is done when its record is taken, and waits while the buffer is full',
  async (t) => {
    await withProducer(async ({ producer, cluster, run, clock }) => {
      await run(producer.partitionsFor('orders'))
      const release = cluster.failNext('Produce', { delayMs: 500, times: Infinity })
      const stream = producer.createWriteStream({ topic: 'orders', highWaterMark: 4 })
      let written = 0
      let isFree = true
      while (isFree) isFree = stream.write('x'.repeat(400), () => written++)
      await clock.settle()
      t.ok(written > 20 && written < 45, `${written} taken`)
      t.equal(stream.writableLength, 4)
      t.ok(stream.writableNeedDrain)
      release()
      await run(once(stream as unknown as Writable, 'drain'))
      stream.end()
      await run(once(stream as unknown as Writable, 'finish'))
      t.equal(stream.recordsAcknowledged, cluster.records('orders').length)
      t.equal(written, stream.recordsAcknowledged)
    }, SMALL)
  },
)

t.test('the first failure fails the stream, and what was taken is settled by then', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const stream = producer.createWriteStream()
    const good = (value: string): ProducerRecord => ({ topic: 'orders', value })
    const chunks = [good('a'), { topic: 'orders' } as never, ...lines(100).map(good)]
    const error = await run(failureOf(pipeline(Readable.from(chunks), stream)))
    t.match(error, { name: 'InvalidRecordError' })
    t.equal(stream.errored, error)
    t.equal(stream.recordsPending, 0)
    t.equal(stream.recordsFailed, 1)
    t.equal(stream.recordsAcknowledged, cluster.records('orders').length)
  })
})

t.test("with onError: 'continue' each failure is told, and the stream goes on", async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const events: unknown[] = []
    const handled: unknown[] = []
    const acknowledged: unknown[] = []
    const stream = producer.createWriteStream<string>({
      onError: 'continue',
      toRecord: (value) => {
        if (value === 'throws') throw new RangeError('no record')
        return { topic: 'orders', value: value === 'bad' ? (undefined as never) : value }
      },
      onRecordError: (error, chunk) => handled.push([error.name, chunk]),
      onAcknowledged: ({ offset }, chunk) => acknowledged.push(`${chunk} at ${offset}`),
    })
    stream.on('recordError', (error, chunk) => events.push([error.name, chunk]))
    await run(pipeline(['a', 'bad', 'b', 'throws', 'c'], stream))
    t.strictSame(handled.sort(), [
      ['InvalidRecordError', 'bad'],
      ['InvalidRecordError', 'throws'],
    ])
    t.strictSame(events.sort(), handled)
    t.strictSame(acknowledged, ['a at 0', 'b at 1', 'c at 2'])
    t.match(stream, { recordsAcknowledged: 3, recordsFailed: 2, recordsPending: 0 })
    t.strictSame(values(cluster, 'orders'), ['a', 'b', 'c'])
  })
})

for (const onError of ['stop', 'continue'] as const) {
  t.test(`a producer that closes under it ends it: ${onError}`, async (t) => {
    await withProducer(async ({ producer, run, cluster }) => {
      await run(producer.partitionsFor('orders'))
      cluster.failNext('Produce', { silent: true })
      const stream = producer.createWriteStream({ topic: 'orders', onError })
      const failure = failureOf(pipeline(Readable.from(lines(1_000)), stream))
      await run(producer.writable().catch(() => {}))
      await run(producer.close({ timeoutMs: 10 }))
      t.match(await run(failure), { name: 'ClosedError' })
      t.equal(stream.recordsPending, 0)
      t.ok(stream.destroyed)
    }, SMALL)
  })
}

t.test('a broker that is away for longer than maxBlockMs only makes it wait', async (t) => {
  await withProducer(
    async ({ producer, run, cluster, clock }) => {
      await run(producer.partitionsFor('orders'))
      cluster.broker(1).freeze()
      const all = lines(500)
      const stream = producer.createWriteStream({ topic: 'orders' })
      const done = pipeline(Readable.from(all), stream)
      for (let i = 0; i < 50; i++) await clock.advanceSettled(100)
      cluster.broker(1).unfreeze()
      await run(done)
      t.strictSame(values(cluster, 'orders'), all)
    },
    { ...SMALL, maxBlockMs: 200 },
  )
})

t.test('destroy drops what waits in the stream, and waits for what was taken', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    const release = cluster.failNext('Produce', { delayMs: 300, times: Infinity })
    const stream = producer.createWriteStream({ topic: 'orders', highWaterMark: 10 })
    const told: string[] = []
    let isFree = true
    let given = 0
    while (isFree) {
      given++
      isFree = stream.write('x'.repeat(400), (error) => told.push(error ? 'dropped' : 'taken'))
    }
    stream.destroy()
    await run(once(stream as unknown as Writable, 'close'))
    release()
    const taken = told.filter((it) => it === 'taken').length
    t.equal(told.length, given, 'each write is told')
    t.equal(cluster.records('orders').length, taken)
    t.match(stream, { recordsAcknowledged: taken, recordsPending: 0 })
    t.ok(told.includes('dropped'))
  }, SMALL)
})

t.test('a signal ends it at once, and what was taken goes on', async (t) => {
  await withProducer(async ({ producer, run, cluster, clock }) => {
    await run(producer.partitionsFor('orders'))
    cluster.failNext('Produce', { delayMs: 5_000 })
    const controller = new AbortController()
    const stream = producer.createWriteStream({ topic: 'orders', signal: controller.signal })
    const failure = failureOf(pipeline(Readable.from(lines(500)), stream))
    await clock.settle()
    controller.abort()
    const before = clock.monotonicMs()
    t.match(await run(failure), { name: 'AbortError' })
    t.ok(clock.monotonicMs() - before < 1_000, 'at once')
    const { recordsPending } = stream
    t.ok(recordsPending > 0)
    await run(producer.flush())
    t.equal(stream.recordsPending, 0)
    t.equal(stream.recordsAcknowledged, cluster.records('orders').length)
  }, SMALL)
})

t.test('a source that fails destroys it with its error', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const failing = Readable.from(
      (async function* () {
        yield 'a'
        yield 'b'
        await Promise.resolve()
        throw new RangeError('the file is gone')
      })(),
    )
    const stream = producer.createWriteStream({ topic: 'orders' })
    t.match(await run(failureOf(pipeline(failing, stream))), { message: 'the file is gone' })
    await run(once(stream as unknown as Writable, 'close').catch(() => {}))
    t.equal(stream.recordsPending, 0)
    t.equal(stream.recordsAcknowledged, cluster.records('orders').length)
  })
})

t.test('what a record of the last batch comes to is awaited, whatever lingers', async (t) => {
  await withProducer(
    async ({ producer, run, cluster, clock }) => {
      const stream = producer.createWriteStream({ topic: 'orders' })
      await run(pipeline(['a'], stream))
      t.ok(clock.monotonicMs() < 5_000)
      cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
      const failing = producer.createWriteStream({ topic: 'orders' })
      t.match(await run(failureOf(pipeline(['b'], failing))), { code: /OTTLA/ })
    },
    { lingerMs: 60_000 },
  )
})

t.test('options that are none are refused', async (t) => {
  await withProducer(async ({ producer }) => {
    const bad: [object | null, RegExp][] = [
      [null, /was given null/],
      [{ topic: 7 }, /\{ topic \} that is a number/],
      [{ topic: '' }, /give the name of a topic/],
      [{ topic: 'a b' }, /\{ topic \} that is a string \("a b"\): give the name of a topic/],
      [{ topik: 'x' }, /did you mean topic/],
      [{ topic: 'x', toRecord: () => null }, /give one of them/],
      [{ toRecord: 'x' }, /give a function/],
      [{ highWaterMark: 0 }, /from 1/],
      [{ onError: 'go on' }, /'stop' or 'continue'/],
      [{ onRecordError: () => null }, /onError: 'continue'/],
      [{ onAcknowledged: 1 }, /give a function/],
      [{ signal: {} }, /AbortSignal/],
    ]
    for (const [options, message] of bad) {
      for (const call of ['createWriteStream', 'createWritableStream'] as const) {
        const make = (): unknown => producer[call](options as never)
        t.throws(make, { name: ConfigError.name, message })
      }
    }
    for (const options of [
      {},
      undefined,
      { topic: undefined, onError: 'stop', signal: undefined },
    ]) {
      t.doesNotThrow(() => producer.createWriteStream(options as never))
    }
  })
})

t.test('destroy tells each write at once, and truly, whether its record was taken', async (t) => {
  await withProducer(
    async ({ producer, run, cluster, clock }) => {
      await run(producer.partitionsFor('orders'))
      cluster.broker(1).freeze()
      const stream = producer.createWriteStream({ topic: 'orders' })
      const told = new Map<string, string>()
      const write = (value: string): unknown =>
        stream.write(value, (error) => told.set(value, error?.message ?? 'taken'))
      for (const value of lines(100)) write(value)
      await clock.settle()
      cluster.broker(1).unfreeze()
      await clock.advanceSettled(100) // some of those that waited are taken
      cluster.broker(1).freeze()
      for (const value of lines(300).slice(100)) write(value)
      await clock.settle()
      const sinceMs = clock.monotonicMs()
      stream.destroy()
      await clock.settle()
      t.equal(told.size, 300, 'without waiting')
      t.equal(clock.monotonicMs(), sinceMs)
      cluster.broker(1).unfreeze()
      await run(producer.flush())
      const taken = [...told].filter(([, what]) => what === 'taken').map(([value]) => value)
      t.strictSame(taken, values(cluster, 'orders'))
      t.ok(taken.length > 0 && taken.length < 300)
    },
    { ...SMALL, maxBlockMs: 60_000 },
  )
})
