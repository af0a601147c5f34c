/**
 * Logs that a topic cannot be written to: one warning once that has lasted, one line when it is over.
 * A new topic, or a leader that is being elected, takes a moment and is no news.
 *
 * Neighbours: wanted-topics.ts has one for each topic.
 */
import type { OttlaError } from '../../errors.js'
import type { LogFacts } from '../../logger.js'
import type { NetworkContext } from '../context.js'

/** Elections, and the creation of a topic, are over by then. */
const PATIENCE_MS = 3000

export class TopicOutage {
  readonly #context: Pick<NetworkContext, 'clock' | 'logger'>
  readonly #topic: string
  /** Monotonic; null while there is none. */
  #sinceMs: number | null = null
  #since = ''
  #isTold = false

  constructor(context: Pick<NetworkContext, 'clock' | 'logger'>, topic: string) {
    this.#context = context
    this.#topic = topic
  }

  /** An answer has left something missing; `why` makes the reason, where it is logged. */
  lasts(why: () => OttlaError): void {
    const { clock, logger } = this.#context
    const nowMs = clock.monotonicMs()
    if (this.#sinceMs === null) {
      this.#sinceMs = nowMs
      this.#since = new Date(clock.now()).toISOString()
    }
    if (this.#isTold || nowMs - this.#sinceMs < PATIENCE_MS) return
    this.#isTold = true
    const facts = { topic: this.#topic, since: this.#since, err: why() }
    logger.warn(facts, 'topic missing, or a partition without a leader; retrying')
  }

  /** Nothing is missing any more. */
  over(): void {
    const facts = this.#end()
    const { logger } = this.#context
    if (facts !== null) logger.info(facts, 'nothing of the topic is missing any more')
  }

  /** Nobody wants to know. */
  dropped(): void {
    const facts = this.#end()
    const { logger } = this.#context
    if (facts !== null) logger.info(facts, 'a topic that was missing is not asked for any longer')
  }

  /** What to log; null where nothing was said of it. */
  #end(): LogFacts | null {
    const sinceMs = this.#sinceMs
    this.#sinceMs = null
    if (!this.#isTold || sinceMs === null) return null
    this.#isTold = false
    const outageMs = Math.round(this.#context.clock.monotonicMs() - sinceMs)
    return { topic: this.#topic, since: this.#since, outageMs }
  }
}
