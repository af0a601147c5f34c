/**
 * What the order of a partition needs to know of a batch, and does to it: nothing of records, bytes or
 * who waits for them. So the rules of order (partition-queue.ts) and of sequence numbers (sequencing/)
 * can be read, and tested, by themselves.
 *
 * Neighbours: batching/batch.ts is such a batch.
 */
import type { ProducerStamp } from '../../protocol/record-batch.js'

/** A batch as the sequence numbers see it. */
export interface NumberedBatch {
  readonly recordCount: number
  /** Its first record's place in the order in which the partition's records were first sent; -1 before. */
  readonly ordinal: number
  /** Gives it the numbers that it keeps through every retry. */
  number(stamp: ProducerStamp): void
  /** Gives it other numbers; only where it is certain that it was not written under the old ones. */
  renumber(stamp: ProducerStamp): void
}

/** A batch as the order of its partition sees it. */
export interface QueuedBatch extends NumberedBatch {
  /** Its broker still owes an answer to the last attempt. */
  readonly isInFlight: boolean
  /** Every record of it is settled. */
  readonly isDone: boolean
  /** May leave although it is not full. */
  readonly isDue: boolean
  /** Takes no more records. */
  readonly isClosed: boolean
  /** An attempt may be in the log. */
  readonly maybeWritten: boolean
  /** Times it was sent. */
  readonly attempts: number
  /** The leader epoch at the last attempt. */
  readonly leaderEpochAtSend: number
  /** The term of its leader at the last attempt (queueing/leadership.ts). */
  readonly leaderTermAtSend: number
  /** Bytes at which it is full. */
  readonly limitBytes: number
  /** It is full at so many bytes, from now on. */
  limitTo(bytes: number): void
  /** No further record. */
  close(): void
  /** Takes its place in the order; for good. */
  placeAt(ordinal: number): void
  /** An attempt leaves, for a leader of this epoch and term. */
  attempted(leaderEpoch: number, leaderTerm: number): void
  /** The last attempt has been answered, or never will be. */
  attemptEnded(): void
}
