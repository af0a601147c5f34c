/** Interceptors see every record once on its way in, and once with its outcome, from wherever that comes. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type {
  DeliveryError,
  InterceptedOutcome,
  Interceptor,
  ProducerOptions,
  ProducerRecord,
  SendCall,
} from '../../../src/index.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'
import { rig as transactionRig } from '../transactions/support.js'

/** Writes down what it sees. */
class Witness implements Interceptor {
  readonly sent: string[] = []
  readonly outcomes: InterceptedOutcome[] = []
  readonly calls: SendCall[] = []

  onSend(record: ProducerRecord, call: SendCall, index: number): undefined {
    this.calls.push(call)
    this.sent.push(`${call.kind} ${index} of ${call.recordCount}: ${String(record.value)}`)
  }

  onOutcome(outcome: InterceptedOutcome): void {
    this.outcomes.push(outcome)
  }

  /** `value: error's name, or offset`, in the order told. */
  get told(): string[] {
    return this.outcomes.map(
      ({ record, error, metadata }) =>
        `${String(record.value)}: ${error?.name ?? String(metadata?.offset)}`,
    )
  }
}

const record = (value: string): ProducerRecord => ({ topic: 'orders', value })

async function withWitness(
  use: (it: Simulation, witness: Witness) => Promise<void>,
  options: Partial<ProducerOptions> = {},
  more: readonly Interceptor[] = [],
): Promise<void> {
  const witness = new Witness()
  const interceptors = [...more, witness]
  const it = await simulate({ topics: { orders: {} } }, { interceptors, ...options })
  await use(it, witness)
  await it.run(it.producer.close())
  await it.cluster.close()
}

const nameOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  )

t.test('they see each record of every call, and its outcome', async (t) => {
  await withWitness(async (it, witness) => {
    const { producer } = it
    await it.run(producer.send(record('a')))
    const fromCallback: unknown[] = []
    producer.enqueue(record('b'), (...args) => fromCallback.push([...args], witness.told.length))
    await it.run(producer.flush())
    await it.run(producer.sendAll([record('c'), record('d')]))
    t.strictSame(witness.sent, [
      'send 0 of 1: a',
      'enqueue 0 of 1: b',
      'sendAll 0 of 2: c',
      'sendAll 1 of 2: d',
    ])
    t.strictSame(witness.told, ['a: 0', 'b: 1', 'c: 2', 'd: 3'])
    t.equal(fromCallback[1], 2, 'the callback comes after them')
    t.equal(witness.outcomes[1]?.metadata, (fromCallback[0] as unknown[])[1])
    t.equal(witness.calls[2], witness.calls[3], 'one call for the group')
    t.not(witness.calls[0], witness.calls[1])
    t.equal(witness.outcomes[3]?.call, witness.calls[3])
    t.equal(witness.outcomes[3]?.index, 1)
  })
})

t.test('each sees what the one before returned, and the last is sent', async (t) => {
  const suffix = (end: string): Interceptor => ({
    onSend: (it) => ({ ...it, value: `${String(it.value)}${end}` }),
  })
  const use = async (it: Simulation, witness: Witness): Promise<void> => {
    const given = Object.freeze(record('x'))
    await it.run(it.producer.sendAll([given]))
    await it.run(it.producer.send(given))
    it.producer.enqueue(given)
    await it.run(it.producer.flush())
    t.strictSame(values(it.cluster, 'orders'), ['x12', 'x12', 'x12'])
    t.strictSame(witness.told, ['x12: 0', 'x12: 1', 'x12: 2'])
  }
  await withWitness(use, {}, [suffix('1'), { onOutcome() {} }, suffix('2')])
})

