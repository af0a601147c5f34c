/**
 * What became of the last attempt at each address: who is asked last next time, and what a message says
 * where nobody answers.
 *
 * Neighbours: control-addresses.ts keeps it.
 */
import type { Clock } from '../../clock.js'
import { formatAddress } from '../address.js'
import type { Address } from '../transport/transport.js'

const NEVER_MS = -1

interface Attempt {
  readonly failedAtMs: number
  readonly fate: string
}

/** By address. */
export class Attempts {
  readonly #clock: Clock
  readonly #attempts = new Map<string, Attempt>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#attempts.size === 0
  }

  /** It is asked: what failed before says more than that this try is under way. */
  begun(address: Address): void {
    const key = formatAddress(address)
    const fate = this.#attempts.get(key)?.fate ?? 'no answer yet'
    this.#attempts.set(key, { failedAtMs: NEVER_MS, fate })
  }

  /** It was of no use. */
  failed(address: Address, fate: string): void {
    this.#attempts.set(formatAddress(address), { failedAtMs: this.#clock.monotonicMs(), fate })
  }

  /** It has answered. */
  answered(address: Address): void {
    this.#attempts.delete(formatAddress(address))
  }

  /** Forgets every address but these. */
  keep(addresses: Iterable<Address>): void {
    const kept = new Set([...addresses].map(formatAddress))
    for (const address of this.#attempts.keys()) {
      if (!kept.has(address)) this.#attempts.delete(address)
    }
  }

  clear(): void {
    this.#attempts.clear()
  }

  /** Those that have not failed first, then the least recently failed; each address once. */
  sort<Target extends Address>(targets: readonly Target[]): Target[] {
    const sorted = [...targets].sort((a, b) => this.#failedAtMs(a) - this.#failedAtMs(b))
    return onceEach(sorted)
  }

  /** What became of each address tried, for messages. */
  describe(): string {
    return [...this.#attempts].map(([address, { fate }]) => `${address} (${fate})`).join('; ')
  }

  #failedAtMs(address: Address): number {
    return this.#attempts.get(formatAddress(address))?.failedAtMs ?? NEVER_MS
  }
}

/** The first of each address. */
export function onceEach<Target extends Address>(targets: readonly Target[]): Target[] {
  const once = new Map<string, Target>()
  for (const target of targets) {
    const address = formatAddress(target)
    if (!once.has(address)) once.set(address, target)
  }
  return [...once.values()]
}
