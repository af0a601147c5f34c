/**
 * The partitions that pause after a failure, each until its `retryAtMs`, or until its broker is
 * known to acknowledge batches again.
 *
 *   add ──> pausing ── retryAtMs is over ────────────────────────────> ended
 *              └────── recovered: shortened to its least time ─────────┘
 *
 * Thousands may pause at once, and one after another end: a turn looks only at those whose time has
 * come. (All of them are looked at where a broker has recovered, which is rare.)
 *
 * Before and after: sender.ts.
 */
import type { BatchQueue } from '../batching/batch.js'
import { Heap } from '../collections/heap.js'

export class Pauses {
  readonly #queues = new Set<BatchQueue>()
  /** By the time at which each ends; an entry that is outdated has a later or an earlier one beside it. */
  readonly #ends = new Heap<BatchQueue>()
  /** Brokers that have acknowledged a retry since the last look. */
  readonly #recoveredIds = new Set<number>()

  /** Monotonic: when the first of them may end; Infinity with none. */
  get nextMs(): number {
    return this.#ends.leastKey
  }

  /** The partition pauses until its `retryAtMs`; to be called again when that has changed. */
  add(queue: BatchQueue): void {
    this.#queues.add(queue)
    this.#ends.push(queue.retryAtMs, queue)
  }

  /**
   * What pauses for this broker need not wait for the end of a long pause. True where anything
   * pauses.
   */
  recovered(nodeId: number): boolean {
    if (this.#queues.size === 0) return false
    this.#recoveredIds.add(nodeId)
    return true
  }

  /** Takes out those whose pause is over at `nowMs`. */
  end(nowMs: number): BatchQueue[] {
    if (this.#recoveredIds.size > 0) this.#shorten()
    const ended: BatchQueue[] = []
    while (this.#ends.leastKey <= nowMs) {
      const queue = this.#ends.shift() as BatchQueue // there is one with that key
      if (queue.retryAtMs <= nowMs && this.#queues.delete(queue)) ended.push(queue)
    }
    return ended
  }

  #shorten(): void {
    for (const queue of this.#queues) {
      if (!this.#recoveredIds.has(queue.leaderId)) continue
      const { retryAtMs } = queue
      queue.shortenPause()
      if (queue.retryAtMs < retryAtMs) this.add(queue)
    }
    this.#recoveredIds.clear()
  }
}
