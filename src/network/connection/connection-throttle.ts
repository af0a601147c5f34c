/**
 * The pause that a broker wants on one connection (KIP-219).
 *
 * Neighbours: connection.ts is its only user.
 */
import type { Clock, Timer } from '../../clock.js'

/** One for each connection. */
export class ConnectionThrottle {
  readonly #clock: Clock
  readonly #onOver: () => void
  #timer: Timer | undefined
  #sinceMs = 0
  #untilMs = 0

  /** `onOver`: the pause has ended. */
  constructor(clock: Clock, onOver: () => void) {
    this.#clock = clock
    this.#onOver = onOver
  }

  /** Monotonic; 0 if never asked. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** When the pause under way has begun, or the last one, however often it grew. */
  get sinceMs(): number {
    return this.#sinceMs
  }

  /** What is left of the pause, in ms. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - this.#clock.monotonicMs())
  }

  /** Pauses for so long from now; returns by how much that is longer than before, in ms. */
  extend(throttleTimeMs: number): number {
    const nowMs = this.#clock.monotonicMs()
    const untilMs = nowMs + throttleTimeMs
    if (throttleTimeMs <= 0 || untilMs <= this.#untilMs) return 0
    if (this.#untilMs <= nowMs) this.#sinceMs = nowMs
    const longerByMs = untilMs - Math.max(this.#untilMs, nowMs)
    this.#untilMs = untilMs
    this.#timer?.clear()
    this.#timer = this.#clock.setTimer(this.#onOver, throttleTimeMs, { keepAlive: false })
    return longerByMs
  }

  clear(): void {
    this.#timer?.clear()
  }
}
