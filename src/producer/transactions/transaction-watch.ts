/**
 * Tells the observer when transactions begin and end, and how long that took.
 *
 * Before: transaction-manager.ts. After: observer.ts.
 */
import type { Clock } from '../../clock.js'
import type { Observer, TransactionOutcome } from '../observer.js'
import type { TransactionRun } from './transaction-run.js'

export class TransactionWatch {
  readonly #clock: Clock
  readonly #observer: Observer

  constructor({ clock, observer }: { readonly clock: Clock; readonly observer: Observer }) {
    this.#clock = clock
    this.#observer = observer
  }

  begun(run: TransactionRun): void {
    this.#observer.transactionBegun()
    run.onEnded(() => {
      this.#observer.transactionEnded(run.state as TransactionOutcome) // it has ended
    })
  }

  /** It is to be committed, or aborted. */
  ending(run: TransactionRun, step: 'commit' | 'abort'): void {
    const sinceMs = this.#clock.monotonicMs()
    run.onEnded(() => this.took(step, sinceMs))
  }

  /** A step that was begun at `sinceMs` (monotonic) has succeeded, or is at its end. */
  took(step: 'init' | 'sendOffsets' | 'commit' | 'abort', sinceMs: number): void {
    this.#observer.transactionStep(step, this.#clock.monotonicMs() - sinceMs)
  }
}
