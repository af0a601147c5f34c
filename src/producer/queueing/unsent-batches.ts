/**
 * The batches of one partition that were never sent: full ones (or closed for another reason), oldest
 * first, and the open one behind them.
 *
 *   closed | b7 | b8 |    open  b9  <- records are appended
 *
 * Before and after: partition-queue.ts, which has one.
 */
import { assert } from '../../assert.js'
import type { QueuedBatch } from '../batching/queued-batch.js'
import { Deque } from '../collections/deque.js'

export class UnsentBatches<Batch extends QueuedBatch> {
  readonly #closed = new Deque<Batch>()
  #open: Batch | null = null

  /** The batch that records are appended to; null: the next record opens one. */
  get open(): Batch | null {
    return this.#open
  }

  get closedCount(): number {
    return this.#closed.length
  }

  /** The open one included. */
  get count(): number {
    return this.#closed.length + (this.#open === null ? 0 : 1)
  }

  /** All of them, oldest first. */
  list(): Batch[] {
    return this.#open === null ? [...this.#closed] : [...this.#closed, this.#open]
  }

  /** Records are appended to this batch from now on. */
  begin(batch: Batch): void {
    assert(this.#open === null, 'a partition has one open batch')
    this.#open = batch
  }

  /** The open batch takes no more records. */
  closeOpen(): void {
    const batch = this.#open
    if (batch === null) return
    this.#open = null
    batch.close()
    this.#closed.push(batch)
  }

  /** The oldest that may leave: a closed one, or the open one where it is due. */
  next(): Batch | undefined {
    return this.#closed.peek() ?? (this.#open?.isDue === true ? this.#open : undefined)
  }

  /** `batch` leaves, or fails: it is none of these any more. Idempotent. */
  remove(batch: Batch): void {
    if (batch === this.#open) this.#open = null
    else if (batch === this.#closed.peek()) this.#closed.shift()
    else if (batch.ordinal < 0) this.#closed.keep((other) => other !== batch)
  }
}
