/**
 * Counts transactions and their outcomes, and how long each step took.
 *
 * Neighbours: metrics-counter.ts has one.
 */
import type { TransactionMetrics } from '../metrics.js'
import type { TransactionOutcome, TransactionStep } from '../observer.js'
import { Histogram } from './histogram.js'

export class TransactionCounts {
  #begun = 0
  readonly #outcomes: Record<TransactionOutcome, number> = {
    ...{ committed: 0, aborted: 0, unknown: 0, fenced: 0 },
  }
  readonly #times: Readonly<Record<TransactionStep, Histogram>> = {
    init: new Histogram(),
    sendOffsets: new Histogram(),
    commit: new Histogram(),
    abort: new Histogram(),
  }

  begun(): void {
    this.#begun++
  }

  ended(outcome: TransactionOutcome): void {
    this.#outcomes[outcome]++
  }

  took(step: TransactionStep, tookMs: number): void {
    this.#times[step].add(tookMs)
  }

  snapshot(): TransactionMetrics {
    return {
      begun: this.#begun,
      ...this.#outcomes,
      initTimeMs: this.#times.init.snapshot(),
      sendOffsetsTimeMs: this.#times.sendOffsets.snapshot(),
      commitTimeMs: this.#times.commit.snapshot(),
      abortTimeMs: this.#times.abort.snapshot(),
    }
  }
}
