/**
 * The cluster's present brokers, as the last answer of metadata listed them: the one place that
 * keeps them. Metadata writes, the control plane reads; the pool learns of each change, and has a
 * connection for each.
 *
 * Neighbours: metadata.ts, control-plane.ts; broker-pool.ts.
 */
import { isSameBroker, type Broker } from './broker.js'
import { shuffle } from '../shuffle.js'

/** One for each producer. */
export class BrokerList {
  readonly #random: () => number
  #brokers: readonly Broker[] = []
  #shuffled: readonly Broker[] = []

  /** `random`: uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  get all(): readonly Broker[] {
    return this.#brokers
  }

  /** In an order of chance, so that many producers do not all turn to the same broker. */
  get shuffled(): readonly Broker[] {
    return this.#shuffled
  }

  get ids(): ReadonlySet<number> {
    return new Set(this.#brokers.map(({ nodeId }) => nodeId))
  }

  get(nodeId: number): Broker | undefined {
    return this.#brokers.find((broker) => broker.nodeId === nodeId)
  }

  /** Takes all of them: true where they have changed. */
  set(brokers: readonly Broker[]): boolean {
    const isSame =
      brokers.length === this.#brokers.length && brokers.every((broker) => this.#has(broker))
    if (isSame) return false
    this.#brokers = brokers
    this.#shuffled = shuffle(brokers, this.#random)
    return true
  }

  /** Takes one more, or its new address: true where that is news. */
  learn(broker: Broker): boolean {
    if (this.#has(broker)) return false
    const others = this.#brokers.filter(({ nodeId }) => nodeId !== broker.nodeId)
    return this.set([...others, broker])
  }

  /** Whatever comes is news. */
  clear(): void {
    this.#brokers = []
    this.#shuffled = []
  }

  #has(broker: Broker): boolean {
    return this.#brokers.some((known) => isSameBroker(known, broker))
  }
}
