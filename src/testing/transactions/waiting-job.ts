/**
 * Something that is done after a delay, and not before it can be: the broker that does it may be frozen
 * or down, a partition without a leader. Then it is tried again and again.
 *
 * Neighbours: coordinator.ts and leader-verification.ts wait with it.
 */
import type { Clock, Timer } from '../../clock.js'

const RETRY_MS = 10

/** One job; `isReady` is asked when the delay is over. */
export class WaitingJob {
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #isReady: () => boolean
  readonly #job: () => void
  #timer: Timer | null = null

  constructor(clock: Clock, delayMs: number, isReady: () => boolean, job: () => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#isReady = isReady
    this.#job = job
  }

  /** Does it before this returns, where there is nothing to wait for. */
  start(): void {
    if (this.#delayMs > 0) this.#arm(this.#delayMs)
    else this.#try()
  }

  cancel(): void {
    this.#timer?.clear()
    this.#timer = null
  }

  #try(): void {
    this.#timer = null
    if (this.#isReady()) this.#job()
    else this.#arm(RETRY_MS)
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(() => this.#try(), delayMs, { keepAlive: false })
  }
}
