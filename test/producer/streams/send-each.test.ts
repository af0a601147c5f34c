/** sendEach and sendAll over sources: order, window, ends. */
import fc from 'fast-check'
import t from 'tap'
import { SendAllError, type ProducerRecord, type SendEachResult } from '../../../src/index.js'
import { rig } from '../transactions/support.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const SMALL = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }

async function withProducer(use: (it: Simulation) => Promise<void>, options = {}): Promise<void> {
  const it = await simulate({ topics: { orders: { partitions: 3 } } }, options)
  await use(it)
  await it.run(it.producer.close())
  await it.cluster.close()
}

const record = (i: number, value = `${i} ${'x'.repeat(200)}`): ProducerRecord => ({
  ...{ topic: 'orders', partition: i % 3, value },
})
const records = (count: number): ProducerRecord[] =>
  Array.from({ length: count }, (_, i) => record(i))

/** Gives records one by one, and says how far it was read and how it was left. */
class Source implements AsyncIterable<ProducerRecord> {
  readonly #all: readonly ProducerRecord[]
  readonly #failAt: number
  read = 0
  wasReturned = false

  constructor(all: readonly ProducerRecord[], failAt = Infinity) {
    this.#all = all
    this.#failAt = failAt
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ProducerRecord> {
    try {
      for (const it of this.#all) {
        if (this.read === this.#failAt) throw new RangeError('the source is broken')
        this.read++
        yield it
      }
    } finally {
      this.wasReturned = true
    }
  }
}

async function collect(results: AsyncIterable<SendEachResult>): Promise<SendEachResult[]> {
  const all: SendEachResult[] = []
  for await (const result of results) all.push(result)
  return all
}

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('resolved'),
    (error: unknown) => error as Error,
  )

for (const order of ['input', 'completion'] as const) {
  t.test(`every record has its result: ${order}`, async (t) => {
    await withProducer(async ({ producer, run, cluster }) => {
      for (const source of [records(300), new Source(records(300))]) {
        const results = await run(collect(producer.sendEach(source, { order, window: 50 })))
        t.equal(results.length, 300)
        const indexes = results.map(({ index }) => index)
        if (order === 'input') t.strictSame(indexes, [...indexes.keys()])
        t.equal(new Set(indexes).size, 300)
        for (const { index, record: sent, metadata, error } of results) {
          t.equal(error, null)
          t.equal(metadata?.partition, index % 3)
          t.equal(sent.value, record(index).value)
        }
      }
      t.equal(cluster.records('orders').length, 600)
    }, SMALL)
  })
}

t.test('results come as they are settled, or as the source gave them', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    for (const [order, expected] of [['completion', [1, 0]], ['input', [0, 1]]] as const) {
      const clear = cluster.failNext('Produce', { errorCode: 6, topic: 'orders', partition: 0 })
      const results = await run(collect(producer.sendEach([record(0), record(1)], { order })))
      t.strictSame(results.map(({ index }) => index), expected)
      clear()
    }
  }) // prettier-ignore
})

t.test('a failure is a result', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const source = [record(0), { topic: 'orders' } as never, record(2)]
    const results = await run(collect(producer.sendEach(source)))
    t.strictSame(results.map(({ error }) => error?.name), [undefined, 'InvalidRecordError', undefined])
    t.equal(results[1]?.metadata, null)
  })
}) // prettier-ignore

t.test('no more than the window is read ahead of the loop', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const source = new Source(records(100))
    let handedOn = 0
    const read = async (): Promise<void> => {
      for await (const _ of producer.sendEach(source, { window: 7 })) {
        t.ok(source.read - ++handedOn <= 7, `${source.read} read, ${handedOn} handed on`)
      }
    }
    await run(read())
    t.equal(handedOn, 100)
  })
})

t.test('leaving the loop leaves the source, and what was read is sent', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const source = new Source(records(1_000))
    const read = async (): Promise<void> => {
      for await (const { index } of producer.sendEach(source, { window: 10 })) {
        if (index === 20) break
      }
    }
    await run(read())
    t.ok(source.wasReturned)
    await run(producer.flush())
    const { length } = cluster.records('orders')
    t.ok(length >= 21 && length <= source.read, `${length} sent, ${source.read} read`)
    t.ok(source.read <= 31)
  })
})

