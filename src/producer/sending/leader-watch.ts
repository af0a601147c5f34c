/**
 * When to ask the cluster whether leaders have moved: while a broker owes answers and says nothing, or
 * stays out of reach, and while batches wait in a partition without a leader. Again and again, for an
 * election takes a while, and nobody else would tell us of it.
 *
 *   silent for a second ---------------------> ask, again every 250 ms
 *   out of reach, or no leader, for 250 ms --> ask, again every 250 ms
 *
 * Metadata itself looks for leaders that it knows to be missing; not for one of a partition that has
 * gone and comes back when its topic is made anew. Only the topics concerned are asked for.
 *
 * Before: sender.ts. After: network/metadata/metadata.ts, which spaces the questions out.
 */
import type { ProducePort } from '../../network/brokers/produce-port.js'
import type { Outbox } from './outbox.js'
import { LEADER_LOOK_MS, STALL_MS } from '../pacing/pace-constants.js'
import type { PartitionQueue } from './partition-queue.js'

/** A list or map of outboxes. */
interface Outboxes {
  values(): Iterable<Outbox>
}

/** How metadata is asked for. */
export interface LeaderWatchParts {
  readonly refreshMetadata: (topic: string) => void
  /** Of the topics that this broker leads. */
  readonly refreshMetadataOf: (nodeId: number) => void
}

export class LeaderWatch {
  /** Monotonic: when to look again at the latest; Infinity where nothing is amiss. */
  nextMs = Infinity
  readonly #pool: Pick<ProducePort, 'connection'>
  readonly #parts: LeaderWatchParts
  /** Queues that had batches and no leader when last looked at. */
  readonly #leaderless = new Set<PartitionQueue>()
  #missingSinceMs = Infinity
  #askedAtMs = -Infinity

  constructor(pool: Pick<ProducePort, 'connection'>, parts: LeaderWatchParts) {
    this.#pool = pool
    this.#parts = parts
  }

  /** The queue has batches and no leader. */
  miss(queue: PartitionQueue): void {
    if (this.#leaderless.has(queue)) return
    this.#leaderless.add(queue)
    this.#parts.refreshMetadata(queue.topic)
  }

  /** Asks if it is time. */
  look(outboxes: Outboxes, nowMs: number): void {
    let dueMs = Infinity
    let isMissing = this.#leaderless.size > 0
    for (const outbox of outboxes.values()) {
      const [oldest] = outbox.requests
      if (oldest !== undefined) dueMs = Math.min(dueMs, oldest.silentSinceMs + STALL_MS)
      else isMissing ||= this.#isOutOfReach(outbox)
    }
    if (!isMissing) this.#missingSinceMs = Infinity
    else if (this.#missingSinceMs === Infinity) this.#missingSinceMs = nowMs
    dueMs = Math.min(dueMs, this.#missingSinceMs + LEADER_LOOK_MS)
    this.nextMs = Math.max(dueMs, this.#askedAtMs + LEADER_LOOK_MS)
    if (this.nextMs <= nowMs) this.#ask(outboxes, nowMs)
  }

  #isOutOfReach({ nodeId, hasWork }: Outbox): boolean {
    return hasWork && this.#pool.connection(nodeId) === undefined
  }

  #ask(outboxes: Outboxes, nowMs: number): void {
    this.#askedAtMs = nowMs
    this.nextMs = nowMs + LEADER_LOOK_MS
    for (const outbox of outboxes.values()) {
      const [oldest] = outbox.requests
      const isSilent = oldest !== undefined && oldest.silentSinceMs + STALL_MS <= nowMs
      if (isSilent || this.#isOutOfReach(outbox)) this.#parts.refreshMetadataOf(outbox.nodeId)
    }
    for (const queue of this.#leaderless) {
      this.#parts.refreshMetadata(queue.topic)
      if (queue.leaderId >= 0 || !queue.hasBatches) this.#leaderless.delete(queue)
    }
  }
}
