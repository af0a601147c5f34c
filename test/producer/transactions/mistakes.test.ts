/**
 * What other producers got wrong about transactions, each by its number in the list that Ottla's
 * transactions were built from (1 to 12 here, the rest in mistakes-later.test.ts): the issue that
 * reported it is in the comment.
 */
import t from 'tap'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { ABORTED, LEVELS, rig, STATE, TIMEOUT, UNKNOWN } from './support.js'

const { CONCURRENT_TRANSACTIONS, COORDINATOR_LOAD_IN_PROGRESS } = ErrorCodes
const { OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_SERVER_ERROR, TRANSACTION_ABORTABLE } = ErrorCodes

// franz-go#1017
t.test('mistake 1: the level is what is finalized, not what is offered', async (t) => {
  for (const level of [0, 1, 2] as const) {
    const it = await rig(t, level)
    await it.commit('a')
    const [end] = it.requests('EndTxn')
    const [produce] = it.requests('Produce')
    const ofLevel2 = level === 2
    t.equal(it.count('AddPartitionsToTxn'), ofLevel2 ? 0 : 1, `level ${level}`)
    t.equal((end?.version ?? 0) >= 5, ofLevel2)
    t.equal((produce?.version ?? 0) >= 12, ofLevel2)
    t.strictSame(it.committed(), ['a'])
  }
})

// franz-go#609
t.test('mistake 2: AddPartitionsToTxn from v4 on is for brokers', async (t) => {
  const it = await rig(t, 1)
  await it.commit('a')
  t.strictSame(
    it.requests('AddPartitionsToTxn').map(({ version }) => version),
    [3],
  )
})

// franz-go#967, KAFKA-5364
t.test('mistake 3: a partition is added once that is answered, not once it is asked', async (t) => {
  const it = await rig(t, 1)
  it.cluster.failNext('AddPartitionsToTxn', { errorCode: COORDINATOR_LOAD_IN_PROGRESS })
  it.cluster.failNext('AddPartitionsToTxn', { errorCode: CONCURRENT_TRANSACTIONS })
  it.cluster.failNext('AddPartitionsToTxn', { delayMs: 3, times: 3 })
  const transaction = await it.begin()
  const sent = it.send(transaction, 'a')
  await it.until(() => it.count('AddPartitionsToTxn') === 3)
  await it.settle()
  t.equal(it.count('Produce'), 0)
  t.equal(await it.run(sent), 'ok')
  await it.run(transaction.commit())
  t.strictSame(it.committed(), ['a'])
})

// franz-go de5af46a
t.test('mistake 4: a transaction of which nothing was stored is ended, too', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD, appended: true })
    const transaction = await it.begin()
    const sent = it.send(transaction, 'lost')
    t.equal(await it.fate(transaction.commit()), ABORTED)
    t.not(await it.run(sent), 'ok')
    t.strictSame(it.ends, [false])
    await it.commit('b')
    t.strictSame(it.committed(), ['b'], `level ${level}`)
  }
})

// kafkajs#296
t.test(
  'mistake 5: CONCURRENT_TRANSACTIONS at the restart after a crash is waited for',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      it.cluster.transactions.markerDelayMs = 500
      const transaction = await it.begin()
      t.equal(await it.run(it.send(transaction, 'half')), 'ok')
      await it.run(it.producer.close({ timeoutMs: 0 }))
      t.equal(it.cluster.transactions.get('copy-0')?.state, 'Ongoing')
      const again = it.open('copy-0')
      t.equal(await it.fate(again.connect()), 'ok')
      t.ok(it.count('InitProducerId') > 3, 'it was asked until the markers were written')
      await it.run(again.transaction((txn) => txn.send({ topic: 'orders', value: 'whole' })))
      await it.advance(1000)
      t.strictSame(it.committed(), ['whole'], `level ${level}`)
    }
  },
)

// KAFKA-5477, kafkajs#304, confluent-kafka-python#967
t.test(
  'mistake 6: one transaction behind another waits for markers some 20 ms, no backoff',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level, {
        producer: { retryBackoffMs: 1000, retryBackoffMaxMs: 1000 },
      })
      it.cluster.transactions.markerDelayMs = 10
      await it.commit('first')
      const startMs = it.clock.monotonicMs()
      for (let i = 0; i < 100; i++) await it.commit(`${i}`)
      const tookMs = it.clock.monotonicMs() - startMs
      t.ok(tookMs <= 100 * 25, `level ${level}: ${tookMs} ms`)
      await it.advance(100)
      t.equal(it.committed().length, 101)
    }
    const slow = await rig(t, 2, { producer: { retryBackoffMs: 1000, retryBackoffMaxMs: 1000 } })
    slow.cluster.transactions.markerDelayMs = 150 // longer than the leader itself tries again
    const startMs = slow.clock.monotonicMs()
    for (let i = 0; i < 10; i++) await slow.commit(`${i}`)
    const tookMs = slow.clock.monotonicMs() - startMs
    t.ok(tookMs < 10 * 300, `${tookMs} ms`)
  },
)