t.test('leaving does not wait for a source that gives nothing', async (t) => {
  await withProducer(async ({ producer, run }) => {
    async function* source(): AsyncGenerator<ProducerRecord> {
      yield record(0)
      await new Promise(() => {}) // for ever
    }
    const read = async (): Promise<number> => {
      for await (const { index } of producer.sendEach(source())) return index
      return -1
    }
    t.equal(await run(read()), 0)
  })
})

t.test('a source that throws is thrown, after every result', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const seen: number[] = []
    const read = async (): Promise<void> => {
      for await (const { index } of producer.sendEach(new Source(records(10), 5))) seen.push(index)
    }
    t.match(await run(failureOf(read())), { message: 'the source is broken' })
    t.strictSame(seen, [0, 1, 2, 3, 4])
  })
})

t.test('a signal ends the loop at once', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    cluster.failNext('Produce', { silent: true, times: Infinity })
    const controller = new AbortController()
    const source = new Source(records(100))
    const failure = failureOf(collect(producer.sendEach(source, { signal: controller.signal })))
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new RangeError('enough'))
    t.match(await run(failure), { name: 'AbortedError', cause: { message: 'enough' } })
    t.ok(source.wasReturned)
    const aborted = producer.sendEach([record(1)], { signal: controller.signal })
    t.match(await run(failureOf(collect(aborted))), { name: 'AbortedError' })
    await run(producer.close({ timeoutMs: 0 }))
  })
})

t.test('a producer that closes ends the loop, with a result for each record', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    cluster.failNext('Produce', { silent: true, times: Infinity })
    const source = new Source(records(10_000))
    const seen: SendEachResult[] = []
    const read = async (): Promise<void> => {
      for await (const result of producer.sendEach(source)) seen.push(result)
    }
    const failure = failureOf(read())
    await run(producer.writable().catch(() => {}))
    await run(producer.close({ timeoutMs: 0 }))
    t.match(await run(failure), { name: 'ClosedError' })
    t.equal(seen.length, source.read)
    t.ok(source.wasReturned)
    t.ok(source.read < 1_000)
  }, SMALL)
})

t.test('sendEach refuses what is none', async (t) => {
  await withProducer(async ({ producer }) => {
    for (const source of [null, 7, {}, record(1)]) t.throws(() => producer.sendEach(source as never), { name: 'ConfigError' })
    for (const options of [null, { window: 0 }, { window: '5' }, { order: 'any' }, { signal: 1 }, { windw: 1 }]) {
      t.throws(() => producer.sendEach([], options as never), { name: 'ConfigError' }, JSON.stringify(options))
    }
  }) // prettier-ignore
})

t.test('sendAll of an asynchronous source', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const metadata = await run(producer.sendAll(new Source(records(500))))
    t.equal(metadata.length, 500)
    t.ok(metadata.every(({ partition }, i) => partition === i % 3))
    t.equal(cluster.records('orders').length, 500)
    t.strictSame(await run(producer.sendAll(new Source([]))), [])
    const failing = await run(failureOf(producer.sendAll(new Source([record(0), {} as never]))))
    t.match(failing, { name: 'SendAllError', results: [{ status: 'fulfilled' }, { status: 'rejected' }] })
  }, SMALL) // prettier-ignore
})

t.test('sendAll of a source that throws says what was sent', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const error = await run(failureOf(producer.sendAll(new Source(records(10), 4))))
    t.type(error, SendAllError)
    t.match(error, { cause: { message: 'the source is broken' }, message: /after 4 records/ })
    t.equal((error as SendAllError).results.length, 4)
    t.equal(cluster.records('orders').length, 4, 'all settled')
  })
})

t.test('sendAll of a source stops where the producer closes', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    await run(producer.partitionsFor('orders'))
    cluster.failNext('Produce', { silent: true, times: Infinity })
    const source = new Source(records(10_000))
    const failure = failureOf(producer.sendAll(source))
    await run(producer.writable().catch(() => {}))
    await run(producer.close({ timeoutMs: 0 }))
    t.match(await run(failure), { name: 'SendAllError' })
    t.ok(source.wasReturned && source.read < 1_000)
  }, SMALL)
})

