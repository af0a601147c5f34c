/**
 * How many bytes of records go into a batch of one topic, so that it is as large as its brokers take
 * (batch-limit.ts; `batchSizeBytes` at most) once it is compressed: without this, compressed
 * batches would be tiny. Keeps an estimate of the ratio (compressed / plain), as Kafka's
 * CompressionRatioEstimator does for each topic and codec: it gets worse at once, and better a
 * little with each batch, since a batch that turns out too large costs more than one that turns out
 * small. A broker's refusal changes the limit only: it says nothing of the ratio, which was known
 * before the batch left.
 */
import { BatchLimit, type SizedBatch } from './batch-limit.js'

/** Share of the way to a better ratio that one batch is worth. */
const IMPROVEMENT = 0.1
/** Room for a batch that compresses less well than the estimate (Java: 1.05). */
const SAFETY = 1.05

export class BatchFill {
  readonly #limit: BatchLimit
  readonly #maxPlainBytes: number
  #ratio = 1

  /** `maxPlainBytes` bounds a batch before compression: what the broker takes if nothing is gained. */
  constructor(batchSizeBytes: number, maxPlainBytes: number) {
    this.#limit = new BatchLimit(batchSizeBytes)
    this.#maxPlainBytes = Math.max(batchSizeBytes, maxPlainBytes)
  }

  /** The estimate: 1 gains nothing, 0.2 is a fifth. */
  get ratio(): number {
    return this.#ratio
  }

  /** Bytes before compression at which a batch is full. */
  get targetBytes(): number {
    return this.#plainBytes(this.#limit.safeBytes)
  }

  /** The same for the batch that is opened next, which may be one to find out what brokers take. */
  get nextBytes(): number {
    return this.#plainBytes(this.#limit.nextBytes)
  }

  #plainBytes(sizeBytes: number): number {
    if (this.#ratio >= 1) return sizeBytes
    const plainBytes = Math.floor(sizeBytes / (this.#ratio * SAFETY))
    return Math.min(Math.max(plainBytes, sizeBytes), this.#maxPlainBytes)
  }

  /** `batch` was opened for `nextBytes`. */
  opened(batch: SizedBatch): void {
    this.#limit.opened(batch)
  }

  /** A batch of fewer bytes says little of how a full one comes out: a lone record gains nothing. */
  isTelling(plainBytes: number): boolean {
    return plainBytes >= this.#limit.safeBytes / 2
  }

  /** A telling batch came out at `ratio`. */
  observed(ratio: number): void {
    if (ratio > this.#ratio) this.#ratio = Math.min(1, ratio)
    else this.#ratio += (ratio - this.#ratio) * IMPROVEMENT
  }

  /** Another codec: begin again with what is known of it. */
  reset(ratio: number): void {
    this.#ratio = Math.min(1, ratio)
  }

  /** A batch of `sizeBytes` (as it travelled) is in the log. */
  taken(sizeBytes: number): void {
    this.#limit.taken(sizeBytes)
  }

  /** A batch of `sizeBytes` (as it travelled) was refused for its size. */
  refused(sizeBytes: number): void {
    this.#limit.refused(sizeBytes)
  }

  /**
   * Most bytes before compression of a smaller batch with some of the same records, so that it is
   * taken: those together were `plainBytes`, and travelled as `sizeBytes`.
   */
  partBytes(plainBytes: number, sizeBytes: number): number {
    const ratio = sizeBytes < plainBytes ? (sizeBytes / plainBytes) * SAFETY : 1
    return Math.floor(this.#limit.safeBytes / ratio)
  }
}
