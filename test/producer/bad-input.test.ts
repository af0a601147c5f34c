/**
 * What a user can get wrong, or do at an odd moment, and what a producer says to it: always an
 * error of the tree that names the mistake, in the promise or callback, and never a lost record.
 */
import { getEventListeners } from 'node:events'
import t from 'tap'
import { DeliveryError, Producer } from '../../src/index.js'
import type { DeliveryCallback, ProducerOptions } from '../../src/index.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'

const ORDERS = { topics: { orders: {} } }

/** What no type checker lets through. */
const wrong = (value: unknown): never => value as never

/** Runs `use` with a producer and its cluster, and closes both. */
async function withProducer(
  use: (it: Simulation) => Promise<void>,
  options: Partial<ProducerOptions> = {},
): Promise<void> {
  const it = await simulate(ORDERS, options)
  await use(it)
  await it.run(it.producer.close())
  await it.cluster.close()
}

/** The error of a promise that must be rejected. */
async function errorOf(it: Simulation, promise: Promise<unknown>): Promise<Error> {
  return await it.run(
    promise.then(
      () => new Error('resolved'),
      (error: unknown) => error as Error,
    ),
  )
}

const UNREADABLE: Record<string, unknown> = {
  'a topic that throws': {
    get topic() {
      throw new TypeError('no topic here')
    },
    value: 'x',
  },
  'a value that throws': {
    topic: 'orders',
    get value() {
      throw new TypeError('no value here')
    },
  },
  'headers that throw': {
    topic: 'orders',
    value: 'x',
    headers: {
      [Symbol.iterator]() {
        throw new TypeError('no headers here')
      },
    },
  },
  'a topic without text': { topic: Object.create(null), value: undefined },
  'no topic': { value: 'x' },
  'no value': { topic: 'orders' },
  'a symbol': Symbol('record'),
  nothing: undefined,
}

t.test('a record that cannot be read fails as a record, whichever way it was given', async (t) => {
  await withProducer(async (it) => {
    for (const [name, record] of Object.entries(UNREADABLE)) {
      const told: (Error | null)[] = []
      t.ok(
        it.producer.enqueue(wrong(record), (error) => told.push(error)),
        name,
      )
      await it.clock.settle()
      const all = await errorOf(it, it.producer.sendAll([wrong(record)]))
      const signal = new AbortController().signal
      const errors = [
        await errorOf(it, it.producer.send(wrong(record))),
        await errorOf(it, it.producer.send(wrong(record), { signal })),
        told[0],
        all.cause,
      ]
      for (const error of errors) {
        t.ok(error instanceof DeliveryError, `${name}: ${String(error)}`)
        t.equal((error as DeliveryError).outcome, 'not-written')
      }
    }
    t.strictSame(values(it.cluster, 'orders'), [])
  })
})

const SLIPS: readonly [record: object, message: RegExp][] = [
  [{ value: 'x', partiton: 0 }, /unknown field "partiton" in a record for topic "orders": did you mean "partition"\?/],
  [{ value: 'x', header: { trace: '1' } }, /"header".*did you mean "headers"/],
  [{ value: 'x', timeStamp: 1 }, /did you mean "timestamp"/],
  [{ val: 'x' }, /did you mean "value"/],
  [{ value: 'x', Key: undefined }, /did you mean "key"/],
  [{ payload: 'x' }, /"payload".*did you mean "value"/],
  [{ value: 'x', acks: 1 }, /"acks".*new Producer\(\{ acks \}\)/],
  [{ value: 'x', nonsense: 1 }, /"nonsense".*a record has topic, value, key, partition, timestamp, headers/],
  [{ messages: [{ value: 'x' }] }, /"messages".*sendAll/],
] // prettier-ignore

t.test('a field that no record has is refused by name, whichever way it was given', async (t) => {
  await withProducer(async (it) => {
    const { producer } = it
    for (const [fields, message] of SLIPS) {
      const record = wrong({ topic: 'orders', ...fields })
      let told: Error | null = null
      producer.enqueue(record, (error) => (told = error))
      await it.clock.settle()
      const all = (await errorOf(it, producer.sendAll([record]))).cause
      for (const error of [await errorOf(it, producer.send(record)), told, all]) {
        t.match(error, { code: 'ERR_OTTLA_INVALID_RECORD', outcome: 'not-written', message })
      }
    }
    const list = wrong([{ topic: 'orders', value: 'x' }])
    t.match(await errorOf(it, producer.send(list)), { message: /an array: give it to sendAll/ })
    const other = wrong({ messages: [{ topic: 'orders', value: 'x' }] })
    t.match(await errorOf(it, producer.send(other)), {
      message: /"messages" in a record: .*sendAll/,
    })
    t.strictSame(values(it.cluster, 'orders'), [])
  })
})