t.test('all of it in a transaction', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  const texts = (from: number): { topic: string; value: string }[] =>
    [0, 1].map((i) => ({ topic: 'orders', partition: 0, value: `${from + i}` }))
  const stream = transaction.createWriteStream()
  for (const chunk of texts(0)) stream.write(chunk)
  await it.run(new Promise<void>((resolve) => stream.end(resolve)))
  const writer = transaction.createWritableStream({ topic: 'orders' }).getWriter()
  await it.run(Promise.all([writer.write('2'), writer.close()]))
  await it.run(transaction.sendAll(asynchronous(texts(3))))
  for (const { error } of await it.run(collect(transaction.sendEach(texts(5)) as never))) t.equal(error, null)
  await it.run(transaction.commit())
  t.strictSame(it.committed().sort(), ['0', '1', '2', '3', '4', '5', '6'])
  t.match(await it.run(failureOf(transaction.sendAll(asynchronous(texts(7))))), { name: 'TransactionStateError' })
  const late = collect(transaction.sendEach(texts(9)) as never)
  t.match(await it.run(failureOf(late)), { name: 'TransactionStateError' })
}) // prettier-ignore

async function* asynchronous<T>(all: readonly T[]): AsyncGenerator<T> {
  for (const it of all) yield it
}

const plans = fc.record({
  bad: fc.array(fc.nat(59), { maxLength: 5 }),
  count: fc.nat(60),
  window: fc.integer({ min: 1, max: 20 }),
  order: fc.constantFrom('input', 'completion'),
  failAt: fc.option(fc.nat(60), { nil: Infinity }),
  leaveAt: fc.option(fc.nat(60), { nil: Infinity }),
})

t.test('sendEach: one result for each record that is read, whatever happens', async (t) => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ bad, count, window, order, failAt, leaveAt }) => {
      const it = await simulate({ topics: { orders: { partitions: 3 } } }, SMALL)
      const all = records(count).map((good, i) =>
        bad.includes(i) ? ({ topic: '' } as never) : good,
      )
      const source = new Source(all, failAt)
      const seen: SendEachResult[] = []
      const read = async (): Promise<void> => {
        for await (const result of it.producer.sendEach(source, { window, order })) {
          if (seen.push(result) > leaveAt) return
        }
      }
      const failure = await it.run(failureOf(read()))
      await it.run(it.producer.close())
      const isLeft = seen.length > leaveAt
      const expected = Math.min(count, failAt)
      if (!isLeft) t.equal(seen.length, expected)
      t.equal(new Set(seen.map(({ index }) => index)).size, seen.length)
      for (const { index, error } of seen) t.equal(error !== null, bad.includes(index))
      if (order === 'input') t.ok(seen.every(({ index }, i) => index === i))
      t.equal(failure.message === 'resolved', isLeft || failAt > count || failAt === count)
      t.ok(count === 0 || source.wasReturned)
      await it.cluster.close()
    }),
    { numRuns: 100 },
  )
})

t.test('values of a topic lie in order', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const all = Array.from({ length: 300 }, (_, i) => ({ topic: 'orders', partition: 0, value: `${i}` }))
    await run(collect(producer.sendEach(new Source(all))))
    t.strictSame(values(cluster, 'orders'), all.map(({ value }) => value))
  }, SMALL) // prettier-ignore
})

for (const step of [undefined, null, 7]) {
  t.test(`a source whose next() gives ${step} fails the call`, async (t) => {
    await withProducer(async ({ producer, run }) => {
      const broken = (): Iterator<ProducerRecord> => {
        let calls = 0
        const given = { done: false, value: record(0) }
        return { next: () => (calls++ === 0 ? given : (step as never)) }
      }
      const results: SendEachResult[] = []
      const read = async (): Promise<void> => {
        for await (const it of producer.sendEach({ [Symbol.iterator]: broken })) results.push(it)
      }
      t.match(await run(failureOf(read())), { name: 'TypeError', message: /it must give/ })
      t.match(results, [{ index: 0, error: null }])
      const source = { [Symbol.asyncIterator]: broken } as unknown as AsyncIterable<ProducerRecord>
      t.match(await run(failureOf(producer.sendAll(source))), {
        ...{ name: 'SendAllError', cause: { name: 'TypeError' } },
        results: [{ status: 'fulfilled' }],
      })
    })
  })
}

t.test('a source whose result throws when it is read fails the loop', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const result = {
      get done(): boolean {
        throw new RangeError('done threw')
      },
    }
    const source = { [Symbol.iterator]: () => ({ next: () => result as never }) }
    t.match(await run(failureOf(collect(producer.sendEach(source)))), { message: 'done threw' })
  })
})
