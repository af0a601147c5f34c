/** transaction(fn): what it resolves and rejects with, and when the function is called again. */
import { getEventListeners } from 'node:events'
import t from 'tap'
import type { TransactionAbortedError } from '../../../src/index.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { ABORTED, fateOf, FENCED, LEVELS, rig, UNKNOWN, type TestTransaction } from './support.js'

t.test('it commits, and resolves to what the function does', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const result = it.producer.transaction(async (txn) => {
      await txn.send({ topic: 'orders', partition: 0, value: 'a' })
      txn.enqueue({ topic: 'orders', partition: 0, value: 'b' })
      await txn.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 4n }])
      return 7
    })
    t.equal(await it.run(result), 7)
    t.strictSame(it.committed(), ['a', 'b'])
    t.match(it.cluster.committedOffsets('g'), [{ offset: 4n }])
    t.equal(await it.run(it.producer.transaction(() => 'not a promise')), 'not a promise')
  }
})

t.test('where the function throws, it is aborted, and that is what is thrown', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const thrown = new Error('mine')
    let calls = 0
    const result = it.producer.transaction(
      async (txn) => {
        calls++
        await txn.send({ topic: 'orders', partition: 0, value: 'a' })
        await txn.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 4n }])
        throw thrown
      },
      { attempts: 5 },
    )
    t.equal(await it.failure(result), thrown)
    t.equal(calls, 1, 'a repeat was not asked for')
    t.strictSame(it.committed(), [])
    t.strictSame(it.cluster.committedOffsets('g'), [])
    t.strictSame(it.ends, [false])
    for (const odd of [undefined, null, 'text']) {
      const rejected = it.producer.transaction(() => Promise.reject(odd)) // eslint-disable-line @typescript-eslint/prefer-promise-reject-errors -- as a user may
      t.equal(await it.failure(rejected), odd)
    }
  }
})

t.test('a record that fails without being waited for forbids the commit', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
    const result = it.producer.transaction((txn) => {
      void fateOf(txn.send({ topic: 'orders', value: 'a' }))
    })
    t.match(await it.failure(result), { code: ABORTED, retriable: false })
    t.strictSame(it.committed(), [])
  }
})

/** Calls of a function, and what it was told of each that failed. */
const AGAIN: Readonly<Record<string, { api: 'Produce' | 'EndTxn' | 'TxnOffsetCommit'; code: number; calls: number; fate: string }>> = {
  'an epoch that is refused': { api: 'Produce', code: ErrorCodes.INVALID_PRODUCER_EPOCH, calls: 2, fate: 'ok' },
  'numbers out of order': { api: 'Produce', code: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, calls: 2, fate: 'ok' },
  'a commit that may be aborted': { api: 'EndTxn', code: ErrorCodes.TRANSACTION_ABORTABLE, calls: 2, fate: 'ok' },
  'a record that is none': { api: 'Produce', code: ErrorCodes.INVALID_RECORD, calls: 1, fate: ABORTED },
  'a generation that is over': { api: 'TxnOffsetCommit', code: ErrorCodes.ILLEGAL_GENERATION, calls: 1, fate: ABORTED },
  'an unknown outcome': { api: 'EndTxn', code: ErrorCodes.UNKNOWN_SERVER_ERROR, calls: 1, fate: UNKNOWN },
  'an id that is no more': { api: 'Produce', code: ErrorCodes.INVALID_PRODUCER_ID_MAPPING, calls: 1, fate: ABORTED },
} // prettier-ignore

for (const [name, { api, code, calls, fate }] of Object.entries(AGAIN)) {
  t.test(
    `after ${name} the function is called ${calls === 1 ? 'no second time' : 'again'}`,
    async (t) => {
      for (const level of LEVELS) {
        const it = await rig(t, level)
        it.cluster.failNext(api, { errorCode: code })
        const told: [string, number][] = []
        let count = 0
        const result = it.producer.transaction(
          async (txn: TestTransaction) => {
            const value = `call ${++count}`
            await Promise.all([
              txn.send({ topic: 'orders', partition: 0, value }),
              txn.sendOffsets('g', [{ topic: 'input', partition: 0, offset: BigInt(count) }]),
            ])
            return value
          },
          {
            attempts: 3,
            onRetry: ({ code }: TransactionAbortedError, attempts) => told.push([code, attempts]),
          },
        )
        const found = await it.fate(result)
        // Of a record the caller hears its own error first.
        t.ok(fate === 'ok' ? found === 'ok' : found !== 'ok', `level ${level}: ${found}`)
        t.equal(count, calls)
        t.strictSame(told, calls === 2 ? [[ABORTED, 1]] : [])
        t.strictSame(it.committed(), fate === 'ok' ? ['call 2'] : [])
        const offsets = it.cluster.committedOffsets('g').map(({ offset }) => offset)
        t.strictSame(offsets, fate === 'ok' ? [2n] : [])
      }
    },
  )
}

