/** What a partition makes of batches of transactions and of markers. */
import t from 'tap'
import { errorCode } from '../../../src/protocol/error-codes.js'
import { ProducerStates, type BatchIdentity } from '../../../src/testing/producer-state.js'
import { decodeBatch } from '../../../src/protocol/record-batch-reader.js'
import { decodeMarker, encodeMarker } from '../../../src/testing/transactions/markers.js'

const P = 7n
const batch = (baseSequence: number, producerEpoch = 0, isTransactional = true): BatchIdentity => {
  return { producerId: P, producerEpoch, baseSequence, recordCount: 1, isTransactional }
}
const marker = (producerEpoch: number, coordinatorEpoch = 0) => {
  return { producerId: P, producerEpoch, committed: true, coordinatorEpoch }
}
const question = (lowestSequence: number, epoch = 0, raisesEpochs = true) => {
  return { lowestSequence, epoch, raisesEpochs }
}

type Guard = Parameters<ProducerStates['judge']>[1]

function judge(states: ProducerStates, it: BatchIdentity, guard: Guard = null): string {
  const verdict = states.judge(it, guard)
  return verdict.action === 'refuse' ? errorCode(verdict.errorCode).name : verdict.action
}

t.test('the first batch of a transaction needs a question that no marker has overtaken', (t) => {
  const states = new ProducerStates()
  t.equal(judge(states, batch(0)), 'INVALID_TXN_STATE')
  const guard = states.guards.ask(P, question(0))
  states.end(marker(0), 0, 0)
  t.equal(judge(states, batch(0), guard), 'INVALID_TXN_STATE', 'a marker came in between')
  const second = states.guards.ask(P, question(0))
  t.equal(judge(states, batch(0), second), 'append')
  states.remember(batch(0), 1, 0)
  t.equal(judge(states, batch(1)), 'append', 'it is open')
  t.equal(judge(states, batch(1, 0, false)), 'INVALID_TXN_STATE', 'a plain batch within it')
  t.equal(judge(states, batch(0)), 'duplicate')
  t.equal(judge(states, batch(0, 1)), 'INVALID_TXN_STATE', 'of another epoch')
  t.end()
})

t.test('the lowest sequence that asked goes first', (t) => {
  const states = new ProducerStates()
  const guard = states.guards.ask(P, question(3, 0, false))
  states.guards.ask(P, question(1, 0, false))
  states.guards.ask(P, question(5, 0, false))
  t.equal(judge(states, batch(3), guard), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  t.equal(judge(states, batch(1), guard), 'append', 'a producer that is unknown begins anywhere')
  states.guards.ask(P, question(4, 1, false))
  t.equal(judge(states, batch(4, 1), guard), 'append', 'a new epoch forgets')
  const raising = new ProducerStates()
  const first = raising.guards.ask(P, question(1))
  t.equal(judge(raising, batch(1), first), 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'from v12 on with 0')
  t.end()
})

t.test('an epoch begins with sequence 0, after a marker too', (t) => {
  const states = new ProducerStates()
  states.remember(batch(0), 0, 0)
  t.strictSame(states.openSince, [0])
  const ended = { producerId: P, firstOffset: 0, lastOffset: 1, committed: true }
  t.strictSame(states.end(marker(1), 1, 0), ended)
  t.equal(states.end(marker(1), 2, 0), null, 'nothing was open')
  t.equal(judge(states, batch(1)), 'INVALID_PRODUCER_EPOCH')
  const guard = states.guards.ask(P, question(0, 1))
  t.equal(judge(states, batch(1, 1), guard), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  t.equal(judge(states, batch(0, 1), guard), 'append')
  t.end()
})

t.test('which markers are taken', (t) => {
  const states = new ProducerStates()
  t.ok(states.takesMarker(marker(0), 0), 'of an unknown producer')
  states.remember(batch(0, 3), 0, 0)
  t.strictSame([2, 3, 4].map((it) => states.takesMarker(marker(it), 0)), [false, true, true]) // prettier-ignore
  t.strictSame([2, 3, 4].map((it) => states.takesMarker(marker(it), 2)), [false, false, true]) // prettier-ignore
  states.end(marker(4, 2), 1, 0)
  t.ok(states.takesMarker(marker(4, 2), 2), 'a repetition')
  t.notOk(states.takesMarker(marker(5, 1), 2), 'of a coordinator that was replaced')
  t.end()
})

t.test('a producer with an open transaction is not forgotten', (t) => {
  const states = new ProducerStates()
  states.remember(batch(0), 0, 1000)
  t.strictSame(states.expire(99_000, 1), [])
  states.end(marker(1), 1, 50_000)
  t.strictSame(states.expire(99_000, 49_001), [])
  t.strictSame(states.expire(99_000, 49_000), [P])
  t.end()
})

t.test('a marker is a control batch of one record', (t) => {
  for (const committed of [true, false]) {
    const it = { producerId: 1n << 60n, producerEpoch: 32_767, committed, coordinatorEpoch: 9 }
    const decoded = decodeBatch(encodeMarker(it, 1234))
    t.strictSame(decodeMarker(decoded), it)
    t.ok(decoded.isControl && decoded.isTransactional)
    t.strictSame([decoded.baseSequence, decoded.recordCount, decoded.maxTimestamp], [-1, 1, 1234])
  }
  t.end()
})
