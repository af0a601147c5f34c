/** Records as a WritableStream of the Web. */
import t from 'tap'
import type { RecordSink } from '../../../src/producer/streams/record-sink.js'
import { createWritableStream } from '../../../src/producer/streams/web-stream.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const SMALL = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }

async function withProducer(use: (it: Simulation) => Promise<void>, options = {}): Promise<void> {
  const it = await simulate({ topics: { orders: {} } }, options)
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

function readable(all: readonly string[]): ReadableStream<string> {
  const rest = all.values()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = rest.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
}

t.test('pipeTo through a small buffer ends with the last acknowledgement, in order', async (t) => {
  await withProducer(async ({ producer, cluster, run }) => {
    const all = lines(500)
    await run(readable(all).pipeTo(producer.createWritableStream({ topic: 'orders' })))
    t.strictSame(values(cluster, 'orders'), all)
  }, SMALL)
})

t.test('the first failure fails it', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const toRecord = (value: string): never => ({ topic: value.startsWith('3 ') ? '' : 'orders', value }) as never // prettier-ignore
    const stream = producer.createWritableStream({ toRecord })
    t.match(await run(failureOf(readable(lines(50)).pipeTo(stream))), {
      name: 'InvalidRecordError',
    })
  })
})

t.test('a failure in what was written last fails close', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const writer = producer.createWritableStream().getWriter()
    void writer.closed.catch(() => {})
    void writer.write({ topic: 'orders' } as never).catch(() => {})
    t.match(await run(failureOf(writer.close())), { name: 'InvalidRecordError' })
  })
})

t.test("with onError: 'continue' each failure is told", async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const failed: unknown[] = []
    const stream = producer.createWritableStream<string>({
      onError: 'continue',
      toRecord: (value) => ({ topic: value === 'b' ? '' : 'orders', value }),
      onRecordError: ({ name }, chunk) => failed.push([name, chunk]),
    })
    await run(readable(['a', 'b', 'c']).pipeTo(stream))
    t.strictSame(failed, [['InvalidRecordError', 'b']])
    t.strictSame(values(cluster, 'orders'), ['a', 'c'])
  })
})

t.test('a producer that closes under it ends it', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    cluster.failNext('Produce', { silent: true })
    const stream = producer.createWritableStream({ topic: 'orders' })
    const failure = failureOf(readable(lines(500)).pipeTo(stream))
    await run(producer.writable().catch(() => {}))
    await run(producer.close({ timeoutMs: 10 }))
    t.match(await run(failure), { name: 'ClosedError' })
  }, SMALL)
})

for (const when of ['before', 'while it waits for room'] as const) {
  t.test(`a signal ends it: ${when}`, async (t) => {
    await withProducer(async ({ producer, run, cluster, clock }) => {
      await run(producer.partitionsFor('orders'))
      cluster.failNext('Produce', { delayMs: 300 })
      const controller = new AbortController()
      const { signal } = controller
      if (when === 'before') controller.abort(new RangeError('enough'))
      const stream = producer.createWritableStream({ topic: 'orders', signal })
      const failure = failureOf(readable(lines(500)).pipeTo(stream))
      await clock.settle()
      controller.abort(new RangeError('enough'))
      t.match(await run(failure), { message: 'enough' })
      await run(producer.flush())
    }, SMALL)
  })
}

t.test('abort waits for what was taken', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const writer = producer.createWritableStream({ topic: 'orders' }).getWriter()
    void writer.closed.catch(() => {})
    await run(writer.write('a'))
    t.strictSame(values(cluster, 'orders'), [])
    await run(writer.abort('enough'))
    t.strictSame(values(cluster, 'orders'), ['a'])
  })
})

for (const how of ['the signal', 'abort'] as const) {
  t.test(`what waits for room is told at once that it is not taken: ${how}`, async (t) => {
    await withProducer(
      async ({ producer, run, cluster, clock }) => {
        await run(producer.partitionsFor('orders'))
        cluster.broker(1).freeze()
        const controller = new AbortController()
        const stream = producer.createWritableStream({ topic: 'orders', signal: controller.signal })
        const writer = stream.getWriter()
        const told: string[] = []
        const refused: string[] = []
        for (const value of lines(200)) {
          const name = value.split(' ')[0] ?? ''
          void writer.write(value).then(
            () => told.push(name),
            (error: unknown) => refused.push((error as Error).message),
          )
        }
        void failureOf(writer.closed)
        await clock.settle()
        const sinceMs = clock.monotonicMs()
        if (how === 'the signal') controller.abort(new RangeError('enough'))
        else writer.abort(new RangeError('enough')).catch(() => {})
        await clock.settle()
        t.equal(told.length + refused.length, 200)
        t.ok(refused.every((message) => message === 'enough'))
        t.equal(clock.monotonicMs(), sinceMs, 'without waiting')
        cluster.broker(1).unfreeze()
        await run(producer.flush())
        t.ok(told.length > 0 && told.length < 200)
        t.strictSame(told, values(cluster, 'orders').map((value) => String(value).split(' ')[0]))
      },
      { ...SMALL, maxBlockMs: 60_000 },
    )
  }) // prettier-ignore
}

t.test('one whose signal has fired before listens to nobody', async (t) => {
  let listening = 0
  const sink = {
    onOver: () => {
      listening++
      return () => void listening--
    },
  } as unknown as RecordSink<never, never>
  const reason = new Error('enough')
  const options = { topic: 'orders', signal: AbortSignal.abort(reason) }
  const stream = createWritableStream(sink, options, () => {})
  t.equal(await failureOf(stream.getWriter().closed), reason)
  t.equal(listening, 0)
})
