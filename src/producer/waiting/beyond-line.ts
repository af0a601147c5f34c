/**
 * Records for partitions that their topic does not have (yet), in the order of arrival. They may be very
 * many, and something happens to their topic often: so nobody looks through them before it has grown to the
 * lowest of those partitions.
 *
 * Before: admission.ts and serving.ts put records here. After: serving.ts.
 */
import { Line } from '../collections/line.js'

/** `T` is a parked record. */
export class BeyondLine<T extends { readonly partition: number }> extends Line<T> {
  /** No record here is for a lower one. */
  #lowest = Infinity

  override push(parked: T): void {
    super.push(parked)
    this.#lowest = Math.min(this.#lowest, parked.partition)
  }

  /** Those for the first `partitionCount` partitions: each of them is to leave now. */
  reached(partitionCount: number): T[] {
    if (this.#lowest >= partitionCount) return []
    const reached: T[] = []
    this.#lowest = Infinity
    for (const parked of this) {
      if (parked.partition < partitionCount) reached.push(parked)
      else this.#lowest = Math.min(this.#lowest, parked.partition)
    }
    return reached
  }
}
