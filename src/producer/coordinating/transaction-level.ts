/**
 * By which protocol a transaction goes: what the cluster has finalized as `transaction.version`, unless
 * the user's `apiVersions` keep the requests of level 2 from being spoken. Brokers offer those versions
 * whatever the level is, so what they offer says nothing (KIP-890, KIP-584).
 *
 * Before: transaction-manager.ts asks between transactions. After: network/finalized-features.ts.
 */
import type { FinalizedFeatures } from '../../network/finalized-features.js'
import { endTxn } from '../../protocol/messages/end-txn.js'
import { produce } from '../../protocol/messages/produce.js'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'

/** What stands for the cluster's `transaction.version`: 2 from that level on, else 1. */
export type TransactionLevel = 1 | 2

const FEATURE = 'transaction.version'

/** The versions that level 2 is spoken in. */
const NEEDED = [
  { api: produce, version: 12 },
  { api: endTxn, version: 5 },
  { api: txnOffsetCommit, version: 5 },
] as const

export function transactionLevel(
  features: Pick<FinalizedFeatures, 'level'>,
  caps: Readonly<Record<string, number>>,
): TransactionLevel {
  const isSpoken = NEEDED.every(({ api, version }) => (caps[api.name] ?? Infinity) >= version)
  return isSpoken && features.level(FEATURE) >= 2 ? 2 : 1
}