t.test('one that throws fails that record alone, and those behind it never see it', async (t) => {
  const before = new Witness()
  const picky: Interceptor = {
    onSend({ value }) {
      if (value === 'bad') throw new RangeError('not that one')
      return value === 'later' ? (Promise.reject(new Error('x')) as never) : undefined
    },
  }
  const listener: string[] = []
  const onlyListens: Interceptor = { onOutcome: ({ error }) => listener.push(error?.name ?? 'ok') }
  const use = async (it: Simulation, behind: Witness): Promise<void> => {
    const send = async (value: string): Promise<DeliveryError> =>
      it.run(it.producer.send(record(value)).then(() => t.fail() as never, (error: unknown) => error as DeliveryError)) // prettier-ignore
    const error = await send('bad')
    t.match(error, { name: 'InvalidRecordError', outcome: 'not-written', topic: 'orders' })
    t.match(error.message, /onSend threw: not that one/)
    t.type(error.cause, RangeError)
    t.match((await send('later')).message, /returned a promise/)
    const told: unknown[] = []
    t.ok(it.producer.enqueue(record('bad'), (error) => told.push(error?.name)))
    t.strictSame(told, [], 'never during the call')
    const all = await it.run(it.producer.sendAll(['a', 'bad', 'b'].map(record)).catch((error: unknown) => error)) // prettier-ignore
    t.match(all, {
      name: 'SendAllError',
      results: [{ status: 'fulfilled' }, { status: 'rejected' }, {}],
    })
    t.strictSame(told, ['InvalidRecordError'])
    t.equal(before.sent.length, 6)
    t.equal(before.outcomes.length, 6)
    t.strictSame(behind.told, ['a: 0', 'b: 1'])
    t.equal(listener.length, 6)
    t.strictSame(values(it.cluster, 'orders'), ['a', 'b'])
  }
  await withWitness(use, {}, [before, picky, onlyListens])
})

t.test('what onSend returns is checked as any record', async (t) => {
  const returns = [null, 7, {}, { topic: '', value: 'x' }] as never[]
  for (const returned of returns) {
    const use = async (it: Simulation, witness: Witness): Promise<void> => {
      t.equal(await it.run(nameOf(it.producer.send(record('x')))), 'InvalidRecordError')
      t.equal(witness.outcomes.length, 1)
    }
    await withWitness(use, {}, [{ onSend: () => returned }, new Blind()])
  }
})

/** Looks at nothing, so that the one behind it is not the first to fail. */
class Blind implements Interceptor {
  onSend(): undefined {}
}

t.test('what onOutcome throws, or rejects with, is logged and harms nobody', async (t) => {
  const logged: string[] = []
  const error = (facts: object, message: string): void =>
    void logged.push(`${message}: ${String((facts as { err?: Error }).err?.message)}`)
  const nothing = (): void => {}
  const logger = { debug: nothing, info: nothing, warn: nothing, error }
  const throws: Interceptor = {
    onOutcome() {
      throw new Error('one')
    },
  }
  const rejects = { onOutcome: () => Promise.reject(new Error('two')) as never }
  const rejection = { then: (_: unknown, no: (error: Error) => void) => no(new Error('three')) }
  const likeIt = { onOutcome: () => rejection as never }
  const use = async (it: Simulation, witness: Witness): Promise<void> => {
    await it.run(it.producer.send(record('a')))
    t.strictSame(witness.told, ['a: 0'])
    const what = "an interceptor's onOutcome threw"
    t.strictSame(logged, [`${what}: one`, `${what}: two`, `${what}: three`])
  }
  await withWitness(use, { logger }, [throws, rejects, likeIt])
})

t.test('a record that is refused at once has an outcome', async (t) => {
  await withWitness(async (it, witness) => {
    const bad = { topic: 'orders', value: undefined } as never
    t.equal(await it.run(nameOf(it.producer.send(bad))), 'InvalidRecordError')
    t.equal(await it.run(nameOf(it.producer.sendAll([bad]))), 'SendAllError')
    t.ok(it.producer.enqueue(bad))
    await it.run(it.producer.close())
    t.equal(await it.run(nameOf(it.producer.send(record('a')))), 'ClosedError')
    t.equal(await it.run(nameOf(it.producer.sendAll([record('b')]))), 'SendAllError')
    t.ok(it.producer.enqueue(record('c'), () => {}))
    await it.clock.settle()
    t.strictSame(
      witness.outcomes.map(({ error }) => error?.name),
      [...Array<string>(3).fill('InvalidRecordError'), ...Array<string>(3).fill('ClosedError')],
    )
    t.equal(witness.sent.length, 6)
  })
})

