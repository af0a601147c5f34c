/**
 * xxHash32 with seed 0, the checksum of the LZ4 frame format.
 *
 * Plain JavaScript, for reading only: what we write has a constant header and no other checksum.
 * Spec: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Neighbour: lz4-frame.ts.
 */

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1
const STRIPE_BYTES = 16

/** The hash as an unsigned 32-bit integer. */
export function xxHash32(input: Uint8Array): number {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const stripesEnd = input.length - (input.length % STRIPE_BYTES)
  let hash = stripesEnd > 0 ? hashStripes(view, stripesEnd) : PRIME_5
  hash = (hash + input.length) | 0
  return avalanche(hashTail(hash, view, stripesEnd))
}

// Four lanes, each fed with every fourth word, so that a processor can run them side by side.
function hashStripes(view: DataView, end: number): number {
  let lane1 = (PRIME_1 + PRIME_2) | 0
  let lane2 = PRIME_2 | 0
  let lane3 = 0
  let lane4 = -PRIME_1 | 0
  for (let at = 0; at < end; at += STRIPE_BYTES) {
    lane1 = round(lane1, view.getUint32(at, true))
    lane2 = round(lane2, view.getUint32(at + 4, true))
    lane3 = round(lane3, view.getUint32(at + 8, true))
    lane4 = round(lane4, view.getUint32(at + 12, true))
  }
  return rotate(lane1, 1) + rotate(lane2, 7) + rotate(lane3, 12) + rotate(lane4, 18)
}

function hashTail(hash: number, view: DataView, start: number): number {
  let at = start
  for (; at + 4 <= view.byteLength; at += 4) {
    const mixed = (hash + Math.imul(view.getUint32(at, true), PRIME_3)) | 0
    hash = Math.imul(rotate(mixed, 17), PRIME_4)
  }
  for (; at < view.byteLength; at++) {
    const mixed = (hash + Math.imul(view.getUint8(at), PRIME_5)) | 0
    hash = Math.imul(rotate(mixed, 11), PRIME_1)
  }
  return hash
}

function avalanche(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
