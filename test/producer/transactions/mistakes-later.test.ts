/** What other producers got wrong about transactions: 13 to 26 of the list (mistakes.test.ts has the rest). */
import t from 'tap'
import type { InitProducerIdRequest } from '../../../src/protocol/messages/init-producer-id.js'
import type { ProduceRequest } from '../../../src/protocol/messages/produce.js'
import { decodeBatch } from '../../../src/protocol/record-batch-reader.js'
import { ErrorCodes, type SeenRequest } from '../../../src/testing/cluster.js'
import {
  ABORTED,
  failureOf,
  FATAL,
  fateOf,
  FENCED,
  LEVELS,
  rig,
  TIMEOUT,
  UNKNOWN,
  type Rig,
} from './support.js'

const { OUT_OF_ORDER_SEQUENCE_NUMBER, PRODUCER_FENCED, TRANSACTION_ABORTABLE } = ErrorCodes

/** Whose batches a Produce request has: `id epoch`, each once. */
function identitiesOf({ body }: SeenRequest): string[] {
  const { topicData } = body as ProduceRequest
  const batches = topicData.flatMap(({ partitionData }) =>
    partitionData.map(({ records }) => decodeBatch(Buffer.from(records ?? []))),
  )
  return [...new Set(batches.map((it) => `${it.producerId} ${it.producerEpoch}`))]
}

const inits = (it: Rig): string[] =>
  it.requests('InitProducerId').map(({ body }) => {
    const { producerId, producerEpoch } = body as InitProducerIdRequest
    return `${producerId} ${producerEpoch}`
  })

t.test('mistake 13: fenced at the second try of a commit is not "aborted"', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    it.cluster.failNext('EndTxn', { disconnect: 'after' })
    it.cluster.failNext('EndTxn', { disconnect: 'before', times: 3 })
    const committed = failureOf(transaction.commit())
    await it.until(() => it.count('EndTxn') === 1)
    const newer = it.open('copy-0')
    await it.run(newer.connect())
    t.match(await it.run(committed), { code: UNKNOWN, outcome: 'unknown', retriable: false })
    t.equal(transaction.state, 'unknown')
    t.strictSame(it.committed(), ['a'], 'it was committed')
    t.equal(await it.fate(it.producer.begin()), 'ERR_OTTLA_FATAL', `level ${level}`)
  }
})

// KAFKA-14830
t.test('mistake 14: what is told of a batch after its abort does not harm the next', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, {
      producer: { deliveryTimeoutMs: 1000, requestTimeoutMs: 800, lingerMs: 0 },
    })
    it.cluster.failNext('Produce', { errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER })
    it.cluster.failNext('Produce', { delayMs: 700 })
    const transaction = await it.begin()
    const sent = it.send(transaction, 'late')
    await it.until(() => it.count('Produce') === 1)
    const aborted = fateOf(transaction.abort())
    const next = it.producer.begin()
    t.not(await it.run(sent), 'ok')
    t.equal(it.count('EndTxn'), 0, 'a broker owes an answer')
    t.equal(await it.run(aborted), 'ok')
    const second = await it.run(next)
    void it.send(second, 'b')
    t.equal(await it.fate(second.commit()), 'ok')
    t.strictSame(it.committed(), ['b'], `level ${level}`)
  }
})

// apache/kafka#19204
t.test('mistake 15: what is fatal stays fatal, whatever comes later', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    it.cluster.failNext('Produce', { errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER })
    it.cluster.failNext('Produce', { delayMs: 500 })
    it.cluster.failNext('TxnOffsetCommit', { errorCode: PRODUCER_FENCED })
    it.cluster.failNext('EndTxn', { errorCode: PRODUCER_FENCED })
    const sent = it.send(transaction, 'b')
    await it.until(() => it.count('Produce') === 2)
    const offsets = transaction.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 1n }])
    t.not(await it.fate(offsets), 'ok')
    t.not(await it.run(sent), 'ok')
    await it.advance(1000)
    t.equal(await it.fate(transaction.commit()), FENCED)
    t.equal(await it.fate(it.producer.begin()), FENCED, `level ${level}`)
    t.equal(it.count('InitProducerId'), 1)
  }
})

