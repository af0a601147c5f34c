/**
 * The batches of one partition that were sent at least once and are unresolved, or whose answer is still
 * owed: in the order in which they were first sent, which they keep through every retry.
 *
 *   | b4 retry | b5 in flight | b6 in flight |     answers are owed by one broker at a time
 *     ^ first unresolved
 *
 * Before and after: partition-queue.ts, which has one.
 */
import type { QueuedBatch } from '../batching/queued-batch.js'
import type { Leadership } from './leadership.js'

export class SentBatches<Batch extends QueuedBatch> {
  readonly #batches: Batch[] = []
  #inFlightCount = 0
  #inFlightNodeId = -1
  #nextOrdinal = 0

  get length(): number {
    return this.#batches.length
  }

  /** The first unresolved. */
  get first(): Batch | undefined {
    return this.#batches[0]
  }

  /** Batches whose broker still owes an answer. */
  get inFlightCount(): number {
    return this.#inFlightCount
  }

  /** The broker that owes the answers; -1: none does. */
  get inFlightNodeId(): number {
    return this.#inFlightCount > 0 ? this.#inFlightNodeId : -1
  }

  /** The first unresolved has failed once, and not been acknowledged since. */
  get isRetrying(): boolean {
    const { first } = this
    return first !== undefined && (first.attempts > 1 || !first.isInFlight)
  }

  /** All of them, oldest first, as they are now. */
  list(): Batch[] {
    return [...this.#batches]
  }

  /** Takes in a batch that is sent for the first time. */
  add(batch: Batch): void {
    batch.placeAt(this.#nextOrdinal)
    this.#nextOrdinal += batch.recordCount
    this.#batches.push(batch)
  }

  /** `batch` leaves for this leader. */
  attempted(batch: Batch, { leaderId, leaderEpoch, term }: Leadership): void {
    batch.attempted(leaderEpoch, term)
    this.#inFlightNodeId = leaderId
    this.#inFlightCount++
  }

  /** The answer to `batch` came, or will never come. */
  attemptEnded(batch: Batch): void {
    if (!batch.isInFlight) return
    batch.attemptEnded()
    this.#inFlightCount--
  }

  /** `batch` needs no further attempt, and no answer to it is owed. */
  remove(batch: Batch): void {
    const index = this.#batches.indexOf(batch)
    if (index >= 0) this.#batches.splice(index, 1)
  }

  /** Puts the parts of a split batch where it stood, each in a place of its own. */
  split(batch: Batch, parts: readonly Batch[]): void {
    this.#batches.splice(this.#batches.indexOf(batch), 1, ...parts)
    let { ordinal } = batch
    for (const part of parts) {
      part.placeAt(ordinal)
      ordinal += part.recordCount
    }
  }

  /**
   * The batch to send again; 'wait' where one has to go again but may not yet; null where none has to.
   * The first unresolved may always; a later one only behind all others in flight, with numbers, and
   * where it `mayFollow` others at all.
   */
  nextRetry(isNumbered: boolean, mayFollow: boolean, maxInFlight: number): Batch | 'wait' | null {
    const index = this.#batches.findIndex((batch) => !batch.isInFlight)
    const batch = this.#batches[index]
    if (index === 0 && batch !== undefined) return batch
    if (!isNumbered) {
      // Without numbers a broker takes the second of two though it refused the first.
      return batch !== undefined || this.#batches.some(wasRetried) ? 'wait' : null
    }
    if (batch === undefined) return null
    const isBehindAll = this.#inFlightCount === index // none of those in flight is a later one
    return mayFollow && isBehindAll && index < maxInFlight ? batch : 'wait'
  }
}

function wasRetried({ attempts }: QueuedBatch): boolean {
  return attempts > 1
}
