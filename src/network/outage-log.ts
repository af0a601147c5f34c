/**
 * Logs an outage: one warning when it begins, one line when it is over. Each attempt in between goes to
 * debug, so that a broker which is away for an hour does not fill the log; but where the reason becomes
 * one of another kind, that has a warning of its own, once: who restarts a broker for a wrong password
 * that the log does not tell is misled.
 *
 * Neighbours: broker-link.ts has one for its broker, metadata.ts one for the cluster; the producer one
 * for its producer id and one for each coordinator. error-kind.ts says what is another kind.
 */
import type { OttlaError } from '../errors.js'
import type { LogFacts } from '../logger.js'
import type { NetworkContext } from './context.js'
import { errorKind, type ErrorKind } from './error-kind.js'

/** Elections, and coordinators that move, are over by then. */
export const PATIENCE_MS = 3000

export class OutageLog {
  readonly #context: Pick<NetworkContext, 'clock' | 'logger'>
  readonly #facts: LogFacts
  readonly #patienceMs: number
  #since = ''
  #sinceMs = 0
  #failedAtMs = 0
  #error: OttlaError | null = null
  /** Those that have had their warning. */
  readonly #told = new Set<ErrorKind>()

  /** `facts` go with every line. What is over within `patienceMs` is no news. */
  constructor(
    context: Pick<NetworkContext, 'clock' | 'logger'>,
    facts: LogFacts = {},
    patienceMs = 0,
  ) {
    this.#context = context
    this.#facts = facts
    this.#patienceMs = patienceMs
  }

  /** The latest failure; null where there is no outage. */
  get error(): OttlaError | null {
    return this.#error
  }

  /** `sinceMs` (monotonic): when the first attempt began, which may have been silent for long. */
  failed(error: OttlaError, message: string, sinceMs = this.#context.clock.monotonicMs()): void {
    const { clock, logger } = this.#context
    if (this.#error === null || this.#isForgotten(sinceMs)) this.#begin(sinceMs)
    const nowMs = clock.monotonicMs()
    const lastsMs = nowMs - this.#sinceMs
    this.#error = error
    this.#failedAtMs = nowMs
    const facts = { ...this.#facts, since: this.#since, err: error }
    const kind = errorKind(error)
    if (this.#told.has(kind) || lastsMs < this.#patienceMs) {
      logger.debug(facts, message)
      return
    }
    this.#told.add(kind)
    logger.warn(facts, message)
  }

  /** Untold, and nobody has tried since: what fails now is another one. */
  #isForgotten(sinceMs: number): boolean {
    return this.#told.size === 0 && sinceMs - this.#failedAtMs > this.#patienceMs
  }

  #begin(sinceMs: number): void {
    const { clock } = this.#context
    this.#since = new Date(clock.now() - (clock.monotonicMs() - sinceMs)).toISOString()
    this.#sinceMs = sinceMs
  }

  /** `overMs` (monotonic): when it ended. False where no outage was told: nothing is logged. */
  over(message: string, overMs = this.#context.clock.monotonicMs()): boolean {
    this.#error = null
    if (this.#told.size === 0) return false
    this.#told.clear()
    const outageMs = Math.round(overMs - this.#sinceMs)
    this.#context.logger.info({ ...this.#facts, since: this.#since, outageMs }, message)
    return true
  }
}
