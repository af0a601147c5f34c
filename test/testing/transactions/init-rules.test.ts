/** What becomes of an InitProducerId, row by row. */
import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { decideInit } from '../../../src/testing/transactions/init-rules.js'
import {
  TransactionMetadata,
  type TransactionState,
} from '../../../src/testing/transactions/transaction-metadata.js'

const NEW_ID = 99n
const EXHAUSTED = 32_766

function metadata(change: Partial<TransactionMetadata> = {}): TransactionMetadata {
  const it = new TransactionMetadata('copy-0', 7n, 1000)
  return Object.assign(it, { producerEpoch: 4, lastProducerEpoch: 3, ...change })
}

const decide = (it: TransactionMetadata, expected: readonly [bigint, number] | null = null) => {
  const identity = expected && { producerId: expected[0], producerEpoch: expected[1] }
  const decision = decideInit(it, identity, 2000, () => NEW_ID)
  if (!('transition' in decision)) return decision
  const { producerId, producerEpoch, lastProducerEpoch } = decision.transition
  return [producerId ?? it.producerId, producerEpoch, lastProducerEpoch]
}
const CONCURRENT = { errorCode: ErrorCodes.CONCURRENT_TRANSACTIONS }
const FENCED = { errorCode: ErrorCodes.PRODUCER_FENCED }

t.test('an instance without an identity', (t) => {
  t.strictSame(decide(new TransactionMetadata('copy-0', 7n, 1000)), [7n, 0, -1], 'the first')
  for (const state of ['Empty', 'CompleteCommit', 'CompleteAbort'] as const) {
    t.strictSame(decide(metadata({ state })), [7n, 5, -1], state)
  }
  const exhausted = metadata({ producerEpoch: EXHAUSTED })
  t.strictSame(decide(exhausted), [NEW_ID, 0, -1], 'the epochs ran out')
  t.strictSame(
    decide(metadata({ producerEpoch: EXHAUSTED + 1 })),
    [NEW_ID, 0, -1],
    'and by fencing',
  )
  t.end()
})

t.test('one with an identity', (t) => {
  t.strictSame(decide(metadata(), [7n, 4]), [7n, 5, 4], 'the current epoch')
  t.strictSame(decide(metadata(), [7n, 3]), [7n, 4, 3], 'the last one: the answer was lost')
  t.strictSame(decide(metadata(), [7n, 2]), FENCED, 'an older one')
  t.strictSame(decide(metadata(), [7n, 5]), FENCED, 'one that was never given')
  t.strictSame(decide(metadata({ lastProducerEpoch: -1 }), [7n, 3]), FENCED, 'a new instance came')
  t.strictSame(decide(metadata(), [6n, 4]), FENCED, 'another id')
  const young = new TransactionMetadata('copy-0', 7n, 1000)
  t.strictSame(decide(young, [6n, 4]), [7n, 0, -1], 'of an id that had expired')
  t.end()
})

t.test('the epochs ran out', (t) => {
  const exhausted = metadata({ producerEpoch: EXHAUSTED, lastProducerEpoch: EXHAUSTED - 1 })
  t.strictSame(decide(exhausted, [7n, EXHAUSTED]), [NEW_ID, 0, EXHAUSTED])
  t.strictSame(decide(exhausted, [7n, EXHAUSTED - 1]), [7n, EXHAUSTED, EXHAUSTED - 1])
  const rotated = metadata({
    producerId: NEW_ID,
    previousProducerId: 7n,
    producerEpoch: 0,
    lastProducerEpoch: EXHAUSTED,
  })
  t.strictSame(decide(rotated, [7n, EXHAUSTED]), [NEW_ID, 0, EXHAUSTED], 'the answer was lost')
  t.strictSame(decide(rotated, [7n, 5]), FENCED)
  t.end()
})

t.test('something is under way', (t) => {
  const pending = metadata()
  pending.prepare({ state: 'Empty' })
  t.strictSame(decide(pending, [6n, 0]), CONCURRENT, 'before anything else is looked at')
  for (const state of ['PrepareCommit', 'PrepareAbort'] as const) {
    t.strictSame(decide(metadata({ state })), CONCURRENT)
    t.strictSame(decide(metadata({ state }), [6n, 4]), FENCED)
  }
  const state: TransactionState = 'Ongoing'
  t.strictSame(decide(metadata({ state })), { fence: true })
  t.strictSame(decide(metadata({ state }), [7n, 4]), { fence: true })
  t.strictSame(decide(metadata({ state }), [6n, 4]), FENCED)
  t.end()
})
