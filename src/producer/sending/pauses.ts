/**
 * The partitions that pause after a failure, each until its `retryAtMs`, or until its broker is
 * known to acknowledge batches again.
 *
 *   add ──> pausing ── retryAtMs is over ────────────────────────────> ended
 *              └────── recovered: shortened to its least time ─────────┘
 *
 * Many may pause while the others go on: a turn in which no pause can end looks at none.
 *
 * Before and after: sender.ts.
 */
import type { BatchQueue } from '../batching/batch.js'

export class Pauses {
  readonly #queues = new Set<BatchQueue>()
  /** Brokers that have acknowledged a retry since the last look. */
  readonly #recoveredIds = new Set<number>()
  #nextMs = Infinity

  /** Monotonic: when the first of them may end; Infinity with none. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** The partition pauses until its `retryAtMs`. */
  add(queue: BatchQueue): void {
    this.#queues.add(queue)
    this.#nextMs = Math.min(this.#nextMs, queue.retryAtMs)
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
    if (nowMs < this.#nextMs && this.#recoveredIds.size === 0) return []
    const ended: BatchQueue[] = []
    let nextMs = Infinity
    for (const queue of this.#queues) {
      if (this.#recoveredIds.has(queue.leaderId)) {
        queue.shortenPause()
      }
      if (queue.retryAtMs > nowMs) nextMs = Math.min(nextMs, queue.retryAtMs)
      else ended.push(queue)
    }
    for (const queue of ended) this.#queues.delete(queue)
    this.#recoveredIds.clear()
    this.#nextMs = nextMs
    return ended
  }
}
