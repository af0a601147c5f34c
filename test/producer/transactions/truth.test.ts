/** What an end that was not answered as hoped is told as, and what comes after it. */
import t from 'tap'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { failureOf, fateOf, LEVELS, rig } from './support.js'

const UNKNOWN = 'ERR_OTTLA_TRANSACTION_UNKNOWN'

t.test('an abort that was not carried out is followed by nothing', async (t) => {
  const { TRANSACTION_ABORTABLE, GROUP_AUTHORIZATION_FAILED } = ErrorCodes
  for (const level of LEVELS) {
    for (const errorCode of [TRANSACTION_ABORTABLE, GROUP_AUTHORIZATION_FAILED]) {
      const it = await rig(t, level)
      const transaction = await it.begin()
      t.equal(await it.run(it.send(transaction, 'aborted')), 'ok')
      it.cluster.failNext('EndTxn', { errorCode: ErrorCodes.NOT_COORDINATOR })
      it.cluster.failNext('FindCoordinator', { errorCode })
      await it.fate(transaction.abort())
      await it.fate(it.producer.transaction((next) => next.send({ topic: 'orders', value: 'b' })))
      t.notOk(it.committed().includes('aborted'), `level ${level}, ${errorCode}`)
    }
  }
})

t.test('offsets that are refused end their transaction, and no other', async (t) => {
  for (const level of LEVELS) {
    for (const name of ['OFFSET_METADATA_TOO_LARGE', 'INVALID_COMMIT_OFFSET_SIZE', 'TOPIC_AUTHORIZATION_FAILED'] as const) {
      const it = await rig(t, level)
      const offsets = [{ topic: 'orders', partition: 0, offset: 1n }]
      it.cluster.failNext('TxnOffsetCommit', { errorCode: ErrorCodes[name] })
      const work = it.producer.transaction((next) => next.sendOffsets('group', offsets))
      const error = await it.run(failureOf(work))
      t.match(error.message, name)
      if (name === 'TOPIC_AUTHORIZATION_FAILED') t.match(error.message, /Read on topic "orders" is not allowed.*--operation Read --topic orders/)
      await it.run(it.producer.transaction((next) => next.send({ topic: 'orders', value: name })))
      t.ok(it.committed().includes(name))
    }
  }
}) // prettier-ignore

t.test('an abort that the coordinator refuses with 59 is followed by nothing', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'aborted')), 'ok')
    it.cluster.failNext('EndTxn', { errorCode: ErrorCodes.UNKNOWN_PRODUCER_ID })
    await it.fate(transaction.abort())
    await it.fate(it.producer.transaction((next) => next.send({ topic: 'orders', value: 'b' })))
    t.notOk(it.committed().includes('aborted'), `level ${level}`)
  }
})

t.test(
  'a commit that may hold is not told as aborted by who closes amid the search for it',
  async (t) => {
    const it = await rig(t, 2, { delayMs: () => 5 })
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    it.cluster.failNext('EndTxn', { disconnect: 'after' })
    const committed = fateOf(transaction.commit())
    await it.until(() => it.count('EndTxn') === 1)
    it.cluster.failNext('EndTxn', { errorCode: ErrorCodes.INVALID_TXN_STATE })
    await it.until(() => it.count('EndTxn') === 2)
    it.cluster.failNext('EndTxn', { disconnect: 'before', times: 1000 })
    await it.until(() => transaction.state === 'aborting')
    await it.fate(it.producer.close({ timeoutMs: 200 }))
    t.equal(await it.run(committed), UNKNOWN)
    t.equal(transaction.state, 'unknown')
    t.strictSame(it.committed(), ['a'])
  },
)

t.test('after an unknown outcome, who never began is not told that his is unknown', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { errorCode: -1 })
    let calls = 0
    const send = (value: string): Promise<unknown> =>
      it.producer.transaction((transaction) => {
        calls++
        return transaction.send({ topic: 'orders', value })
      })
    const first = fateOf(send('a'))
    const others = [failureOf(send('b')), failureOf(send('c'))]
    t.equal(await it.run(first), UNKNOWN)
    const before = calls
    const later = await it.failure(send('d'))
    for (const error of [...(await it.run(Promise.all(others))), later]) {
      t.not(error.code, UNKNOWN, `level ${level}: ${error.message}`)
    }
    t.equal(calls, before)
  }
})

t.test(
  'a commit that was carried out, refused for now and fenced is not told as fenced',
  async (t) => {
    const { REQUEST_TIMED_OUT, NETWORK_EXCEPTION, COORDINATOR_LOAD_IN_PROGRESS } = ErrorCodes
    for (const level of LEVELS) {
      for (const errorCode of [
        REQUEST_TIMED_OUT,
        NETWORK_EXCEPTION,
        COORDINATOR_LOAD_IN_PROGRESS,
      ]) {
        const pause = { retryBackoffMs: 3000, retryBackoffMaxMs: 3000 }
        const it = await rig(t, level, { producer: pause })
        const transaction = await it.begin()
        t.equal(await it.run(it.send(transaction, 'a')), 'ok')
        it.cluster.failNext('EndTxn', { errorCode, appended: true })
        const committed = fateOf(transaction.commit())
        await it.until(() => it.count('EndTxn') === 1)
        await it.run(it.open('copy-0').connect()) // fences the first, which pauses
        t.equal(await it.run(committed), UNKNOWN, `level ${level}, ${errorCode}`)
        t.strictSame(it.committed(), ['a'])
      }
    }
  },
)

t.test('what the function has thrown comes out, also after a commit of its own', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const thrown = new RangeError('mine')
    const error = await it.failure(
      it.producer.transaction(async (transaction) => {
        await transaction.send({ topic: 'orders', value: 'a' })
        await transaction.commit()
        throw thrown
      }),
    )
    t.equal(error, thrown)
    t.strictSame(it.committed(), ['a'])
  }
})
