/**
 * Why a record is not acknowledged: the one place that is asked, whichever error it is for. Each part
 * of the network keeps the last failure of its own (a broker's connection, metadata, the producer
 * id); here is what of it bears on a batch, on a topic that is not known, or on a full buffer.
 *
 *   no leader, or an unlisted one ─> why metadata does not come, or that there is none
 *   no connection to the leader ───> why not (BrokerLink)
 *   no producer id ────────────────> why not
 *   refused, or the answer lost ───> that
 *   the leader owes answers ───────> how many, since when
 *
 * Neighbours: pipeline.ts asks for the errors of delivery-errors.ts and parked-errors.ts.
 */
import { TimeoutError, type OttlaError } from '../../errors.js'
import type { ProducePort } from '../../network/brokers/produce-port.js'
import type { ProducerBatch } from '../batching/batch.js'
import { leaderless } from './delivery-errors.js'
import { STALL_MS } from '../pacing/pace-constants.js'
import type { PartitionQueue } from '../sending/partition-queue.js'
import type { ProducerIdSource } from '../sequencing/producer-id.js'
import type { ProduceRequest } from '../sending/produce-request.js'

/** Who knows what has failed last. */
export interface ObstacleParts {
  readonly nowMs: () => number
  readonly metadata: { failure(): OttlaError | null }
  readonly pool: Pick<ProducePort, 'knows' | 'whyUnreachable'>
  /** null without idempotence. */
  readonly producerIds: Pick<ProducerIdSource, 'identity' | 'lastError'> | null
  /** The requests that this broker has not answered, oldest first. */
  readonly unanswered: (nodeId: number) => readonly ProduceRequest[]
  /** Batches that are not acknowledged, oldest first. */
  readonly incomplete: () => Iterable<ProducerBatch>
}

export class Obstacles {
  readonly #parts: ObstacleParts

  constructor(parts: ObstacleParts) {
    this.#parts = parts
  }

  /** Why the batch is not acknowledged; null where nothing is amiss. */
  ofBatch({ queue, isInAir, lastError }: ProducerBatch): OttlaError | null {
    if (isInAir) return lastError ?? this.#silence(queue.inAirNodeId, 0)
    return this.#ofQueue(queue) ?? lastError ?? this.#silence(queue.leaderId, 0)
  }

  /** Why no memory comes free: what is in the way of the batch that has waited longest. */
  ofRoom(): OttlaError | null {
    const [oldest] = this.#parts.incomplete()
    if (oldest === undefined) return this.#parts.metadata.failure()
    const { queue, lastError } = oldest
    return this.#ofQueue(queue) ?? lastError ?? this.#silence(queue.leaderId, STALL_MS)
  }

  #ofQueue(queue: PartitionQueue): OttlaError | null {
    const { pool, metadata } = this.#parts
    const { leaderId } = queue
    if (!pool.knows(leaderId)) return metadata.failure() ?? leaderless(queue)
    return pool.whyUnreachable(leaderId) ?? this.#ofIdentity(queue)
  }

  #ofIdentity({ sequence, awaitsIdentity }: PartitionQueue): OttlaError | null {
    const { producerIds } = this.#parts
    if (producerIds === null || (sequence !== null && !awaitsIdentity)) return null
    if (producerIds.identity !== null) return null
    return (
      producerIds.lastError ??
      new TimeoutError('no producer id: a broker was asked for one, and has not answered')
    )
  }

  #silence(nodeId: number, leastMs: number): OttlaError | null {
    const unanswered = this.#parts.unanswered(nodeId)
    const [oldest] = unanswered
    if (oldest === undefined) return null
    const silentMs = Math.round(this.#parts.nowMs() - oldest.sentAtMs)
    if (silentMs < leastMs) return null
    return new TimeoutError(
      `broker ${nodeId} has answered nothing for ${silentMs} ms, and owes ${unanswered.length} answer(s)`,
    )
  }
}