// franz-go's sink race
t.test('mistake 16: no batch is sealed under an epoch that has ended', async (t) => {
  for (const level of LEVELS) {
    for (const compression of ['none', 'gzip'] as const) {
      const it = await rig(t, level, { producer: { compression, lingerMs: 5 } })
      it.cluster.transactions.markerDelayMs = 30
      it.cluster.failNext('EndTxn', { delayMs: 20, times: Infinity })
      const ends: Promise<string>[] = []
      for (let i = 0; i < 12; i++) {
        const transaction = await it.begin()
        for (const partition of [0, 1, 2]) void it.send(transaction, `${i} ${partition}`, partition)
        if (i % 4 === 3) await it.until(() => it.count('Produce') > 0)
        ends.push(fateOf(i % 4 === 3 ? transaction.abort() : transaction.commit()))
      }
      t.strictSame(new Set(await it.run(Promise.all(ends))), new Set(['ok']))
      const sent = it.requests('Produce').map(identitiesOf)
      t.ok(sent.every((it) => it.length === 1), 'no request has two identities')
      if (level === 2) t.ok(new Set(sent.flat()).size >= 9, 'each end has raised the epoch')
      await it.advance(100)
      const expected = Array.from({ length: 12 }, (_, i) => i).filter((i) => i % 4 !== 3)
      const found = it.committed().filter((value) => value?.endsWith(' 0'))
      t.strictSame(found, expected.map((i) => `${i} 0`), `level ${level}, ${compression}`)
    }
  }
}) // prettier-ignore

// spring-kafka#1408
t.test('mistake 17: one InitProducerId at a time', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { maxBlockMs: 1000 } })
    it.cluster.failNext('InitProducerId', { delayMs: 5000 })
    const fates = [it.producer.connect(), it.producer.connect(), it.producer.begin()]
    t.strictSame(await it.run(Promise.all(fates.map(fateOf))), [TIMEOUT, TIMEOUT, TIMEOUT])
    const later = [1, 2, 3].map(() => fateOf(it.producer.connect()))
    await it.run(Promise.all(later))
    await it.advance(5000)
    t.equal(await it.fate(it.producer.connect()), 'ok')
    t.equal(it.count('InitProducerId'), 1, `level ${level}`)
  }
})

// librdkafka#3800
t.test('mistake 18: fenced at InitProducerId is told, and not asked again', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('InitProducerId', { errorCode: PRODUCER_FENCED })
    t.equal(await it.fate(it.producer.connect()), FENCED)
    t.equal(await it.fate(it.producer.begin()), FENCED)
    t.equal(it.count('InitProducerId'), 1, `level ${level}`)
  }
  const it = await rig(t, 1)
  const transaction = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_PRODUCER_EPOCH })
  it.cluster.failNext('InitProducerId', { errorCode: PRODUCER_FENCED })
  void it.send(transaction, 'a')
  t.equal(await it.fate(transaction.commit()), ABORTED)
  t.equal(await it.fate(it.producer.begin()), FENCED)
  t.equal(it.count('InitProducerId'), 2)
})

// KAFKA-18019
t.test('mistake 19: an id that has expired is not taken up again by itself', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    await it.commit('a')
    it.cluster.transactions.expire('copy-0')
    const other = it.open('copy-0')
    await it.run(other.transaction((txn) => txn.send({ topic: 'orders', value: 'other' })))
    const transaction = await it.begin()
    void it.send(transaction, 'b')
    t.equal(await it.fate(transaction.commit()), ABORTED)
    t.equal(await it.fate(it.producer.begin()), FATAL, `level ${level}`)
    t.equal(it.count('InitProducerId'), 2, 'one of each')
    t.strictSame(it.committed().sort(), ['a', 'other'])
  }
})

// KAFKA-19250
t.test('mistake 20: an abort that is told to abort does not go round in circles', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { errorCode: TRANSACTION_ABORTABLE, times: Infinity })
    const transaction = await it.begin()
    t.equal(await it.run(it.send(transaction, 'a')), 'ok')
    t.equal(await it.fate(transaction.abort()), 'ok', 'nothing of it can be committed any more')
    t.equal(await it.fate(it.producer.begin()), FATAL)
    t.strictSame(it.ends, [false], `level ${level}`)
  }
})

// aiokafka#1004
t.test('mistake 21: code 13 to offsets is tried again', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('TxnOffsetCommit', { errorCode: ErrorCodes.NETWORK_EXCEPTION, times: 2 })
    const transaction = await it.begin()
    const offsets = [{ topic: 'input', partition: 1, offset: 9n }]
    t.equal(await it.fate(transaction.sendOffsets('g', offsets)), 'ok')
    t.equal(await it.fate(transaction.commit()), 'ok')
    t.match(it.cluster.committedOffsets('g'), [{ partition: 1, offset: 9n }], `level ${level}`)
  }
})

