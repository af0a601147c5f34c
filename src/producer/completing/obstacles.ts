/**
 * Why a record is not acknowledged: the one place that is asked, whichever error it is for. Each part
 * of the network keeps the last failure of its own (a broker's connection, metadata, the producer
 * id); here is what of it bears on a batch, on a topic that is not known, or on a full buffer.
 *
 *   no leader, or an unlisted one ─> why metadata does not come, or that there is none
 *   no connection to the leader ───> why not (BrokerLink)
 *   no producer id (its hold) ─────> why not
 *   refused, or the answer lost ───> that
 *   the leader wants a pause ──────> for how long
 *   the leader owes answers ───────> how many, since when
 *
 * Neighbours: pipeline.ts asks for the errors of delivery-errors.ts and parked-errors.ts.
 */
import type { Clock } from '../../clock.js'
import { TimeoutError, type OttlaError } from '../../errors.js'
import type { ProducePort } from '../../network/brokers/produce-port.js'
import { throttleError } from '../../network/throttle-error.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import { leaderless } from './delivery-errors.js'
import { STALL_MS } from '../pacing/pace-constants.js'
import type { Sequencer } from '../sequencing/sequencer.js'
import type { ProduceRequest } from '../sending/produce-request.js'

/** A quota's pauses of that length are no fault (pacing/throttle-pace.ts keeps them near a second). */
const USUAL_PAUSE_MS = 3000

/** Who knows what has failed last. */
export interface ObstacleParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly metadata: { failure(): OttlaError | null }
  readonly pool: Pick<ProducePort, 'knows' | 'whyUnreachable' | 'connection'>
  readonly sequencer: Pick<Sequencer, 'whyNoIdentity'>
  /** By node id: the requests that the broker has not answered, oldest first. */
  readonly sinks: ReadonlyMap<number, { readonly inFlight: readonly ProduceRequest[] }>
  /** Batches that are not acknowledged, oldest first. */
  readonly accumulator: { readonly incomplete: Iterable<ProducerBatch> }
}

export class Obstacles {
  readonly #parts: ObstacleParts

  constructor(parts: ObstacleParts) {
    this.#parts = parts
  }

  /** Why the batch is not acknowledged; null where nothing is amiss. */
  ofBatch({ queue, isInFlight, lastError }: ProducerBatch): OttlaError | null {
    const why = isInFlight ? null : this.#ofQueue(queue)
    return why ?? lastError ?? this.#throttle(queue, 0) ?? this.#silence(queue, 0)
  }

  /** Why no memory comes free: what holds back the oldest batch. */
  ofRoom(): OttlaError | null {
    const [oldest] = this.#parts.accumulator.incomplete
    return oldest === undefined ? this.#parts.metadata.failure() : this.ofLateBatch(oldest)
  }

  /** Why a batch is not acknowledged that should be by now; a broker may take STALL_MS to answer. */
  ofLateBatch({ queue, lastError }: ProducerBatch): OttlaError | null {
    const why = this.#ofQueue(queue) ?? lastError
    return why ?? this.#throttle(queue, USUAL_PAUSE_MS) ?? this.#silence(queue, STALL_MS)
  }

  #ofQueue(queue: BatchQueue): OttlaError | null {
    const { pool, metadata } = this.#parts
    const { leaderId } = queue
    if (!pool.knows(leaderId)) return metadata.failure() ?? leaderless(queue)
    const unreachable = pool.whyUnreachable(leaderId)
    if (unreachable !== null) return unreachable
    const hold = queue.hold(this.#parts.clock.monotonicMs())
    const isUnidentified = hold === 'identity' || hold === 'transaction' || hold === 'partition'
    return isUnidentified ? this.#parts.sequencer.whyNoIdentity() : null
  }

  /** The leader wants a pause, which is longer than `leastMs` in all. */
  #throttle({ leaderId }: BatchQueue, leastMs: number): OttlaError | null {
    const { pool, clock } = this.#parts
    const connection = pool.connection(leaderId)
    if (connection === undefined) return null
    const { throttledSinceMs, throttledUntilMs } = connection
    const leftMs = throttledUntilMs - clock.monotonicMs()
    const isLong = throttledUntilMs - throttledSinceMs > leastMs
    return leftMs > 0 && isLong ? throttleError(`broker ${leaderId}`, leftMs) : null
  }

  /** The broker that owes answers for the partition, which may have led it before, says nothing. */
  #silence({ inFlightNodeId, leaderId }: BatchQueue, leastMs: number): OttlaError | null {
    const nodeId = inFlightNodeId >= 0 ? inFlightNodeId : leaderId
    const unanswered = this.#parts.sinks.get(nodeId)?.inFlight ?? []
    const [oldest] = unanswered
    if (oldest === undefined) return null
    const silentMs = Math.round(this.#parts.clock.monotonicMs() - oldest.sentAtMs)
    if (silentMs < leastMs) return null
    return new TimeoutError(
      `broker ${nodeId} has answered nothing for ${silentMs} ms, with ${unanswered.length} request(s) in flight`,
    )
  }
}
