/**
 * Logs an outage: one warning when it begins, one line when it is over. Each attempt in
 * between goes to debug, so that a broker which is away for an hour does not fill the log.
 *
 * Neighbours: broker-link.ts has one for its broker, metadata.ts one for the cluster.
 */
import type { OttlaError } from '../errors.js'
import type { LogFacts } from '../logger.js'
import type { NetworkContext } from './context.js'

export class OutageLog {
  readonly #context: Pick<NetworkContext, 'clock' | 'logger'>
  readonly #facts: LogFacts
  #since = ''
  #sinceMs = 0
  #error: OttlaError | null = null

  /** `facts` go with every line. */
  constructor(context: Pick<NetworkContext, 'clock' | 'logger'>, facts: LogFacts = {}) {
    this.#context = context
    this.#facts = facts
  }

  /** The latest failure; null where there is no outage. */
  get error(): OttlaError | null {
    return this.#error
  }

  failed(error: OttlaError, message: string): void {
    const { clock, logger } = this.#context
    const facts = { ...this.#facts, err: error }
    if (this.#error !== null) {
      logger.debug(facts, message)
    } else {
      this.#since = new Date(clock.now()).toISOString()
      this.#sinceMs = clock.monotonicMs()
      logger.warn(facts, message)
    }
    this.#error = error
  }

  /** False where there was no outage: nothing is logged. */
  over(message: string): boolean {
    if (this.#error === null) return false
    this.#error = null
    const { clock, logger } = this.#context
    const outageMs = Math.round(clock.monotonicMs() - this.#sinceMs)
    logger.info({ ...this.#facts, since: this.#since, outageMs }, message)
    return true
  }
}