// KAFKA-18401, KAFKA-18464
t.test(
  'mistake 22: a transaction without records needs no EndTxn, and an early one waits',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      const empty = await it.begin()
      await it.run(empty.sendOffsets('g', []))
      t.equal(await it.fate(empty.commit()), 'ok')
      const dropped = await it.begin()
      t.equal(await it.fate(dropped.abort()), 'ok')
      t.equal(it.count('EndTxn'), 0)
      it.cluster.transactions.markerDelayMs = 400
      await it.commit('a')
      const next = await it.begin()
      const sent = it.send(next, 'b')
      await it.settle()
      t.equal(await it.fate(next.abort()), 'ok')
      t.not(await it.run(sent), undefined)
      await it.commit('c')
      await it.advance(1000)
      t.strictSame(it.committed(), ['a', 'c'], `level ${level}`)
    }
  },
)

// KAFKA-18227
t.test(
  'mistake 23: up to level 2 there is another epoch between; down there is nothing',
  async (t) => {
    const it = await rig(t, 1)
    await it.commit('a')
    it.cluster.setTransactionVersion(2)
    it.network.cut()
    const begin = it.cluster.requests.length
    await it.commit('b') // its connections tell the level
    await it.commit('c')
    t.strictSame(it.apis(begin), [
      ...['AddPartitionsToTxn', 'Produce', 'EndTxn'],
      ...['InitProducerId', 'Produce', 'EndTxn'],
    ])
    t.equal(inits(it).length, 2)
    t.not(inits(it)[1], '-1 -1', 'the same incarnation')
    it.cluster.setTransactionVersion(1)
    it.network.cut()
    await it.commit('d')
    const down = it.cluster.requests.length
    await it.commit('e')
    t.strictSame(it.apis(down), ['AddPartitionsToTxn', 'Produce', 'EndTxn'])
    t.strictSame(it.committed(), ['a', 'b', 'c', 'd', 'e'])
  },
)

// platformatic
t.test('mistake 24: requests of one name are each carried out', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('AddPartitionsToTxn', { delayMs: 50 })
    const transaction = await it.begin()
    const sent = [it.send(transaction, 'a', 0)]
    await it.settle()
    sent.push(it.send(transaction, 'b', 1), it.send(transaction, 'c', 2))
    const offsets = [0, 1].map((partition) =>
      fateOf(transaction.sendOffsets('g', [{ topic: 'input', partition, offset: 5n }])),
    )
    const other = fateOf(
      transaction.sendOffsets('h', [{ topic: 'input', partition: 0, offset: 6n }]),
    )
    t.strictSame(await it.run(Promise.all([...sent, ...offsets, other])), Array(6).fill('ok'))
    await it.run(transaction.commit())
    t.strictSame(it.committed(), ['a', 'b', 'c'], `level ${level}`)
    t.equal(it.cluster.committedOffsets('g').length, 2)
    t.equal(it.cluster.committedOffsets('h').length, 1)
  }
})

// platformatic
t.test(
  'mistake 25: a fresh producer asks for an id with (-1, -1), also under an old name',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      await it.commit('a')
      await it.run(it.producer.close())
      const again = it.open('copy-0')
      t.equal(await it.fate(again.connect()), 'ok')
      t.strictSame(inits(it), ['-1 -1', '-1 -1'], `level ${level}`)
    }
  },
)

// KAFKA-16217, librdkafka#3571
t.test(
  'mistake 26: no end hangs: close after an error, offsets whose coordinator moves',
  async (t) => {
    for (const level of LEVELS) {
      for (const errorCode of [PRODUCER_FENCED, ErrorCodes.UNKNOWN_SERVER_ERROR]) {
        const it = await rig(t, level)
        it.cluster.failNext('EndTxn', { errorCode, times: Infinity })
        const transaction = await it.begin()
        void it.send(transaction, 'a')
        t.not(await it.fate(transaction.commit()), 'ok')
        const startMs = it.clock.monotonicMs()
        t.equal(await it.fate(it.producer.close()), 'ok')
        t.equal(it.clock.monotonicMs(), startMs, 'there is nothing to wait for')
      }
      const it = await rig(t, level, { brokers: 3 })
      const offset = (offset: bigint) => [{ topic: 'input', partition: 0, offset }]
      const first = await it.begin()
      await it.run(first.sendOffsets('g', offset(1n)))
      await it.run(first.commit())
      const group = it.cluster.consumerGroup('g')
      const { coordinator } = group
      it.cluster.failNext('AddOffsetsToTxn', { delayMs: 100 })
      const second = await it.begin()
      const sent = fateOf(second.sendOffsets('g', offset(2n)))
      if (level === 1) await it.until(() => it.count('AddOffsetsToTxn') === 2)
      group.moveCoordinator((coordinator % 3) + 1)
      t.equal(await it.run(sent), 'ok')
      t.equal(await it.fate(second.commit()), 'ok')
      t.match(it.cluster.committedOffsets('g'), [{ offset: 2n }], `level ${level}`)
      t.ok(it.clock.monotonicMs() < 5000)
    }
  },
)
