/**
 * How much a broker that throttles us is sent at once. A quota (KIP-13, KIP-219) counts bytes: a
 * request twice as large brings about a pause twice as long, in which the broker reads nothing. Were
 * everything that gathers in a pause sent in one request, each pause would be longer than the one
 * before, until they outlast every deadline.
 *
 *   unlimited ── throttled ──> what brings about a short pause ── throttled ──> less, or more
 *       ^                                   │
 *       └── as large as any request <── twice as much for each answer without a throttle
 *
 * Neighbours: pace.ts has one for each broker.
 */

import { LEAST_THROTTLED_BYTES, THROTTLE_AIM_MS } from './pace-constants.js'

export class ThrottlePace {
  #limitBytes = Infinity

  /** Most bytes of one request; Infinity while the broker does not throttle. */
  get limitBytes(): number {
    return this.#limitBytes
  }

  /** The broker has throttled us, and not yet shown that it no longer does. */
  get isThrottling(): boolean {
    return this.#limitBytes < Infinity
  }

  /** After `sentBytes` in one request the broker wants a pause of `pauseMs`. */
  throttled(sentBytes: number, pauseMs: number): void {
    const aimBytes = Math.floor((sentBytes * THROTTLE_AIM_MS) / pauseMs)
    // A short pause may be the end of a quota's slack: what was sent does not show what is allowed.
    this.#limitBytes = Math.max(LEAST_THROTTLED_BYTES, Math.min(aimBytes, 2 * this.#limitBytes))
  }

  /**
   * The broker accepted a request and wants no pause; `mostBytes` is the most that any request has.
   */
  taken(mostBytes: number): void {
    this.#limitBytes *= 2
    if (this.#limitBytes >= mostBytes) this.#limitBytes = Infinity
  }
}