t.test('no more often than `attempts`, which is 1 unless it is given', async (t) => {
  for (const level of LEVELS) {
    for (const [attempts, expected] of [
      [undefined, 1],
      [1, 1],
      [3, 3],
    ] as const) {
      const it = await rig(t, level)
      const errorCode = ErrorCodes.TRANSACTION_ABORTABLE
      // Every second EndTxn is the abort.
      let count = 0
      const result = it.producer.transaction(
        async (txn) => {
          count++
          it.cluster.failNext('EndTxn', { errorCode })
          await txn.send({ topic: 'orders', value: 'a' })
        },
        { attempts },
      )
      t.match(await it.failure(result), { code: ABORTED, retriable: true })
      t.equal(count, expected, `level ${level}`)
      t.strictSame(it.ends, Array(expected).fill([true, false]).flat())
    }
  }
})

t.test('fenced, the function is not called again', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    let count = 0
    const result = it.producer.transaction(
      async (txn) => {
        count++
        await txn.send({ topic: 'orders', value: 'a' })
        await it.open('copy-0').connect()
      },
      { attempts: 3 },
    )
    t.equal(await it.fate(result), FENCED, `level ${level}`)
    t.equal(count, 1)
  }
})

t.test('a signal aborts it, and that is what it is rejected with', async (t) => {
  for (const level of LEVELS) {
    for (const waits of [true, false]) {
      const it = await rig(t, level)
      const controller = new AbortController()
      const reason = new Error('enough')
      const result = it.producer.transaction(
        async (txn) => {
          await txn.send({ topic: 'orders', value: 'a' })
          controller.abort(reason)
          if (waits) await txn.send({ topic: 'orders', value: 'b' })
        },
        { signal: controller.signal, attempts: 3 },
      )
      t.match(
        await it.failure(result),
        { code: 'ERR_OTTLA_ABORTED', cause: reason },
        `level ${level}`,
      )
      t.strictSame(it.committed(), [])
      t.strictSame(it.ends, [false])
    }
    const it = await rig(t, level)
    let count = 0
    const fired = it.producer.transaction(() => count++, { signal: AbortSignal.abort() })
    t.equal(await it.fate(fired), 'ERR_OTTLA_ABORTED')
    t.equal(count, 0)
    const controller = new AbortController()
    it.cluster.failNext('EndTxn', { delayMs: 300 })
    const late = it.producer.transaction((txn) => txn.send({ topic: 'orders', value: 'a' }), {
      signal: controller.signal,
    })
    await it.until(() => it.count('EndTxn') === 1)
    controller.abort()
    t.equal(await it.fate(late), 'ok', 'the commit was under way')
    t.strictSame(it.committed(), ['a'])
  }
})

t.test('a signal that fires just as the transaction has begun aborts it, too', async (t) => {
  const it = await rig(t, 2)
  const controller = new AbortController()
  const begin = it.producer.begin.bind(it.producer)
  it.producer.begin = async (options) => {
    const transaction = await begin(options)
    controller.abort()
    return transaction
  }
  const action = (): string => 'nothing sent'
  const result = it.producer.transaction(action, { signal: controller.signal })
  t.equal(await it.fate(result), 'ERR_OTTLA_ABORTED')
})

t.test('twenty calls that wait for their turn share one listener on their signal', async (t) => {
  const it = await rig(t, 2)
  const { signal } = new AbortController()
  let most = 0
  const calls = Array.from({ length: 20 }, () =>
    it.producer.transaction(
      () => void (most = Math.max(most, getEventListeners(signal, 'abort').length)),
      { signal },
    ),
  )
  await it.run(Promise.all(calls))
  t.equal(most, 1)
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('concurrent calls take turns', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const order: string[] = []
    const all = ['a', 'b', 'c'].map((value) =>
      it.producer.transaction(async (txn) => {
        order.push(`+${value}`)
        await txn.send({ topic: 'orders', partition: 0, value })
        order.push(`-${value}`)
      }),
    )
    await it.run(Promise.all(all))
    t.strictSame(order, ['+a', '-a', '+b', '-b', '+c', '-c'])
    t.strictSame(it.committed(), ['a', 'b', 'c'])
  }
})
