/**
 * Which broker coordinates a group or a transactional id: one that metadata names, the same for as long
 * as it does, unless a test moves it.
 *
 * Spec: in Kafka the leader of the key's partition of `__transaction_state` or `__consumer_offsets`.
 * Neighbours: coordinator.ts and handlers/find-coordinator.ts ask.
 */
import type { Broker } from '../broker.js'

/** What is coordinated. */
export type CoordinatedType = 'group' | 'transaction'

/** One per cluster. */
export class CoordinatorPlacement {
  readonly #brokers: ReadonlyMap<number, Broker>
  readonly #places = new Map<string, number>()

  constructor(brokers: ReadonlyMap<number, Broker>) {
    this.#brokers = brokers
  }

  /** Null where metadata names no broker. */
  of(type: CoordinatedType, key: string): Broker | null {
    const place = `${type} ${key}`
    const known = this.#brokers.get(this.#places.get(place) ?? -1)
    if (known?.isListed) return known
    const listed = [...this.#brokers.values()].filter((it) => it.isListed)
    const chosen = listed.sort((a, b) => a.id - b.id)[javaHash(key) % Math.max(1, listed.length)]
    if (chosen === undefined) return null
    this.#places.set(place, chosen.id)
    return chosen
  }

  /** Another broker coordinates it from now on. */
  move(type: CoordinatedType, key: string, brokerId: number): void {
    this.#places.set(`${type} ${key}`, brokerId)
  }

  clear(): void {
    this.#places.clear()
  }
}

/** Java's String.hashCode without its sign, as Kafka's Utils.abs has it. */
export function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash & 0x7fffffff
}
