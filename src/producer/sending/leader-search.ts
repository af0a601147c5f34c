/**
 * When to ask the cluster whether leaders have moved: while a broker owes answers and says nothing,
 * or stays out of reach, and while batches wait in a partition without a leader. Again and again,
 * since an election takes a while, and brokers do not announce it.
 *
 *   silent for a second ---------------------> ask, again every 250 ms
 *   out of reach, or no leader, for 250 ms --> ask, again every 250 ms
 *
 * Metadata itself looks for leaders that it knows to be missing; not for one of a partition that has
 * gone and comes back when its topic is made anew. Only the topics concerned are asked for.
 *
 * Before: sender.ts. After: network/metadata, which spaces the questions out.
 */
import type { BatchQueue } from '../batching/batch.js'
import { LEADER_LOOK_MS } from '../pacing/pace-constants.js'

/** How metadata is asked for. */
export interface LeaderQuestions {
  /** Something suggests that leaders of these topics have moved. */
  requestRefresh(topics: Iterable<string>): void
  /** The same, of the topics that this broker leads. */
  requestRefreshOf(nodeId: number): void
}

/** A broker as the search sees it. */
export interface SearchedBroker {
  readonly nodeId: number
  /** Monotonic: when it has stalled, if it owes answers; else Infinity. */
  readonly stalledAtMs: number
  readonly isOutOfReach: boolean
}

/** A list or map of them. */
interface Brokers {
  values(): Iterable<SearchedBroker>
}

export class LeaderSearch {
  readonly #metadata: LeaderQuestions
  /** Partitions that had batches and no leader when last looked at. */
  readonly #leaderless = new Set<BatchQueue>()
  #nextMs = Infinity
  #missingSinceMs = Infinity
  #askedAtMs = -Infinity

  constructor(metadata: LeaderQuestions) {
    this.#metadata = metadata
  }

  /** Monotonic: when to look again at the latest; Infinity where nothing is amiss. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** The partition has batches and no leader. */
  miss(queue: BatchQueue): void {
    if (this.#leaderless.has(queue)) return
    this.#leaderless.add(queue)
    this.#metadata.requestRefresh([queue.topic.name])
  }

  /** Asks if it is time. */
  look(brokers: Brokers, nowMs: number): void {
    let dueMs = Infinity
    let isMissing = this.#leaderless.size > 0
    for (const broker of brokers.values()) {
      dueMs = Math.min(dueMs, broker.stalledAtMs)
      isMissing ||= broker.isOutOfReach
    }
    if (!isMissing) this.#missingSinceMs = Infinity
    else if (this.#missingSinceMs === Infinity) this.#missingSinceMs = nowMs
    dueMs = Math.min(dueMs, this.#missingSinceMs + LEADER_LOOK_MS)
    this.#nextMs = Math.max(dueMs, this.#askedAtMs + LEADER_LOOK_MS)
    if (this.#nextMs <= nowMs) this.#ask(brokers, nowMs)
  }

  #ask(brokers: Brokers, nowMs: number): void {
    this.#askedAtMs = nowMs
    this.#nextMs = nowMs + LEADER_LOOK_MS
    for (const { nodeId, stalledAtMs, isOutOfReach } of brokers.values()) {
      if (stalledAtMs <= nowMs || isOutOfReach) this.#metadata.requestRefreshOf(nodeId)
    }
    if (this.#leaderless.size === 0) return
    const topics = new Set<string>()
    for (const queue of this.#leaderless) {
      topics.add(queue.topic.name)
      if (queue.leaderId >= 0 || !queue.hasBatches) this.#leaderless.delete(queue)
    }
    this.#metadata.requestRefresh(topics)
  }
}