t.test('options that are none are refused before anybody sees the record', async (t) => {
  await withWitness(async (it, witness) => {
    const signal = {} as never
    t.equal(await it.run(nameOf(it.producer.send(record('a'), { signal }))), 'InvalidRecordError')
    t.throws(() => it.producer.enqueue(record('a'), 7 as never))
    t.strictSame(witness.sent, [])
  })
})

t.test('a batch that fails, and one that is given up by close', async (t) => {
  await withWitness(async (it, witness) => {
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
    const promise = nameOf(it.producer.send(record('a')))
    t.not(await it.run(promise), 'ok')
    await it.run(it.producer.send(record('b')))
    it.cluster.failNext('Produce', { silent: true })
    const waits = nameOf(it.producer.send(record('c')))
    it.producer.enqueue(record('d'))
    await it.run(it.producer.close({ timeoutMs: 10 }))
    t.equal(await it.run(waits), 'ClosedError')
    t.equal(witness.outcomes.length, 4)
    t.strictSame(witness.told.slice(1), ['b: 0', 'c: ClosedError', 'd: ClosedError'])
  })
})

t.test('records of a batch that is split have their outcomes', async (t) => {
  await withWitness(
    async (it, witness) => {
      const all = ['a', 'b', 'c', 'd'].map(record)
      it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
      const promises = [...all.slice(0, 2).map((it2) => it.producer.send(it2))]
      all.slice(2).forEach((it2) => it.producer.enqueue(it2))
      const group = it.producer.sendAll([record('e'), record('f')])
      await it.run(Promise.all([...promises, group, it.producer.flush()]))
      t.strictSame(witness.told.sort(), ['a: 0', 'b: 1', 'c: 2', 'd: 3', 'e: 4', 'f: 5'])
      t.ok(it.producer.metrics().batchesSplit > 0)
    },
    { lingerMs: 5 },
  )
})

t.test('after an abort the true outcome is told', async (t) => {
  await withWitness(
    async (it, witness) => {
      await it.run(it.producer.partitionsFor('orders'))
      const controller = new AbortController()
      const { signal } = controller
      const promise = nameOf(it.producer.send(record('a'), { signal }))
      controller.abort()
      t.equal(await it.run(promise), 'AbortedError')
      t.strictSame(witness.told, [], 'the record goes on')
      await it.run(it.producer.flush())
      t.strictSame(witness.told, ['a: 0'])
      t.equal(await it.run(nameOf(it.producer.send(record('b'), { signal }))), 'AbortedError')
      t.strictSame(witness.told, ['a: 0', 'b: AbortedError'])
    },
    { lingerMs: 5 },
  )
})

t.test('an abort before the record is placed is its outcome', async (t) => {
  await withWitness(async (it, witness) => {
    const controller = new AbortController()
    const promise = nameOf(it.producer.send(record('a'), { signal: controller.signal }))
    controller.abort() // its topic is not known yet
    t.equal(await it.run(promise), 'AbortedError')
    t.strictSame(witness.told, ['a: AbortedError'])
  })
})

t.test('failures of records without a callback are logged, and abort a transaction', async (t) => {
  const witness = new Witness()
  const interceptors = [witness as unknown as Interceptor<string, string>]
  const it = await transactionRig(t, 2, { producer: { interceptors } })
  const transaction = await it.run(it.producer.begin())
  await it.run(transaction.send({ topic: 'orders', value: 'a' }))
  t.ok(transaction.enqueue({ topic: 'orders', value: undefined } as never))
  t.equal(await it.run(nameOf(transaction.commit())), 'TransactionAbortedError')
  t.equal(witness.sent.length, 2)
  t.match(witness.told[1], /undefined: InvalidRecordError/)
  t.match(it.errors.join(), /records without a callback were not delivered/)
  t.not(await it.run(nameOf(transaction.send({ topic: 'orders', value: 'b' }))), 'ok')
  t.equal(witness.sent.length, 2, 'a transaction that is over shows them nothing')
})

