/**
 * Where compressed bytes go: what a library allocated stays where it is, or is moved into the room
 * that the caller gives.
 *
 * Neighbours: used by the codecs whose library makes the whole result, gzip.ts and zstd.ts.
 */

import type { Allocate } from './codec.js'

/** `bytes` themselves without `allocate`; else a copy in its room. */
export function place(bytes: Uint8Array, allocate?: Allocate): Uint8Array {
  if (allocate === undefined) return bytes
  const room = allocate(bytes.length)
  room.set(bytes)
  return room
}

/** Room in memory of its own. */
export const allocateAnew: Allocate = (sizeBytes) => Buffer.allocUnsafe(sizeBytes)
