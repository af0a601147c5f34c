/** The window of five batches, against a model that keeps every batch ever appended. */
import fc from 'fast-check'
import t from 'tap'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { ProducerStates, type BatchIdentity } from '../../src/testing/producer-state.js'

const SEQUENCES = 2 ** 31

interface Appended {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly baseOffset: number
}

/** What Kafka would say, from the whole history of the epoch. */
function expected(history: readonly Appended[], { baseSequence, recordCount }: BatchIdentity) {
  const last = (baseSequence + recordCount - 1) % SEQUENCES
  const known = history.slice(-5).find((it) => it.first === baseSequence && it.last === last)
  if (known !== undefined) return known.baseOffset
  const previous = history.at(-1)
  if (previous === undefined || baseSequence === (previous.last + 1) % SEQUENCES) return 'append'
  return 'refuse'
}

t.test('judges every batch as the whole history would', (t) => {
  const attempt = fc.record({
    /** Sends the n-th last batch again, where there is one. */
    again: fc.option(fc.integer({ min: 1, max: 8 })),
    /** Else: how far before what would be in order. */
    back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -2, max: 12 })),
    recordCount: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(0, 7, SEQUENCES - 4),
      fc.array(attempt, { maxLength: 60 }),
      (start, attempts) => {
        const states = new ProducerStates()
        const history: Appended[] = []
        let next = start
        let offset = 0
        for (const { again, back, ...fresh } of attempts) {
          const old = again === null ? undefined : history.at(-again)
          const baseSequence = old?.first ?? (next - back + SEQUENCES) % SEQUENCES
          const recordCount = old?.count ?? fresh.recordCount
          const batch = { producerId: 1n, producerEpoch: 0, baseSequence, recordCount }
          const verdict = states.judge(batch)
          const want = expected(history, batch)
          if (verdict.action === 'duplicate') {
            if (verdict.original.baseOffset !== want) return false
          } else if (verdict.action !== want) return false
          if (verdict.action !== 'append') continue
          states.remember(batch, offset, 0)
          const last = (baseSequence + recordCount - 1) % SEQUENCES
          history.push({ first: baseSequence, last, count: recordCount, baseOffset: offset })
          next = (last + 1) % SEQUENCES
          offset += recordCount
        }
        return true
      },
    ),
  )
  t.end()
})

t.test('forgets who has not produced for so long, by the timestamps of its last batch', (t) => {
  const states = new ProducerStates()
  const batch = (producerId: bigint, baseSequence: number) => {
    return { producerId, producerEpoch: 0, baseSequence, recordCount: 1 }
  }
  states.remember(batch(1n, 0), 0, 9000)
  states.remember(batch(1n, 1), 1, 1000) // an older timestamp in the last batch counts
  states.remember(batch(2n, 0), 2, 9000)
  t.strictSame(states.expire(10_000, 9001), [])
  t.strictSame(states.expire(10_000, 9000), [1n])
  t.equal(states.judge(batch(1n, 7)).action, 'append')
  t.equal(states.judge(batch(2n, 7)).action, 'refuse')
  t.end()
})

t.test('keeps producers and epochs apart', (t) => {
  const states = new ProducerStates()
  const batch = (producerId: bigint, producerEpoch: number, baseSequence: number) => {
    return { producerId, producerEpoch, baseSequence, recordCount: 1 }
  }
  states.remember(batch(1n, 3, 0), 0, 0)
  t.equal(states.judge(batch(2n, 0, 9)).action, 'append', 'another producer')
  t.equal(states.judge(batch(-1n, -1, -1)).action, 'append', 'no producer')
  const refused = (errorCode: number) => ({ action: 'refuse', errorCode })
  t.strictSame(states.judge(batch(1n, 2, 1)), refused(ErrorCodes.INVALID_PRODUCER_EPOCH))
  t.strictSame(states.judge(batch(1n, 4, 1)), refused(ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER))
  t.equal(states.judge(batch(1n, 4, 0)).action, 'append')
  states.clear()
  t.equal(states.judge(batch(1n, 2, 8)).action, 'append')
  t.end()
})