t.test('enqueue shows a record once, however full the buffer is', async (t) => {
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }
  await withWitness(async (it, witness) => {
    let refused = 0
    const all = Array.from({ length: 200 }, (_, i) => `${i} ${'x'.repeat(500)}`)
    const told: string[] = []
    const fill = async (): Promise<void> => {
      for (const value of all) {
        while (!it.producer.enqueue(record(value), (error) => told.push(error?.name ?? value))) {
          refused++
          await it.producer.writable()
        }
      }
      await it.producer.flush()
    }
    await it.run(fill())
    t.ok(refused > 5)
    t.equal(witness.sent.length, all.length)
    t.strictSame(told, all)
    t.strictSame(values(it.cluster, 'orders'), all)
    t.equal(witness.outcomes.length, all.length)
  }, options)
})

t.test('enqueue that finds no room takes one record and no more', async (t) => {
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024, maxBlockMs: 1_000 }
  await withWitness(async (it, witness) => {
    await it.run(it.producer.partitionsFor('orders'))
    it.cluster.failNext('Produce', { silent: true })
    const told: string[] = []
    let accepted = 0
    while (
      it.producer.enqueue(record('x'.repeat(500)), (error) => told.push(error?.name ?? 'ok'))
    ) {
      accepted++
    }
    t.notOk(it.producer.enqueue(record('y')))
    t.equal(witness.sent.length, accepted)
    await it.run(it.producer.writable())
    t.ok(told.includes('BufferFullError'), 'the last one waited for room, as a send does')
    await it.run(it.producer.close({ timeoutMs: 0 }))
    t.equal(witness.outcomes.length, accepted)
    t.equal(told.length, accepted)
  }, options)
})

const PATIENT = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024, maxBlockMs: 200 }

