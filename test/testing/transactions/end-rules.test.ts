/** What becomes of an EndTxn: both tables, row by row. */
import t from 'tap'
import { ErrorCodes, errorCode } from '../../../src/protocol/error-codes.js'
import { decideEnd, fencing } from '../../../src/testing/transactions/end-rules.js'
import {
  TransactionMetadata,
  type TransactionState,
} from '../../../src/testing/transactions/transaction-metadata.js'

const LAST = 32_766
const NEW_ID = 99n
const MEANS = { nowMs: 5, newProducerId: () => NEW_ID }
const STATES = ['Empty', 'Ongoing', 'PrepareAbort', 'PrepareCommit', 'CompleteAbort', 'CompleteCommit'] as const // prettier-ignore

function metadata(change: Partial<TransactionMetadata> = {}): TransactionMetadata {
  const it = new TransactionMetadata('copy-0', 7n, 1000)
  return Object.assign(it, { producerEpoch: 4, lastProducerEpoch: 3, ...change })
}

interface Ask {
  readonly committed: boolean
  readonly producerId?: bigint
  readonly producerEpoch?: number
}

function decide(it: TransactionMetadata, ask: Ask, clientVersion: 0 | 2): string {
  const end = { producerId: 7n, producerEpoch: 4, clientVersion, ...ask }
  const decision = decideEnd(it, end, MEANS)
  if ('errorCode' in decision) return errorCode(decision.errorCode).name
  it.prepare(decision.transition) // throws where the state does not allow it
  return decision.transition.state
}

/** By state: abort, commit. */
type Table = Readonly<Partial<Record<TransactionState, readonly [abort: string, commit: string]>>>

const UP_TO_V4: Table = {
  Empty: ['INVALID_TXN_STATE', 'INVALID_TXN_STATE'],
  Ongoing: ['PrepareAbort', 'PrepareCommit'],
  PrepareAbort: ['CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  PrepareCommit: ['INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  CompleteAbort: ['NONE', 'INVALID_TXN_STATE'],
  CompleteCommit: ['INVALID_TXN_STATE', 'NONE'],
}

const V5: Table = {
  Empty: ['PrepareAbort', 'INVALID_TXN_STATE'],
  Ongoing: ['PrepareAbort', 'PrepareCommit'],
  PrepareAbort: ['PRODUCER_FENCED', 'PRODUCER_FENCED'],
  PrepareCommit: ['PRODUCER_FENCED', 'PRODUCER_FENCED'],
  CompleteAbort: ['PrepareAbort', 'INVALID_TXN_STATE'],
  CompleteCommit: ['PrepareAbort', 'INVALID_TXN_STATE'],
}

const V5_AGAIN: Table = {
  Empty: ['PRODUCER_FENCED', 'PRODUCER_FENCED'],
  Ongoing: ['PRODUCER_FENCED', 'PRODUCER_FENCED'],
  PrepareAbort: ['CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  PrepareCommit: ['INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  CompleteAbort: ['NONE', 'INVALID_TXN_STATE'],
  CompleteCommit: ['INVALID_TXN_STATE', 'NONE'],
}

const tables: [string, Table, 0 | 2, number][] = [
  ['up to v4', UP_TO_V4, 0, 4],
  ['v5', V5, 2, 4],
  ['v5 again', V5_AGAIN, 2, 3],
]
for (const [title, table, clientVersion, producerEpoch] of tables) {
  t.test(title, (t) => {
    for (const state of STATES) {
      const seen = [false, true].map((committed) =>
        decide(metadata({ state }), { committed, producerEpoch }, clientVersion),
      )
      t.strictSame(seen, table[state], state)
    }
    t.end()
  })
}

t.test('the identity, and what is pending', (t) => {
  for (const clientVersion of [0, 2] as const) {
    const ask = (change: Partial<Ask>): string =>
      decide(metadata({ state: 'Ongoing' }), { committed: true, ...change }, clientVersion)
    t.equal(ask({ producerId: 6n }), 'INVALID_PRODUCER_ID_MAPPING')
    t.equal(ask({ producerEpoch: 5 }), 'PRODUCER_FENCED')
    t.equal(ask({ producerEpoch: 2 }), 'PRODUCER_FENCED')
    const pending = metadata()
    pending.prepare({ state: 'Ongoing' })
    t.equal(decide(pending, { committed: true }, clientVersion), 'CONCURRENT_TRANSACTIONS')
    const stranger = decide(pending, { committed: true, producerId: 6n }, clientVersion)
    const isFirst = clientVersion === 2
    t.equal(stranger, isFirst ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_PRODUCER_ID_MAPPING')
  }
  t.end()
})

t.test('v5 at the last epoch changes the producer id', (t) => {
  const it = metadata({ state: 'Ongoing', producerEpoch: LAST })
  t.equal(decide(it, { committed: true, producerEpoch: LAST }, 2), 'PrepareCommit')
  it.complete()
  t.strictSame([it.producerId, it.producerEpoch], [7n, LAST + 1], 'the markers have it')
  it.prepare(it.completion())
  it.complete()
  t.strictSame([it.producerId, it.producerEpoch, it.lastProducerEpoch], [NEW_ID, 0, LAST])
  const again = (committed: boolean): string => decide(it, { committed, producerEpoch: LAST }, 2)
  t.equal(again(true), 'NONE')
  t.equal(again(false), 'INVALID_TXN_STATE')
  t.equal(decide(it, { committed: true, producerEpoch: 4 }, 2), 'INVALID_PRODUCER_ID_MAPPING')
  t.end()
})

t.test('the coordinator aborts by itself under a raised epoch', (t) => {
  const fence = (level: number, producerEpoch = 4): unknown[] => {
    const it = metadata({ state: 'Ongoing', producerEpoch })
    it.prepare(fencing(it, level, MEANS))
    it.complete()
    it.prepare(it.completion())
    it.complete()
    return [it.state, it.producerId, it.producerEpoch, it.lastProducerEpoch]
  }
  t.strictSame(fence(0), ['CompleteAbort', 7n, 5, -1])
  t.strictSame(fence(1), ['CompleteAbort', 7n, 5, -1])
  t.strictSame(fence(2), ['CompleteAbort', 7n, 5, 4])
  t.strictSame(fence(1, LAST), ['CompleteAbort', 7n, LAST + 1, -1])
  t.strictSame(fence(2, LAST), ['CompleteAbort', NEW_ID, 0, LAST])
  t.end()
})

t.test('a step from where there is none is a mistake', (t) => {
  t.throws(() => metadata().prepare({ state: 'CompleteCommit' }), /CompleteCommit from Empty/)
  t.throws(() => metadata().complete(), /nothing is pending/)
  const pending = metadata()
  pending.prepare({ state: 'Ongoing' })
  t.throws(() => pending.prepare({ state: 'Empty' }), /Ongoing is pending/)
  t.equal(ErrorCodes.NONE, 0)
  t.end()
})
