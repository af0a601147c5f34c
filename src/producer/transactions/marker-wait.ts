/**
 * Holds a transaction's first records back while the markers of the last one are being written, for as
 * long as has proved best (pacing/marker-pause.ts), and tells that what became of them.
 *
 * Before: transaction-manager.ts, and the gate in transaction-slots.ts. After: the partitions go on.
 */
import type { Clock, Timer } from '../../clock.js'
import type { TransactionLevel } from '../coordinating/transaction-level.js'
import { MarkerPause } from '../pacing/marker-pause.js'

export class MarkerWait {
  readonly #clock: Clock
  readonly #onOver: () => void
  readonly #pause = new MarkerPause()
  #timer: Timer | null = null

  constructor(clock: Clock, onOver: () => void) {
    this.#clock = clock
    this.#onOver = onOver
  }

  /** Nothing is to be sent yet. */
  get isPausing(): boolean {
    return this.#timer !== null
  }

  /** The coordinator has answered EndTxn. */
  ended(): void {
    this.#pause.ended(this.#clock.stopwatchMs())
  }

  /** A transaction may send. Only at level 2 leaders ask the coordinator, and are refused. */
  begin(level: TransactionLevel): void {
    this.stop()
    const pauseMs = level === 2 ? this.#pause.begin(this.#clock.stopwatchMs()) : 0
    if (pauseMs >= 1) this.#timer = this.#clock.setTimer(this.#over, pauseMs)
    else if (pauseMs > 0) this.#timer = this.#clock.setShortTimer(this.#over, pauseMs)
  }

  readonly #over = (): void => {
    this.#timer = null
    this.#onOver()
  }

  /** The first records of a transaction leave. */
  sent(): void {
    this.#pause.sent(this.#clock.stopwatchMs())
  }

  /** A batch was acknowledged, or failed. */
  answered(isAcknowledged: boolean): void {
    if (isAcknowledged) this.#pause.answered(this.#clock.stopwatchMs())
    else this.#pause.forget()
  }

  /** Waits no longer; does not call back. */
  stop(): void {
    this.#timer?.clear()
    this.#timer = null
  }
}
