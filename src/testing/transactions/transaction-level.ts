/**
 * The level of the feature `transaction.version` that the cluster's brokers tell: 0 and 1, where a client
 * names partitions to the coordinator itself, or 2, where leaders do and every end raises the epoch.
 *
 * Spec: KIP-584, KIP-890, Kafka's TransactionVersion. Neighbours: handlers/api-versions.ts tells it.
 */
import type { ApiVersionsResponse } from '../../protocol/messages/api-versions.js'
import type { TransactionVersion } from './transaction-options.js'

const FEATURE = 'transaction.version'
const HIGHEST = 2
const LEVELS: readonly number[] = [0, 1, HIGHEST]

type Features = Pick<
  ApiVersionsResponse,
  'supportedFeatures' | 'finalizedFeaturesEpoch' | 'finalizedFeatures'
>

/** One per cluster. */
export class TransactionLevel {
  #level: TransactionVersion
  /** Rises with every change. */
  #epoch = 1n

  constructor(level: TransactionVersion) {
    this.#level = checked(level)
  }

  get level(): TransactionVersion {
    return this.#level
  }

  /** Throws RangeError for a level that there is not. */
  set level(level: TransactionVersion) {
    this.#level = checked(level)
    this.#epoch++
  }

  /** As ApiVersions has them: a feature at level 0 is not named as finalized. */
  get features(): Features {
    const level = this.#level
    const finalized = { name: FEATURE, minVersionLevel: level, maxVersionLevel: level }
    return {
      supportedFeatures: [{ name: FEATURE, minVersion: 0, maxVersion: HIGHEST }],
      finalizedFeaturesEpoch: this.#epoch,
      finalizedFeatures: level === 0 ? [] : [finalized],
    }
  }
}

function checked(level: TransactionVersion): TransactionVersion {
  if (LEVELS.includes(level)) return level
  throw new RangeError(`transaction.version is 0, 1 or 2, not ${String(level)}`)
}
