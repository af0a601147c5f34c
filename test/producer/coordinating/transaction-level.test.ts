import t from 'tap'
import { transactionLevel } from '../../../src/producer/coordinating/transaction-level.js'

const features = (level: number) => ({
  level: (name: string) => (name === 'transaction.version' ? level : 9),
})

t.test('level 2 is what is finalized, and what the versions allow', async (t) => {
  for (const [level, expected] of [[0, 1], [1, 1], [2, 2], [3, 2]] as const) {
    t.equal(transactionLevel(features(level), {}), expected, `${level}`)
  }
  t.equal(transactionLevel(features(2), { Produce: 12, EndTxn: 5, TxnOffsetCommit: 5 }), 2)
  for (const caps of [{ Produce: 11 }, { EndTxn: 4 }, { TxnOffsetCommit: 4 }]) {
    t.equal(transactionLevel(features(2), caps), 1)
  }
  t.equal(transactionLevel(features(2), { Metadata: 1 }), 2)
}) // prettier-ignore