t.test(
  'records may be of a class, frozen, without a prototype or in dictionary mode',
  async (t) => {
    class Order {
      readonly topic = 'orders'
      readonly value = 'class'
      get total(): number {
        return 7
      }
      describe(): string {
        return 'an order'
      }
    }
    const inherited = Object.create({ describe: () => 'x', value: 'inherited' }) as {
      topic: string
    }
    inherited.topic = 'orders'
    const dictionary: Record<string, unknown> = { topic: 'orders', extra: 1, value: 'dictionary' }
    delete dictionary['extra']
    const bare = Object.assign(Object.create(null) as object, { topic: 'orders', value: 'bare' })
    const frozen = Object.freeze({ topic: 'orders', value: 'frozen' })
    await withProducer(async (it) => {
      for (const record of [new Order(), inherited, dictionary, bare, frozen]) {
        await it.run(it.producer.send(wrong(record)))
      }
      const sent = ['class', 'inherited', 'dictionary', 'bare', 'frozen']
      t.strictSame(values(it.cluster, 'orders'), sent)
    })
  },
)

t.test('an option that a call does not have is refused by name', async (t) => {
  await withProducer(async (it) => {
    const record = { topic: 'orders', value: 'x' }
    const given: [options: unknown, message: RegExp][] = [
      [{ signl: 1 }, /unknown option "signl" of a send: did you mean signal\?/],
      [{ acks: 1 }, /unknown option "acks" of a send: it is one of the producer/],
      [{ nonsense: undefined }, /"nonsense".*signal/],
      [() => {}, /send returns a promise; enqueue takes a callback/],
      ['soon', /a string/],
      [new AbortController().signal, /are an AbortSignal: give \{ signal \}/],
      [new Map(), /are a Map: give \{ signal \}/],
      [[], /are an array: give \{ signal \}/],
    ]
    for (const [options, message] of given) {
      const error = await errorOf(it, it.producer.send(record, wrong(options)))
      t.match(error, { code: 'ERR_OTTLA_INVALID_RECORD', outcome: 'not-written', message })
    }
    const { signal } = new AbortController()
    const promised = it.producer.send(wrong(Promise.resolve(record)))
    t.match(await errorOf(it, promised), {
      message: /^a record is an object .* a promise: await it before$/,
    })
    const all = it.producer.sendAll([record], wrong({ signal }))
    t.match(await errorOf(it, all), { code: 'ERR_OTTLA_INVALID_RECORD', message: /sendAll/ })
    t.strictSame(values(it.cluster, 'orders'), [])
    await it.run(it.producer.send(record, {}))
    await it.run(it.producer.send(record, { signal: undefined }))
    await it.run(it.producer.sendAll([record], undefined))
    t.equal(values(it.cluster, 'orders').length, 3)
  })
})

