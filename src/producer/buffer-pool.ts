/**
 * Buffers for batches, in a few sizes, each four times the one before it: a partition with little
 * traffic holds 1 KiB, a busy one starts at the size that its last batch reached.
 *
 * A buffer comes back only when nobody can hold it any more: its batch was answered by the broker
 * on its first attempt. A batch that timed out or was sent twice leaves its buffer to the garbage
 * collector, because a socket may still hold it (KAFKA-19012: reuse put records on wrong topics).
 *
 * Neighbours: the accumulator takes, the sender gives back.
 */
import { bufferSizeFor } from '../protocol/record-batch.js'

const SMALLEST_BATCH_BYTES = 1024
const GROWTH = 4

export class BufferPool {
  /** Ascending sizes of whole buffers, head- and tailroom included; the last one is a full batch. */
  readonly sizesBytes: readonly number[]
  readonly #free: Buffer[] = []
  readonly #maxFree: number

  /** Keeps at most `maxFreeBytes` of full-size buffers for reuse. */
  constructor(batchSizeBytes: number, maxFreeBytes: number) {
    const sizes: number[] = []
    for (let size = SMALLEST_BATCH_BYTES; size < batchSizeBytes; size *= GROWTH) {
      sizes.push(bufferSizeFor(size))
    }
    sizes.push(bufferSizeFor(batchSizeBytes))
    this.sizesBytes = sizes
    this.#maxFree = Math.floor(maxFreeBytes / this.fullSizeBytes)
  }

  get fullSizeBytes(): number {
    return this.sizesBytes[this.sizesBytes.length - 1] as number // never empty
  }

  /** The smallest of our sizes that holds `bytes`; beyond the largest, `bytes` itself. */
  sizeFor(bytes: number): number {
    return this.sizesBytes.find((size) => size >= bytes) ?? bytes
  }

  /** A buffer of exactly `sizeBytes`, its content undefined. */
  take(sizeBytes: number): Buffer {
    const reused = sizeBytes === this.fullSizeBytes ? this.#free.pop() : undefined
    // Not allocUnsafe: a slice of Node's shared slab would keep the whole slab alive.
    return reused ?? Buffer.allocUnsafeSlow(sizeBytes)
  }

  /** Takes a buffer back that no socket and no batch holds any more. */
  give(buffer: Buffer): void {
    if (buffer.length === this.fullSizeBytes && this.#free.length < this.#maxFree) {
      this.#free.push(buffer)
    }
  }
}
