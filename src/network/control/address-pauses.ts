/**
 * Which addresses want no question yet (KIP-219): such a broker reads nothing until its pause is over, and
 * others are asked meanwhile.
 *
 * Neighbours: control-addresses.ts keeps it.
 */
import type { Clock } from '../../clock.js'
import { formatAddress } from '../address.js'
import type { Address } from '../transport/transport.js'

/** By address. */
export class AddressPauses {
  readonly #clock: Clock
  /** Monotonic. */
  readonly #untilMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** It wants no question for so long from now. */
  begin(address: Address, pauseMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [key, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(key)
    const key = formatAddress(address)
    this.#untilMs.set(key, Math.max(nowMs + pauseMs, this.#untilMs.get(key) ?? 0))
  }

  /** Those that may be asked; all of them where none may. */
  without<Target extends Address>(targets: readonly Target[]): readonly Target[] {
    const askable = targets.filter((target) => this.#endMs(target) === 0)
    return askable.length > 0 ? askable : targets
  }

  /** Monotonic: when the first of them may be asked; 0 where one may now. */
  endMs(targets: readonly Address[]): number {
    const ends = targets.map((target) => this.#endMs(target))
    return ends.length === 0 ? 0 : Math.min(...ends)
  }

  #endMs(address: Address): number {
    const untilMs = this.#untilMs.get(formatAddress(address)) ?? 0
    return untilMs > this.#clock.monotonicMs() ? untilMs : 0
  }
}