t.test('a key without a serializer is told which, whatever the value has', async (t) => {
  await withProducer(async (it) => {
    const number = await errorOf(
      it,
      it.producer.send(wrong({ topic: 'orders', key: 7, value: 'x' })),
    )
    t.match(number, { code: 'ERR_OTTLA_SERIALIZATION', message: /key.*\{ key: json\(\) \}/ })
    const buffer = wrong({ topic: 'orders', value: new ArrayBuffer(3) })
    t.match(await errorOf(it, it.producer.send(buffer)), {
      message: /Uint8Array.*\{ value: json\(\)/,
    })
  })
})

t.test('sendAll takes nothing that is no list of records, and loses none in silence', async (t) => {
  await withProducer(async (it) => {
    const given = [null, undefined, 7, { topic: 'orders', value: 'x' }, () => []]
    for (const records of given) {
      const error = await errorOf(it, it.producer.sendAll(wrong(records)))
      t.match(error, { code: 'ERR_OTTLA_INVALID_RECORD', outcome: 'not-written' })
      t.match(error.message, /sendAll/)
    }
    t.strictSame(await it.run(it.producer.sendAll([])), [])
    t.equal(
      (await it.run(it.producer.sendAll(new Set([{ topic: 'orders', value: 'x' }])))).length,
      1,
    )
  })
})

t.test('options of a call that are none are refused in its promise', async (t) => {
  await withProducer(async (it) => {
    const record = { topic: 'orders', value: 'x' }
    for (const signal of [7, {}, 'abort']) {
      const error = await errorOf(it, it.producer.send(record, { signal: wrong(signal) }))
      t.match(error, {
        code: 'ERR_OTTLA_INVALID_RECORD',
        outcome: 'not-written',
        message: /signal/,
      })
    }
    for (const options of [null, 5, 'soon', { timeout: 1 }, { timeoutMs: Number.NaN }]) {
      t.match(
        await errorOf(it, it.producer.close(wrong(options))),
        { code: 'ERR_OTTLA_CONFIG' },
        `close(${JSON.stringify(options)})`,
      )
    }
    t.match(await errorOf(it, it.producer.partitionsFor(wrong(7))), {
      code: 'ERR_OTTLA_INVALID_RECORD',
    })
    t.equal((await it.run(it.producer.send(record, wrong(null)))).offset, 0n, 'null is no option')
  })
})

t.test(
  'calls without options refuse what they are given, instead of passing it over',
  async (t) => {
    await withProducer(async (it) => {
      const { producer } = it
      await it.run(producer.connect(wrong(null)))
      const calls: Record<string, (given: never) => Promise<unknown>> = {
        connect: (given) => producer.connect(given),
        flush: (given) => producer.flush(given),
        writable: (given) => producer.writable(given),
        partitionsFor: (given) => producer.partitionsFor('orders', given),
      }
      for (const [name, call] of Object.entries(calls)) {
        for (const [given, what] of [
          [AbortSignal.abort(), 'an AbortSignal'],
          [{ timeoutMs: 5 }, 'an object'],
          [[], 'an array'],
          [5, 'a number (5)'],
        ]) {
          const error = await errorOf(it, call(wrong(given)))
          t.match(error, { code: 'ERR_OTTLA_CONFIG' })
          t.ok(
            error.message.startsWith(`${name} takes no options, and was given ${String(what)}: `),
          )
        }
        await it.run(call(wrong(undefined)))
      }
    })
  },
)

t.test(
  'a callback that is no function is refused in the call: nobody else would hear',
  async (t) => {
    await withProducer(async (it) => {
      const record = { topic: 'orders', value: 'x' }
      for (const callback of ['told', 7, {}]) {
        t.throws(() => it.producer.enqueue(record, wrong(callback)), {
          code: 'ERR_OTTLA_INVALID_RECORD',
          message: /callback/,
        })
      }
      t.ok(it.producer.enqueue(record, wrong(null)))
      await it.run(it.producer.flush())
      t.strictSame(values(it.cluster, 'orders'), ['x'])
    })
  },
)

t.test('an abort says unknown only of a record that may be written', async (t) => {
  await withProducer(
    async (it) => {
      const bad = new AbortController()
      const refused = it.producer.send({ topic: 'no topic', value: 'x' }, { signal: bad.signal })
      bad.abort()
      t.match(await errorOf(it, refused), { code: 'ERR_OTTLA_INVALID_RECORD' })

      const waits = new AbortController()
      const value = 'x'.repeat(10_000)
      const sends = Promise.allSettled(
        Array.from({ length: 4 }, () => it.producer.send({ topic: 'orders', value })),
      )
      const waiting = it.producer.send({ topic: 'orders', value }, { signal: waits.signal })
      void it.producer.close() // turns away who waits for room, and tells it in a moment
      waits.abort()
      t.match(await errorOf(it, waiting), { outcome: 'not-written', code: 'ERR_OTTLA_CLOSED' })
      await it.run(sends)
    },
    { bufferMemoryBytes: 16_384, batchSizeBytes: 4096 },
  )
})

t.test('many sends may share a signal, and leave nothing on it', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  await withProducer(async (it) => {
    const { signal } = new AbortController()
    const send = (to: AbortSignal): Promise<unknown> =>
      it.producer.send({ topic: 'orders', value: 'x' }, { signal: to })
    const sends = Array.from({ length: 50 }, () => send(signal))
    t.equal(getEventListeners(signal, 'abort').length, 1)
    await it.run(Promise.all(sends))
    t.equal(getEventListeners(signal, 'abort').length, 0)
    await it.run(send(signal)) // and once more
    t.equal(getEventListeners(signal, 'abort').length, 0)

    it.cluster.failNext('Produce', { silent: true })
    const abort = new AbortController()
    const waiting = Promise.allSettled(Array.from({ length: 50 }, () => send(abort.signal)))
    const other = it.producer.send({ topic: 'orders', value: 'y' }, { signal })
    abort.abort()
    const outcomes = await it.run(waiting)
    t.ok(outcomes.every((result) => result.status === 'rejected'))
    t.equal(getEventListeners(abort.signal, 'abort').length, 0)
    await it.run(other)
  })
  t.strictSame(warnings, [])
})

t.test('what a serializer gives may be any promise-like thing', async (t) => {
  const thenable = {
    // as a query builder's: returns nothing
    then(resolve: (value: string) => void) {
      resolve('from a query')
    },
  }
  const it = await simulate(ORDERS, { serializers: { value: () => wrong(thenable) } })
  await it.run(it.producer.send({ topic: 'orders', value: 'x' }))
  t.strictSame(values(it.cluster, 'orders'), ['from a query'])
  await it.run(it.producer.close())
})