t.test('streams and sources wait as long as it takes, and a record is seen once', async (t) => {
  const all = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(500)}`)
  async function* source(): AsyncGenerator<ProducerRecord> {
    for (const value of all) yield record(value)
  }
  const calls: Record<string, (it: Simulation) => Promise<unknown>> = {
    stream: ({ producer }) => pipeline(Readable.from(source()), producer.createWriteStream()),
    sendAll: ({ producer }) => producer.sendAll(source()),
    async sendEach({ producer }) {
      for await (const { error } of producer.sendEach(source())) t.equal(error, null)
    },
  }
  for (const [name, call] of Object.entries(calls)) {
    await withWitness(async (it, witness) => {
      await it.run(it.producer.partitionsFor('orders'))
      it.cluster.broker(1).freeze()
      const done = call(it)
      for (let i = 0; i < 20; i++) await it.clock.advanceSettled(100)
      it.cluster.broker(1).unfreeze()
      await it.run(done)
      t.strictSame(values(it.cluster, 'orders'), all, name)
      t.equal(witness.sent.length, all.length, name)
      t.strictSame(witness.told.length, all.length, name)
    }, PATIENT)
  }
})

t.test('a stream that ends while a record it has shown waits makes way for others', async (t) => {
  for (const how of ['destroyed', 'producer closed'] as const) {
    await withWitness(async (it, witness) => {
      const { producer, cluster, clock } = it
      await it.run(producer.partitionsFor('orders'))
      cluster.broker(1).freeze()
      const stream = producer.createWriteStream()
      stream.on('error', () => {})
      for (let i = 0; i < 60; i++) stream.write(record(`${i} ${'x'.repeat(500)}`), () => {})
      await clock.settle()
      const seen = witness.sent.length
      const other = producer.sendAll(
        (async function* () {
          yield record('another')
        })(),
      )
      const told = nameOf(other)
      await clock.settle()
      t.equal(witness.sent.length, seen, 'that one waits unseen')
      if (how === 'destroyed') stream.destroy()
      else void producer.close()
      await clock.settle()
      cluster.broker(1).unfreeze()
      t.equal(await it.run(told), how === 'destroyed' ? 'ok' : 'SendAllError')
      await it.run(producer.flush())
      t.equal(witness.outcomes.length, witness.sent.length, 'each has its outcome')
      const name = how === 'destroyed' ? 'AbortedError' : 'ClosedError'
      t.equal(witness.told.filter((it) => it.endsWith(name)).length, 1)
    }, PATIENT)
  }
})

const fates = fc.record({
  values: fc.array(fc.constantFrom('plain', 'throws', 'bad', 'aborted', 'large'), {
    maxLength: 30,
  }),
  kinds: fc.array(fc.constantFrom('send', 'enqueue', 'sendAll'), { minLength: 30, maxLength: 30 }),
  faults: fc.array(
    fc.constantFrom(
      { errorCode: ErrorCodes.MESSAGE_TOO_LARGE },
      { errorCode: ErrorCodes.INVALID_RECORD },
      { errorCode: ErrorCodes.NOT_LEADER_OR_FOLLOWER },
      { disconnect: 'after' } as const,
    ),
    { maxLength: 4 },
  ),
  closesEarly: fc.boolean(),
})

t.test('one outcome for each record that was seen, and the one that its caller has', async (t) => {
  await fc.assert(
    fc.asyncProperty(fates, async (plan) => isOnce(t, plan)),
    { numRuns: 60 },
  )
})

async function isOnce(
  t: Test,
  plan: {
    readonly values: readonly string[]
    readonly kinds: readonly string[]
    readonly faults: readonly Parameters<Simulation['cluster']['failNext']>[1][]
    readonly closesEarly: boolean
  },
): Promise<boolean> {
  const throwing: Interceptor = {
    onSend({ value }) {
      if (String(value).startsWith('throws')) throw new Error('no')
      return undefined
    },
  }
  const first = new Witness()
  const interceptors = [first, throwing]
  const options = { interceptors, bufferMemoryBytes: 16_384, batchSizeBytes: 2048, lingerMs: 1 }
  const it = await simulate({ topics: { orders: {} } }, options)
  for (const fault of plan.faults) it.cluster.failNext('Produce', fault)
  const told = new Map<string, string>()
  const settled = plan.values.map(async (what, i) => {
    const value = what === 'large' ? `large ${i} ${'x'.repeat(600)}` : `${what} ${i}`
    const given = what === 'bad' ? { ...record(value), zebra: 1 } : record(value)
    const tell = (error: unknown): void =>
      void told.set(value, error === null ? 'ok' : String((error as Error).name))
    const signal = what === 'aborted' ? AbortSignal.abort() : new AbortController().signal
    if (plan.kinds[i] === 'send') {
      await it.producer.send(given, { signal }).then(() => tell(null), tell)
    } else if (plan.kinds[i] === 'sendAll') {
      await it.producer.sendAll([given]).then(
        () => tell(null),
        (error: unknown) => tell((error as Error).cause),
      )
    } else {
      await new Promise<void>((resolve) => {
        const onOutcome = (error: Error | null): void => resolve(tell(error))
        if (!it.producer.enqueue(given, onOutcome)) resolve()
      })
    }
  })
  if (!plan.closesEarly) await it.run(Promise.all(settled))
  await it.run(it.producer.close({ timeoutMs: 5 }))
  await it.run(Promise.all(settled))
  await it.cluster.close()
  const seen = first.outcomes.map(({ record: { value }, error }) => [
    String(value),
    error?.name ?? 'ok',
  ])
  t.strictSame(new Map(seen as [string, string][]), told)
  t.equal(seen.length, told.size)
  t.equal(first.sent.length, told.size)
  return true
}
