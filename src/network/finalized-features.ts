/**
 * The feature levels that the cluster has finalized (KIP-584), such as `transaction.version`.
 *
 * Every handshake brings them (ApiVersions v3 on), with an epoch that grows with each change. Brokers
 * hear of a change one after the other, so the highest epoch seen is believed, whoever told it. A level
 * that changes is noticed at the next connection, and not before: brokers go by the version of a request,
 * and serve those that a lower level asks for as well.
 *
 * Not what a broker can do: it offers versions of requests that no finalized level allows to use yet.
 *
 * Counterpart in Kafka: ApiVersions.maxFinalizedFeaturesEpoch, finalizedFeatures.
 * Neighbours: open-connection.ts teaches it; metadata.ts makes it forget a cluster that is gone.
 */
import type { ApiVersionsResponse } from '../protocol/messages/api-versions.js'

/** As it is where nothing is known, and in the answers of brokers that know nothing. */
const NO_EPOCH = -1n

/** What a handshake says of the cluster. */
export type FeaturesAnswer = Pick<
  ApiVersionsResponse,
  'finalizedFeaturesEpoch' | 'finalizedFeatures'
>

/** One for each producer. */
export class FinalizedFeatures {
  #epoch = NO_EPOCH
  readonly #levels = new Map<string, number>()

  /** Takes the levels of an answer whose epoch is higher than all seen before; others say nothing new. */
  learn({ finalizedFeaturesEpoch, finalizedFeatures }: FeaturesAnswer): void {
    if (finalizedFeaturesEpoch <= this.#epoch) return
    this.#epoch = finalizedFeaturesEpoch
    this.#levels.clear()
    for (const { name, maxVersionLevel } of finalizedFeatures) {
      this.#levels.set(name, maxVersionLevel)
    }
  }

  /** The level of a feature, by Kafka's name for it; 0 where the cluster has finalized none. */
  level(name: string): number {
    return this.#levels.get(name) ?? 0
  }

  /** Another cluster stands there: its epochs begin anew. */
  forget(): void {
    this.#epoch = NO_EPOCH
    this.#levels.clear()
  }
}
