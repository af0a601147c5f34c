/**
 * What the records of one topic take of late, in bytes: so much is kept for one whose serializer is
 * not done. A larger record counts at once, a smaller one a little: memory that turns out too little
 * costs more than some that is not needed.
 *
 * One for each topic. Neighbours: the intake reports, the parking lot asks.
 */

/** Share of the way to a smaller size that one record is worth. */
const SHRINKAGE = 0.1
/** However small the records are: their values before serialization are not counted at all. */
const LEAST_BYTES = 1024

export class RecordSize {
  #bytes = Infinity

  /** Until the first is known, as large as a record may be. */
  estimateBytes(largestBytes: number): number {
    return Math.min(largestBytes, Math.max(LEAST_BYTES, Math.ceil(this.#bytes)))
  }

  /** A record came out at `bytes`. */
  observed(bytes: number): void {
    if (this.#bytes === Infinity || bytes > this.#bytes) this.#bytes = bytes
    else this.#bytes += (bytes - this.#bytes) * SHRINKAGE
  }
}
