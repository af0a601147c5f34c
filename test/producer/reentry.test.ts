/**
 * The user's code uses the producer from within: a logger, a subscriber of a diagnostics channel, a
 * callback, a source that is ended. Whatever it does, it finds no change half done.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t, { type Test } from 'tap'
import type { DiagnosticsMessages, ProducerRecord } from '../../src/index.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, values } from '../testing/support/simulation.js'
import { CLOSED, fateOf, rig, type Rig, type TestTransaction } from './transactions/support.js'

/** A logger that sends its lines somewhere, but not for ever. */
function shipping(ship: (message: string) => void, most = 1000) {
  const lines: string[] = []
  const level = (_facts: object, message: string): void => {
    lines.push(message)
    if (lines.length < most) ship(message)
  }
  return { lines, logger: { debug() {}, info: level, warn: level, error: level } }
}

/** Calls `act` once, with the first message of the channel. */
function once<Name extends keyof DiagnosticsMessages>(
  t: Test,
  name: Name,
  act: (message: DiagnosticsMessages[Name]) => void,
): void {
  const listener = (message: unknown): void => {
    unsubscribe(name, listener)
    act(message as DiagnosticsMessages[Name])
  }
  subscribe(name, listener)
  t.teardown(() => unsubscribe(name, listener))
}

t.test('a logger sends its line amid the append of which it tells', async (t) => {
  let ship = (_: string): void => {}
  const { logger } = shipping((message) => ship(message))
  const options = { logger, compression: 'auto', batchSizeBytes: 2048 } as const
  const it = await simulate({ topics: { logs: {} } }, options)
  const failures = new Set<string>()
  const note = (error: Error | null): void => void (error && failures.add(error.message))
  await it.run(it.producer.send({ topic: 'logs', key: 'app', value: 'known' }))
  ship = (value) => void it.producer.enqueue({ topic: 'logs', key: 'app', value }, note)
  for (let i = 0; i < 1000; i++) {
    it.producer.enqueue({ topic: 'logs', key: 'app', value: `${i} ${'x'.repeat(100)}` }, note)
  }
  await it.run(it.producer.flush())
  await it.run(it.producer.close())
  t.strictSame([...failures], [])
  t.ok(values(it.cluster, 'logs').includes('compression chosen for a topic'))
  t.ok(values(it.cluster, 'logs').length > 1001)
})

t.test('a logger sends the lines that tell of its lines: close comes to an end', async (t) => {
  let ship = (_: string): void => {}
  const { lines, logger } = shipping((message) => ship(message))
  const it = await simulate({ topics: { logs: {} } }, { logger })
  await it.run(it.producer.send({ topic: 'logs', value: 'up' }))
  ship = (value) => void it.producer.enqueue({ topic: 'logs', value })
  it.cluster.broker(1).freeze()
  it.producer.enqueue({ topic: 'logs', value: 'the last line' })
  await it.run(it.producer.close({ timeoutMs: 500 }))
  t.ok(lines.length < 10, `${lines.length} lines`)
})

t.test('a subscriber sends when an open batch has failed: the record has its own time', async (t) => {
  const times = { deliveryTimeoutMs: 2000, requestTimeoutMs: 500 }
  const it = await simulate({ topics: { orders: {} } }, times)
  const told: [string, number][] = []
  const enqueue = (value: string): void => {
    const sinceMs = it.clock.monotonicMs()
    const callback = (): void => void told.push([value, it.clock.monotonicMs() - sinceMs])
    it.producer.enqueue({ topic: 'orders', partition: 0, value }, callback)
  }
  await it.run(it.producer.send({ topic: 'orders', value: 'known' }))
  it.cluster.partition('orders', 0).removeLeader()
  enqueue('refused')
  await it.clock.advanceSettled(700)
  const listener = (message: unknown): void => {
    const { attempts } = message as DiagnosticsMessages['ottla:batch:failed']
    if (attempts === 0 && told.length < 3) enqueue('new')
  }
  subscribe('ottla:batch:failed', listener)
  t.teardown(() => unsubscribe('ottla:batch:failed', listener))
  enqueue('never sent')
  for (let i = 0; i < 60; i++) await it.clock.advanceSettled(100)
  t.match(told[1], ['never sent', Number])
  t.match(told[2], ['new', Number])
  t.ok((told[2]?.[1] ?? 0) >= 2000, `told after ${told[2]?.[1]} ms`)
  await it.run(it.producer.close({ timeoutMs: 0 }))
}) // prettier-ignore

/** No defect was logged, and the producer commits the next transaction. */
async function goesOn(t: Test, it: Rig): Promise<void> {
  await it.commit('next')
  t.strictSame(it.committed(), ['next'])
  sound(t, it)
}

