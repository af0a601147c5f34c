/**
 * Logs that brokers refuse a topic's batches again and again (NOT_ENOUGH_REPLICAS, say), long before
 * their records fail: one warning when that has lasted, one line when the partition is written to again,
 * or when nothing waits for it any more.
 * A lost connection has a line of its own already (network/outage-log.ts).
 *
 * Before: completion.ts; settlement.ts, when a batch has left. After: the user's logger.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { Log, LogFacts } from '../../logger.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'

/** Elections are over by then. */
const PATIENCE_MS = 3000

interface Refusal {
  readonly since: string
  readonly sinceMs: number
}

export class RefusalLog {
  readonly #parts: { readonly clock: Clock; readonly logger: Log }
  readonly #lingerMs: number
  /** By topic: the partition that was told of. One line a topic, not a thousand. */
  readonly #told = new Map<string, { readonly queue: BatchQueue; readonly refusal: Refusal }>()

  constructor(parts: { readonly clock: Clock; readonly logger: Log }, lingerMs: number) {
    this.#parts = parts
    this.#lingerMs = lingerMs
  }

  /** A broker has refused the batch, which goes again. */
  refused(batch: ProducerBatch, err: OttlaError, nowMs: number): void {
    const { queue } = batch
    const { name: topic } = queue.topic
    const facts = { topic, partition: queue.partition, err }
    const message = 'a broker refuses records again and again; they go again until they fail'
    const sinceMs = batch.createdMs + this.#lingerMs
    const isTold = this.#told.get(topic)?.queue.topic === queue.topic // not one of that name before
    if (isTold || nowMs - sinceMs < PATIENCE_MS) return
    const { clock, logger } = this.#parts
    const since = new Date(clock.now() - (nowMs - sinceMs)).toISOString()
    this.#told.set(topic, { queue, refusal: { since, sinceMs } })
    logger.warn({ ...facts, since }, message)
  }

  /** A batch of the partition is in the log. */
  acknowledged(queue: BatchQueue): void {
    const facts = this.#end(queue)
    if (facts !== null) this.#parts.logger.info(facts, 'the partition is written to again')
  }

  /** A batch has left the queue, settled. */
  left(queue: BatchQueue): void {
    if (this.#told.size === 0 || queue.hasBatches) return
    const facts = this.#end(queue)
    const message = 'nothing waits any longer for a partition that was refused'
    if (facts !== null) this.#parts.logger.info(facts, message)
  }

  /** What to log; null where nothing was said of it. The topic's next refusal is another one. */
  #end(queue: BatchQueue): LogFacts | null {
    const topic = queue.topic.name
    const told = this.#told.get(topic)
    if (told?.queue !== queue) return null
    this.#told.delete(topic)
    const { since, sinceMs } = told.refusal
    const outageMs = Math.round(this.#parts.clock.monotonicMs() - sinceMs)
    return { topic, partition: queue.partition, since, outageMs }
  }
}