// librdkafka#3221
t.test(
  'mistake 7: CONCURRENT_TRANSACTIONS to offsets is waited for, and they are committed',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      const fault = { errorCode: CONCURRENT_TRANSACTIONS, times: 2 }
      it.cluster.failNext('AddOffsetsToTxn', fault)
      it.cluster.failNext('TxnOffsetCommit', fault)
      const transaction = await it.begin()
      const sent = transaction.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 7n }])
      await it.run(transaction.commit())
      await it.run(sent)
      t.match(it.cluster.committedOffsets('g'), [{ offset: 7n }], `level ${level}`)
    }
  },
)

// librdkafka#3575, #3971
t.test('mistake 8: no other epoch is asked for within a transaction', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    const begin = it.cluster.requests.length
    it.cluster.failNext('Produce', { errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER })
    t.not(await it.run(it.send(transaction, 'b')), 'ok')
    t.equal(await it.fate(transaction.commit()), ABORTED)
    await it.commit('c')
    const added = level === 1 ? ['InitProducerId', 'AddPartitionsToTxn'] : []
    t.strictSame(it.apis(begin), ['Produce', 'EndTxn', ...added, 'Produce', 'EndTxn'])
    t.strictSame(it.ends, [false, true])
    t.strictSame(it.committed(), ['c'], `level ${level}`)
  }
})

// KAFKA-5385, librdkafka 1.5.2 and #3325
t.test('mistake 9: a record that expired forbids the commit', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, {
      producer: { deliveryTimeoutMs: 1000, requestTimeoutMs: 500, retryBackoffMs: 300 },
    })
    const transaction = await it.begin()
    const fault = { errorCode: COORDINATOR_LOAD_IN_PROGRESS, times: 20 }
    it.cluster.failNext('AddPartitionsToTxn', fault)
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS, times: 20 })
    const sent = it.send(transaction, 'late')
    const error = await it.failure(transaction.commit())
    t.match(error, { code: ABORTED, cause: { code: 'ERR_OTTLA_DELIVERY_TIMEOUT' } })
    t.equal(await it.run(sent), 'ERR_OTTLA_DELIVERY_TIMEOUT')
    t.notOk(it.ends.includes(true), `level ${level}`)
    it.cluster.clearFaults()
    await it.commit('b')
    t.strictSame(it.committed(), ['b'])
  }
})

// librdkafka#4016, kafkajs#1355
t.test(
  'mistake 10: a commit without an answer is not stuck: commit again is its outcome',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level, { producer: { requestTimeoutMs: 2000 } })
      it.cluster.failNext('EndTxn', { silent: true })
      const transaction = await it.begin()
      void it.send(transaction, 'a')
      t.equal(await it.fate(transaction.commit({ timeoutMs: 500 })), TIMEOUT)
      t.equal(transaction.state, 'committing')
      t.equal(await it.fate(transaction.abort()), STATE)
      t.equal(it.count('EndTxn'), 1, 'one is under way')
      t.equal(await it.fate(transaction.commit()), 'ok')
      t.equal(await it.fate(transaction.commit()), 'ok')
      t.strictSame(it.ends, [true, true])
      t.strictSame(it.committed(), ['a'], `level ${level}`)
    }
  },
)

// franz-go f25fe060, 6ecd2f9f
t.test('mistake 11: a commit that must be an abort is one at the coordinator', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { errorCode: TRANSACTION_ABORTABLE })
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    t.match(await it.failure(transaction.commit()), { code: ABORTED, retriable: true })
    t.strictSame(it.ends, [true, false])
    t.equal(it.cluster.transactions.get('copy-0')?.state, 'CompleteAbort')
    t.strictSame(it.committed(), [], `level ${level}`)
  }
})

// franz-go 42b3d833
t.test('mistake 12: neither an unknown error nor a lost answer means committed', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { errorCode: UNKNOWN_SERVER_ERROR })
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    t.match(await it.failure(transaction.commit()), { code: UNKNOWN, outcome: 'unknown' })
    t.strictSame(it.committed(), [])
    for (const disconnect of ['before', 'after'] as const) {
      const again = await rig(t, level)
      again.cluster.failNext('EndTxn', { disconnect })
      const second = await again.begin()
      void again.send(second, 'b')
      t.equal(await again.fate(second.commit()), 'ok')
      t.strictSame(again.committed(), ['b'])
      t.strictSame(
        again.ends,
        [true, true],
        `level ${level}, ${disconnect}: asked until it is known`,
      )
    }
  }
})
