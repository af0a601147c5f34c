/**
 * How many bytes of records go into a batch of one topic, so that it is `batchSizeBytes` once it is
 * compressed: without this, compressed batches would be tiny. Keeps an estimate of the ratio
 * (compressed / plain), as Kafka's CompressionRatioEstimator does for each topic and codec: it
 * gets worse at once, and better a little with each batch, since a batch that turns out too large
 * costs more than one that turns out small.
 */

/** Share of the way to a better ratio that one batch is worth. */
const IMPROVEMENT = 0.1
const LEAST_BATCH_BYTES = 512
/** Room for a batch that compresses less well than the estimate (Java: 1.05). */
const SAFETY = 1.05

export class BatchFill {
  #batchSizeBytes: number
  readonly #maxPlainBytes: number
  #ratio = 1

  /** `maxPlainBytes` bounds a batch before compression: what the broker takes if nothing is gained. */
  constructor(batchSizeBytes: number, maxPlainBytes: number) {
    this.#batchSizeBytes = batchSizeBytes
    this.#maxPlainBytes = Math.max(batchSizeBytes, maxPlainBytes)
  }

  /** The estimate: 1 gains nothing, 0.2 is a fifth. */
  get ratio(): number {
    return this.#ratio
  }

  /** Bytes before compression at which a batch is full. */
  get targetBytes(): number {
    if (this.#ratio >= 1) return this.#batchSizeBytes
    const plainBytes = Math.floor(this.#batchSizeBytes / (this.#ratio * SAFETY))
    return Math.min(Math.max(plainBytes, this.#batchSizeBytes), this.#maxPlainBytes)
  }

  /** A batch of fewer bytes says little of how a full one comes out: a lone record gains nothing. */
  isTelling(plainBytes: number): boolean {
    return plainBytes >= this.#batchSizeBytes / 2
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

  /**
   * The broker refused a batch of `sizeBytes` as too large: it does not say what it allows, so half
   * of that is tried from now on (as long as this producer lives), and nothing is taken for granted
   * from compression.
   */
  refused(sizeBytes: number): void {
    this.#ratio = 1
    const halfBytes = Math.max(LEAST_BATCH_BYTES, Math.floor(sizeBytes / 2))
    this.#batchSizeBytes = Math.min(this.#batchSizeBytes, halfBytes)
  }
}
