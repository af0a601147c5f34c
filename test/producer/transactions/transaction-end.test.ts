/** What the answer to EndTxn means for the transaction: every row. */
import t from 'tap'
import { decideEnd, type EndFacts } from '../../../src/producer/transactions/transaction-end.js'

type Action = EndFacts['action']

const FACTS: EndFacts = {
  isCommit: true,
  level: 1,
  action: 'done',
  code: 0,
  mayHaveActed: false,
  mayBeCommitted: false,
  isBeginUncertain: false,
}
const BOOLEANS = [false, true]
const LEVELS = [1, 2] as const

/** Of a commit: what it comes to at level 1 and 2, after no lost answer and after one. */
const COMMIT: readonly [Action, number, [string, string], [string, string]][] = [
  ['done', 0, ['committed', 'committed'], ['committed', 'committed']],
  ['abort', 120, ['abort', 'abort'], ['abort', 'abort']],
  ['abort', 59, ['abort', 'abort'], ['abort', 'abort']],
  ['fenced', 90, ['fenced', 'unknown'], ['abort', 'abort']],
  ['fenced', 47, ['fenced', 'unknown'], ['abort', 'abort']],
  ['fatal', 48, ['refused', 'unknown'], ['abort', 'abort']],
  ['fatal', 49, ['refused', 'unknown'], ['refused', 'unknown']],
  ['fatal', 53, ['refused', 'unknown'], ['refused', 'unknown']],
  ['fatal', 35, ['refused', 'unknown'], ['refused', 'unknown']],
  ['fatal', 42, ['refused', 'unknown'], ['refused', 'unknown']],
  ['fatal', -1, ['unknown', 'unknown'], ['unknown', 'unknown']],
  ['fatal', 135, ['unknown', 'unknown'], ['unknown', 'unknown']],
  ['stopped', 0, ['aborted', 'unknown'], ['aborted', 'unknown']],
]

t.test('a commit', async (t) => {
  for (const [action, code, ...expected] of COMMIT) {
    for (const level of LEVELS) {
      for (const mayHaveActed of BOOLEANS) {
        const found = decideEnd({ ...FACTS, level, action, code, mayHaveActed })
        const wanted = expected[level - 1]?.[mayHaveActed ? 1 : 0]
        t.equal(found, wanted, `${action} ${code}, level ${level}, ${mayHaveActed}`)
      }
    }
  }
})

/** Of an abort: what it comes to, after no commit, and after one that may have been carried out. */
const ABORT: readonly [Action, number, string, string][] = [
  ['done', 0, 'aborted', 'aborted'],
  ['fenced', 90, 'fenced', 'unknown'],
  ['fenced', 47, 'fenced', 'unknown'],
  ['stopped', 0, 'aborted', 'unknown'],
  ['abort', 59, 'refused', 'unknown'],
  ['abort', 120, 'refused', 'unknown'],
  ['abort', 30, 'refused', 'unknown'],
  ['fatal', 120, 'refused', 'unknown'],
  ['fatal', 48, 'refused', 'unknown'],
  ['fatal', 49, 'refused', 'unknown'],
  ['fatal', -1, 'refused', 'unknown'],
]

t.test('an abort', async (t) => {
  for (const [action, code, alone, after] of ABORT) {
    for (const level of LEVELS) {
      for (const mayHaveActed of BOOLEANS) {
        const facts = { ...FACTS, isCommit: false, level, action, code, mayHaveActed }
        const isAnothers = level === 2 && code === 48
        t.equal(decideEnd(facts), isAnothers ? 'fenced' : alone, `${action} ${code}`)
        t.equal(
          decideEnd({ ...facts, mayBeCommitted: true }),
          after,
          `${action} ${code}, after a commit`,
        )
      }
    }
  }
  const unknown = { ...FACTS, isCommit: false, action: 'fatal', isBeginUncertain: true } as const
  t.equal(decideEnd({ ...unknown, code: 48 }), 'aborted', 'there is nothing that it could abort')
  t.equal(decideEnd({ ...unknown, code: 49 }), 'refused')
})
