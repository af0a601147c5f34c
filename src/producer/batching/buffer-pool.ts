/**
 * Buffers for batches, in a few sizes: a partition with little traffic holds 1 KiB, a busy one starts
 * at the size that its last batch reached.
 *
 *   1 KiB, x2 … 64 KiB, x4 … up to batchSizeBytes;   with compression further, x2 … up to maxPlainBytes
 *
 * The small ones lie close, for thousands of busy partitions share the memory in them: of 32 MiB
 * 9,900 can have 2 KiB each, and none 4. Large ones do not: each step is one more copy.
 *
 * A buffer comes back only when nobody can hold it any more: its batch was answered by the broker
 * on its first attempt. A batch that timed out or was sent twice leaves its buffer to the garbage
 * collector, because a socket may still hold it (KAFKA-19012: reuse put records on wrong topics).
 *
 * Neighbours: the accumulator takes and gives back.
 */
import { bufferSizeFor } from '../../protocol/record-batch.js'

const SMALLEST_BATCH_BYTES = 1024
const DOUBLED_BELOW_BYTES = 65_536
/** Smaller ones cost less to make anew than to keep. */
const LEAST_KEPT_BYTES = 65_536

export interface BufferPoolOptions {
  readonly batchSizeBytes: number
  /** Most bytes of a batch before compression; at least `batchSizeBytes`. */
  readonly maxPlainBytes: number
  /** Most bytes to keep for reuse, as of now: what others do not use of the memory. */
  readonly maxFreeBytes: () => number
}

export class BufferPool {
  /** Ascending sizes of whole buffers, head- and tailroom included. */
  readonly sizesBytes: readonly number[]
  /** Free buffers of the sizes worth keeping. */
  readonly #free = new Map<number, Buffer[]>()
  readonly #maxFreeBytes: () => number
  #freeBytes = 0

  constructor({ batchSizeBytes, maxPlainBytes, maxFreeBytes }: BufferPoolOptions) {
    const sizes: number[] = []
    for (let size = SMALLEST_BATCH_BYTES; size < batchSizeBytes; size *= factor(size)) {
      sizes.push(size)
    }
    for (let size = batchSizeBytes; size < maxPlainBytes; size *= 2) sizes.push(size)
    sizes.push(maxPlainBytes)
    this.sizesBytes = sizes.map(bufferSizeFor)
    for (const size of sizes.filter((it) => it >= Math.min(batchSizeBytes, LEAST_KEPT_BYTES))) {
      this.#free.set(bufferSizeFor(size), [])
    }
    this.#maxFreeBytes = maxFreeBytes
  }

  /** The smallest of our sizes that holds `bytes`; beyond the largest, `bytes` itself. */
  sizeFor(bytes: number): number {
    return this.sizesBytes.find((size) => size >= bytes) ?? bytes
  }

  /** A buffer of exactly `sizeBytes`, its content undefined. */
  take(sizeBytes: number): Buffer {
    const reused = this.#free.get(sizeBytes)?.pop()
    // Not allocUnsafe: a slice of Node's shared slab would keep the whole slab alive.
    if (reused === undefined) {
      this.#shrink()
      return Buffer.allocUnsafeSlow(sizeBytes)
    }
    this.#freeBytes -= sizeBytes
    return reused
  }

  /** Takes a buffer back that no socket and no batch holds any more. */
  give(buffer: Buffer): void {
    const free = this.#free.get(buffer.length)
    if (free === undefined || this.#freeBytes + buffer.length > this.#maxFreeBytes()) return
    free.push(buffer)
    this.#freeBytes += buffer.length
  }

  /** Another size is wanted: what is kept beyond the bound goes, so that both together stay in it. */
  #shrink(): void {
    for (const [sizeBytes, buffers] of this.#free) {
      while (buffers.length > 0 && this.#freeBytes > this.#maxFreeBytes()) {
        buffers.pop()
        this.#freeBytes -= sizeBytes
      }
    }
  }
}

function factor(sizeBytes: number): number {
  return sizeBytes < DOUBLED_BELOW_BYTES ? 2 : 4
}
