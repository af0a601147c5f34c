/**
 * When metadata may be asked for next. Answers that bring nothing new are spaced out further and
 * further, and so are passes in which nobody answers; one that brings news starts over.
 *
 *   wish after quiet ──> at once ── nothing new ──> wait ── nothing new ──> wait twice as long …
 *
 * A refused login is never urgent, and is tried ever less often, up to ten seconds apart: directories
 * count refusals, and lock accounts.
 *
 * "Urgent" is a wait for a leader: it stays short, since it is the time by which recovery lags the
 * election. But a cluster that takes long to answer is left alone for as long as it has worked, so that
 * all its producers together do not keep it from what it has to do. Pure but for `random`: time is an
 * argument.
 *
 * Neighbours: metadata.ts asks it; backoff.ts computes.
 */
import { REFUSED_QUIET_MS, backoffMs, refusedBackoffMs } from '../backoff.js'
import type { BackoffRange } from '../backoff.js'
import type { NetworkOptions } from '../options.js'

const URGENT: BackoffRange = { initialMs: 50, maxMs: 250 }

/** What a refresh has brought. */
export interface RefreshOutcome {
  /** A topic or broker is known that was not, or has changed. */
  readonly broughtNews: boolean
  /** Something is still missing, so that another refresh is due anyway. */
  readonly isUnsettled: boolean
  /** What is missing is a leader, or any answer at all. */
  readonly isUrgent: boolean
  /** How long the broker took to answer; 0 where none has. */
  readonly tookMs: number
  /** Our login was refused. Default false. */
  readonly isRefused?: boolean
}

/** One per cluster. */
export class RefreshSchedule {
  readonly #urgent: BackoffRange
  readonly #patient: BackoffRange
  readonly #random: () => number
  #fruitless = 0
  #isRefused = false
  #notBeforeMs = 0

  constructor(options: NetworkOptions, random: () => number) {
    const { retryBackoffMs, retryBackoffMaxMs } = options
    this.#patient = { initialMs: retryBackoffMs, maxMs: retryBackoffMaxMs }
    this.#urgent = {
      initialMs: Math.min(URGENT.initialMs, retryBackoffMs),
      maxMs: Math.min(URGENT.maxMs, retryBackoffMaxMs),
    }
    this.#random = random
  }

  /** Monotonic time from which a refresh may start. */
  get earliestMs(): number {
    return this.#notBeforeMs
  }

  /** A refresh starts; one after a quiet time is the first of a new row. */
  start(nowMs: number): void {
    const quietMs = this.#isRefused ? REFUSED_QUIET_MS : this.#urgent.maxMs
    if (nowMs - this.#notBeforeMs > quietMs) this.#fruitless = 0
  }

  /** A refresh has ended. */
  finish(nowMs: number, outcome: RefreshOutcome): void {
    const { broughtNews, isUnsettled, tookMs, isRefused = false } = outcome
    this.#isRefused = isRefused
    if (broughtNews) this.#fruitless = isUnsettled ? 1 : 0
    else this.#fruitless++
    const { initialMs, maxMs } = outcome.isUrgent ? this.#urgent : this.#patient
    const workMs = Math.min(tookMs, this.#patient.maxMs)
    const range = { initialMs: Math.max(initialMs, workMs), maxMs: Math.max(maxMs, workMs) }
    const wait = isRefused ? refusedBackoffMs : backoffMs
    this.#notBeforeMs = nowMs + wait(range, this.#fruitless, this.#random)
  }
}
