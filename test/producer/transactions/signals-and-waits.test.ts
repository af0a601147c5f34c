/** What is asked of a coordinator in vain, and of nobody: a signal that has fired, an end without an answer. */
import t from 'tap'
import type { TransactionAbortedError } from '../../../src/index.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { waitFor } from '../../../src/producer/transactions/wait.js'
import { ManualClock } from '../../support/manual-clock.js'
import { ABORTED, failureOf, fateOf, LEVELS, rig } from './support.js'

const OFFSETS = [{ topic: 'input', partition: 0, offset: 1n }]

/** The rejections that nobody hears of, until the test ends. */
function unheard(t: { teardown(callback: () => void): void }): unknown[] {
  const reasons: unknown[] = []
  const listener = (reason: unknown): void => void reasons.push(reason)
  process.on('unhandledRejection', listener)
  t.teardown(() => process.off('unhandledRejection', listener))
  return reasons
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('a signal that has fired: nothing is asked, and nobody is fenced', async (t) => {
  const reasons = unheard(t)
  const signal = AbortSignal.abort()
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const open = await it.begin()
    const second = it.open('copy-0')
    const closed = it.open('copy-1')
    await it.run(closed.close())
    for (const producer of [second, closed]) {
      t.equal(await it.fate(producer.begin({ signal })), 'ERR_OTTLA_ABORTED')
      t.equal(await it.fate(producer.transaction(() => 1, { signal })), 'ERR_OTTLA_ABORTED')
    }
    t.equal(it.count('InitProducerId'), 1, `level ${level}: of the open one`)
    t.equal(await it.fate(open.commit()), 'ok')
  }
  await turn()
  t.strictSame(reasons, [])
})

t.test('waitFor hears of its promise, also where it never waits', async (t) => {
  const reasons = unheard(t)
  const limits = { clock: new ManualClock(), timeoutMs: 1, onTimeout: () => new Error('late') }
  const waiting = waitFor(Promise.reject(new Error('nobody hears this')), {
    ...limits,
    signal: AbortSignal.abort(),
  })
  t.match(await failureOf(waiting), { message: 'late' })
  await turn()
  t.strictSame(reasons, [])
})

t.test(
  'an onRetry that throws, or rejects: it is logged, and the function runs again',
  async (t) => {
    const reasons = unheard(t)
    const thrown = new Error('of the user')
    const callbacks = [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown) as never,
    ]
    for (const onRetry of callbacks as ((error: TransactionAbortedError) => void)[]) {
      const it = await rig(t, 2)
      it.cluster.failNext('EndTxn', { errorCode: ErrorCodes.TRANSACTION_ABORTABLE })
      const run = it.producer.transaction((txn) => txn.send({ topic: 'orders', value: 'a' }), {
        attempts: 2,
        onRetry,
      })
      t.equal(await it.fate(run), 'ok')
      t.strictSame(it.committed(), ['a'])
      await turn()
      t.strictSame(it.errors, ['a delivery callback threw: of the user'])
    }
    t.strictSame(reasons, [])
  },
)

const PATIENCE = { transactionTimeoutMs: 6000, maxBlockMs: 60_000 }

t.test('a transaction behind one that has no answer is aborted in its time', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: PATIENCE })
    const first = await it.begin()
    t.equal(await it.run(it.send(first, 'first')), 'ok')
    const loading = { errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS, times: Infinity }
    it.cluster.failNext('EndTxn', loading)
    const committed = fateOf(first.commit())
    const next = await it.begin()
    const sinceMs = it.clock.monotonicMs()
    const failure = await it.failure(next.sendOffsets('g', OFFSETS))
    t.match(failure, { code: ABORTED, retriable: true, message: /end of the one before/ })
    t.equal(it.clock.monotonicMs() - sinceMs, 5000, 'five sixths')
    it.cluster.clearFaults()
    t.equal(await it.run(committed), 'ok')
    const third = await it.begin()
    t.equal(await it.fate(third.sendOffsets('g', OFFSETS)), 'ok')
    t.equal(await it.fate(third.commit()), 'ok')
    t.equal(it.cluster.committedOffsets('g').length, 1, `level ${level}`)
  }
})

t.test('the same behind an epoch that is not given', async (t) => {
  const it = await rig(t, 1, { producer: { ...PATIENCE, requestTimeoutMs: 1000 } })
  const first = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_PRODUCER_EPOCH })
  it.cluster.failNext('InitProducerId', { silent: true, times: Infinity })
  const sent = await it.run(it.send(first, 'first'))
  t.not(sent, 'ok')
  const next = await it.begin()
  t.match(await it.failure(next.sendOffsets('g', OFFSETS)), { code: ABORTED, retriable: true })
  it.cluster.clearFaults()
  await it.commit('later')
  t.strictSame(it.committed(), ['later'])
})

t.test('its time begins anew once it sends', async (t) => {
  const it = await rig(t, 2, { producer: PATIENCE })
  const first = await it.begin()
  t.equal(await it.run(it.send(first, 'first')), 'ok')
  const loading = { errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS, times: Infinity }
  it.cluster.failNext('EndTxn', loading)
  const committed = fateOf(first.commit())
  const next = await it.begin()
  const sent = it.send(next, 'next')
  await it.advance(4000)
  it.cluster.clearFaults()
  t.equal(await it.run(committed), 'ok')
  t.equal(await it.run(sent), 'ok')
  await it.advance(4000)
  t.equal(next.state, 'open')
  t.equal(await it.fate(next.commit()), 'ok')
})