function sound(t: Test, { errors }: Rig): void {
  t.strictSame(errors.filter((line) => /bug in Ottla/.test(line)), []) // prettier-ignore
}

t.test('a subscriber aborts the transaction of a batch that is in the log', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  once(t, 'ottla:batch:acknowledged', () => void fateOf(transaction.abort()))
  t.equal(await it.run(it.send(transaction, 'a')), 'ok')
  await goesOn(t, it)
})

t.test('one aborts the transaction of a batch that has failed', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  once(t, 'ottla:batch:failed', () => void fateOf(transaction.abort()))
  t.equal(await it.run(it.send(transaction, 'a')), 'ERR_OTTLA_DELIVERY')
  await goesOn(t, it)
})

t.test('one aborts the transaction of a batch that is split', async (t) => {
  const it = await rig(t, 2, { producer: { lingerMs: 5 } })
  const transaction = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
  once(t, 'ottla:batch:split', () => void fateOf(transaction.abort()))
  const told: string[] = []
  for (const value of ['a', 'b']) {
    const callback = (): void => void told.push(value)
    transaction.enqueue({ topic: 'orders', partition: 0, value }, callback)
  }
  await it.until(() => transaction.state === 'aborted')
  t.strictSame(told, ['a', 'b'])
  await goesOn(t, it)
})

t.test('one closes the producer of a batch that has failed', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  once(t, 'ottla:batch:failed', () => void it.producer.close({ timeoutMs: 0 }))
  t.equal(await it.run(it.send(transaction, 'a')), 'ERR_OTTLA_DELIVERY')
  t.equal(await it.fate(it.producer.begin()), CLOSED)
  sound(t, it)
})

/** A transaction with a record in each of two partitions, that is aborted; each callback calls `act`. */
async function abortTwo(
  t: Test,
  it: Rig,
  transaction: TestTransaction,
  act: () => void,
): Promise<void> {
  const told: string[] = []
  for (const partition of [0, 1]) {
    transaction.enqueue({ topic: 'orders', partition, value: 'v' }, (error) => {
      told.push((error as { code?: string } | null)?.code ?? 'ok')
      act()
    })
  }
  t.equal(await it.fate(transaction.abort()), 'ok')
  t.equal(told.length, 2)
}

t.test('a callback closes the producer amid an abort', async (t) => {
  const it = await rig(t, 2)
  await it.commit('next')
  it.cluster.broker(1).freeze()
  const transaction = await it.begin()
  await abortTwo(t, it, transaction, () => void it.producer.close({ timeoutMs: 0 }))
  t.equal(it.producer.metrics().recordsFailed, 2)
  sound(t, it)
})

t.test('and amid the abort of a transaction that was not sent yet', async (t) => {
  const it = await rig(t, 2)
  const first = await it.begin()
  void it.send(first, 'a')
  await it.advance(100)
  it.cluster.failNext('EndTxn', { disconnect: 'before', times: Infinity })
  const committed = fateOf(first.commit())
  await it.advance(100)
  const second = await it.begin()
  await abortTwo(t, it, second, () => void it.producer.close({ timeoutMs: 0 }))
  t.not(await it.run(committed), 'ok')
  sound(t, it)
})

t.test('a callback aborts the transaction of its failed record: the next one is sound', async (t) => {
  const it = await rig(t, 2)
  const first = await it.begin()
  const next = it.producer.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  first.enqueue({ topic: 'orders', value: 'a' }, () => void fateOf(first.abort()))
  const second = await it.run(next)
  void it.send(second, 'b')
  t.equal(await it.fate(second.commit()), 'ok')
  t.strictSame(it.committed(), ['b'])
  sound(t, it)
}) // prettier-ignore

t.test('a source closes the producer when it is ended with its transaction', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  let isReturned = false
  const source: AsyncIterableIterator<ProducerRecord<string, string>> = {
    [Symbol.asyncIterator]: () => source,
    next: () => new Promise(() => {}),
    return: async () => {
      isReturned = true
      await it.producer.close({ timeoutMs: 0 })
      return { done: true, value: undefined }
    },
  }
  const sent = fateOf(transaction.sendAll(source))
  void it.send(transaction, 'a')
  t.equal(await it.fate(transaction.commit()), 'ok')
  t.equal(await it.run(sent), 'ERR_OTTLA_SEND_ALL')
  t.ok(isReturned)
  t.equal(await it.fate(it.producer.begin()), CLOSED)
  t.strictSame(it.committed(), ['a'])
  sound(t, it)
})
