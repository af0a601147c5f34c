/**
 * Copies of values that have to wait, in buffers that are used again: V8 is slow to give back the
 * memory of many that were used once, and what is settled is to be free at once.
 *
 * Neighbours: parked-record.ts copies, and gives back what nobody can hold any more.
 */

/** Smaller ones cost less to make anew than to keep. */
const LEAST_BYTES = 4096
/** Buffers are of a multiple of this. */
const STEP_BYTES = 1024
const MOST_FREE_BYTES = 1_048_576

const free = new Map<number, ArrayBuffer[]>()
let freeBytes = 0

/** A copy, to be given back once nobody holds it. */
export function copyOf(bytes: Uint8Array): Buffer {
  if (bytes.length < LEAST_BYTES) return Buffer.from(bytes)
  const copy = Buffer.from(take(bytes.length), 0, bytes.length)
  copy.set(bytes)
  return copy
}

function take(lengthBytes: number): ArrayBuffer {
  const sizeBytes = Math.ceil(lengthBytes / STEP_BYTES) * STEP_BYTES
  const reused = free.get(sizeBytes)?.pop()
  if (reused === undefined) return new ArrayBuffer(sizeBytes)
  freeBytes -= sizeBytes
  return reused
}

/** Takes back what `copyOf` gave. */
export function giveCopy({ buffer, length }: Uint8Array): void {
  const { byteLength } = buffer
  if (length < LEAST_BYTES || freeBytes + byteLength > MOST_FREE_BYTES) return
  const buffers = free.get(byteLength) ?? []
  if (buffers.length === 0) free.set(byteLength, buffers)
  buffers.push(buffer as ArrayBuffer)
  freeBytes += byteLength
}