t.test('text that is no Unicode is written as every encoder writes it', async (t) => {
  await withProducer(async (it) => {
    const odd = [
      '\ud800',
      'a\udc00b',
      '\ud83d',
      '😀',
      '\u0000',
      'é'.repeat(3000),
      '\ud800'.repeat(3000),
    ]
    for (const text of odd) {
      await it.run(
        it.producer.send({ topic: 'orders', key: text, value: text, headers: { [text]: text } }),
      )
    }
    const stored = it.cluster.records('orders')
    odd.forEach((text, i) => {
      const bytes = Buffer.from(text)
      t.same(stored[i]?.key, bytes)
      t.same(stored[i]?.value, bytes)
      t.equal(stored[i]?.headers[0]?.name, bytes.toString())
      t.same(stored[i]?.headers[0]?.value, bytes)
    })
  })
})

t.test('a record may be changed and given again as soon as the call has returned', async (t) => {
  await withProducer(async (it) => {
    const record = {
      topic: 'orders',
      key: 'k0',
      value: 'v0',
      headers: [['h', '0']] as [string, string][],
    }
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 5; i++) {
      record.key = `k${i}`
      record.value = `v${i}`
      ;(record.headers[0] as [string, string])[1] = String(i)
      sent.push(it.producer.send(record))
    }
    await it.run(Promise.all(sent))
    t.strictSame(
      it.cluster
        .records('orders')
        .map(({ key, value, headers }) => [key, value, headers[0]?.value].map(String).join(' ')),
      [0, 1, 2, 3, 4].map((i) => `k${i} v${i} ${i}`),
    )
  })
})

t.test('a callback may send, flush, close and throw, in any mixture', async (t) => {
  await withProducer(async (it) => {
    const { producer } = it
    const told: string[] = []
    const note =
      (name: string, then: () => void = () => {}): DeliveryCallback =>
      (error) => {
        told.push(`${name} ${error === null ? 'acked' : error.code}`)
        then()
      }
    const send = (name: string, then?: () => void): boolean =>
      producer.enqueue({ topic: 'orders', value: name }, note(name, then))
    let isFlushed = false
    send('a', () => {
      send('b', () => {
        void producer.close()
        send('c', () => {
          throw new Error('thrown by a user')
        })
        throw new Error('thrown by a user')
      })
      void producer.flush().then(() => (isFlushed = true))
    })
    await it.run(producer.flush())
    await it.clock.settle()
    await it.run(producer.close())
    t.strictSame(told, ['a acked', 'b acked', 'c ERR_OTTLA_CLOSED'])
    t.ok(isFlushed)
    t.strictSame(values(it.cluster, 'orders'), ['a', 'b'])
  })
})

t.test('what an async callback rejects with is logged, as what another throws', async (t) => {
  const logged: unknown[] = []
  const silent = (): void => {}
  const error = (fields: unknown): void => void logged.push(fields)
  const logger = { debug: silent, info: silent, warn: silent, error }
  await withProducer(
    async (it) => {
      const thrown = new Error('thrown by a user')
      const rejects = (): Promise<never> => Promise.reject(thrown)
      it.producer.enqueue({ topic: 'orders', value: 'x' }, wrong(rejects))
      await it.run(it.producer.flush())
      await it.clock.settle()
      t.strictSame(logged, [{ err: thrown }])
    },
    { logger },
  )
})

t.test('after close every call says so, and close says nothing new', async (t) => {
  const it = await simulate(ORDERS)
  const { producer } = it
  await it.run(producer.send({ topic: 'orders', value: 'x' }))
  const [first, second] = [producer.close(), producer.close({ timeoutMs: 0 })]
  await it.run(Promise.all([first, second]))
  const record = { topic: 'orders', value: 'late' }
  const { signal } = new AbortController()
  const all = await errorOf(it, producer.sendAll([record]))
  const told: (Error | null)[] = []
  t.ok(producer.enqueue(record, (error) => told.push(error)))
  await it.clock.settle()
  const errors = [
    all.cause,
    told[0],
    await errorOf(it, producer.send(record)),
    await errorOf(it, producer.send(record, { signal })),
    await errorOf(it, producer.connect()),
    await errorOf(it, producer.writable()),
    await errorOf(it, producer.partitionsFor('orders')),
  ]
  for (const error of errors) t.match(error, { code: 'ERR_OTTLA_CLOSED' })
  await it.run(producer.flush()) // nothing is open: it has nothing to wait for
  await it.run(producer.close())
  t.strictSame(values(it.cluster, 'orders'), ['x'])
  t.equal(it.clock.timerCount, 0)
  t.equal(it.cluster.connectionCount, 0)
})

t.test('a producer that was never used closes without a sound', async (t) => {
  const it = await simulate(ORDERS)
  await it.run(it.producer.close())
  t.equal(it.clock.timerCount, 0)
  t.equal(it.cluster.requests.length, 0)
  t.throws(() => new Producer(wrong(undefined)), { code: 'ERR_OTTLA_CONFIG' })
})
