/**
 * One timer for many deadlines: it is asked to fire "no later than", and only an earlier wish sets
 * it anew. Whoever is woken looks at what is due and asks again, so that a deadline that has become
 * void costs one needless wake-up instead of a timer set and cleared per request.
 *
 * Neighbours: connection.ts and metadata.ts keep one each.
 */
import type { Clock, Timer, TimerOptions } from '../clock.js'

/** A timer that can be brought forward. */
export class WakeTimer {
  readonly #clock: Clock
  readonly #onWake: () => void
  #timer: Timer | undefined
  #atMs = 0

  constructor(clock: Clock, onWake: () => void) {
    this.#clock = clock
    this.#onWake = onWake
  }

  /** Wakes at that monotonic time at the latest. By default it does not keep the process alive. */
  wakeAt(atMs: number, options: TimerOptions = { keepAlive: false }): void {
    if (this.#timer !== undefined && this.#atMs <= atMs) return
    this.#timer?.clear()
    this.#atMs = atMs
    this.#timer = this.#clock.setTimer(this.#wake, atMs - this.#clock.monotonicMs(), options)
  }

  /** Whether the process lives for the next wake-up, where one is wished for. */
  keepAlive(isWanted: boolean): void {
    this.#timer?.keepAlive(isWanted)
  }

  /** Forgets every wish. */
  clear(): void {
    this.#timer?.clear()
    this.#timer = undefined
  }

  readonly #wake = (): void => {
    this.#timer = undefined
    this.#onWake()
  }
}
