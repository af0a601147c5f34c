/**
 * When to ask the cluster whether leaders have moved: while a broker owes answers and says nothing, or
 * stays out of reach, and while batches wait in a partition without a leader. Again and again, for an
 * election takes a while, and nobody else would tell us of it.
 *
 *   silent for a second ---------------------> ask, again every 250 ms
 *   out of reach, or no leader, for 250 ms --> ask, again every 250 ms
 *
 * Metadata itself looks for leaders that it knows to be missing; not for one of a partition that has
 * gone and comes back when its topic is made anew.
 *
 * Before: sender.ts. After: network/metadata.ts, which spaces the questions out.
 */
import type { BrokerPool } from '../network/broker-pool.js'
import type { Outbox } from './outbox.js'
import { LEADER_LOOK_MS, STALL_MS } from './pace-constants.js'
import type { PartitionQueue } from './partition-queue.js'

export class LeaderWatch {
  /** Monotonic: when to look again at the latest; Infinity where nothing is amiss. */
  nextMs = Infinity
  readonly #pool: BrokerPool
  readonly #refreshMetadata: () => void
  /** Queues that had batches and no leader when last looked at. */
  readonly #leaderless = new Set<PartitionQueue>()
  #missingSinceMs = Infinity
  #askedAtMs = -Infinity

  constructor(pool: BrokerPool, refreshMetadata: () => void) {
    this.#pool = pool
    this.#refreshMetadata = refreshMetadata
  }

  /** The queue has batches and no leader. */
  miss(queue: PartitionQueue): void {
    if (this.#leaderless.has(queue)) return
    this.#leaderless.add(queue)
    this.#refreshMetadata()
  }

  /** Asks if it is time. */
  look(outboxes: Iterable<Outbox>, nowMs: number): void {
    let dueMs = Infinity
    let isMissing = this.#leaderless.size > 0
    for (const { nodeId, hasWork, requests } of outboxes) {
      const [oldest] = requests
      if (oldest !== undefined) dueMs = Math.min(dueMs, oldest.silentSinceMs + STALL_MS)
      else if (hasWork) isMissing ||= this.#pool.connection(nodeId) === undefined
    }
    if (!isMissing) this.#missingSinceMs = Infinity
    else if (this.#missingSinceMs === Infinity) this.#missingSinceMs = nowMs
    dueMs = Math.min(dueMs, this.#missingSinceMs + LEADER_LOOK_MS)
    this.nextMs = Math.max(dueMs, this.#askedAtMs + LEADER_LOOK_MS)
    if (this.nextMs <= nowMs) this.#ask(nowMs)
  }

  #ask(nowMs: number): void {
    for (const queue of this.#leaderless) {
      if (queue.leaderId >= 0 || !queue.hasBatches) this.#leaderless.delete(queue)
    }
    this.#askedAtMs = nowMs
    this.nextMs = nowMs + LEADER_LOOK_MS
    this.#refreshMetadata()
  }
}
