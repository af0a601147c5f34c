/**
 * When the coordinator looks for transactions that have been open too long: at fixed times of the clock,
 * and only while any is open, so that a cluster without transactions has no timer.
 *
 * Spec: Kafka's `transaction.abort.timed.out.transaction.cleanup.interval.ms`. Neighbours: coordinator.ts.
 */
import type { Clock, Timer } from '../../clock.js'
import type { TransactionKnobs } from './environment.js'

export class TransactionTimeouts {
  readonly #clock: Clock
  readonly #knobs: TransactionKnobs
  readonly #check: () => void
  #timer: Timer | null = null

  constructor(clock: Clock, knobs: TransactionKnobs, check: () => void) {
    this.#clock = clock
    this.#knobs = knobs
    this.#check = check
  }

  /** A transaction is open. */
  watch(): void {
    if (this.#timer !== null) return
    const { timeoutCheckIntervalMs } = this.#knobs
    const delayMs = timeoutCheckIntervalMs - (this.#clock.monotonicMs() % timeoutCheckIntervalMs)
    const look = (): void => {
      this.#timer = null
      this.#check()
    }
    this.#timer = this.#clock.setTimer(look, delayMs, { keepAlive: false })
  }

  stop(): void {
    this.#timer?.clear()
    this.#timer = null
  }
}
