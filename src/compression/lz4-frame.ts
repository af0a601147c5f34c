/**
 * The LZ4 frame, as Kafka writes and reads it.
 *
 *   offset | size | field            | note
 *   0      | 4    | magic            | 0x184D2204; all numbers are little-endian
 *   4      | 1    | FLG              | version (2 bits), independent blocks, block checksums,
 *          |      |                  | content size, content checksum, reserved, dictionary
 *   5      | 1    | BD               | bits 4–6: largest block; 4 = 64 KiB, 5 = 256 KiB,
 *          |      |                  | 6 = 1 MiB, 7 = 4 MiB
 *   6      | 8    | content size     | only if flagged
 *          | 1    | header checksum  | second byte of the xxHash32 of FLG .. here
 *          | 4    | size of block    | highest bit set: stored as it is; 0: the end of the blocks
 *          | size | block            |
 *          | 4    | block checksum   | only if flagged: xxHash32 of the block as stored
 *          | 4    | content checksum | after the end, only if flagged: xxHash32 of the content
 *
 * We write independent blocks of 64 KiB, as Java does: its reader refuses dependent ones, and takes
 * a buffer of the largest block for each batch. Neither checksum is written: the batch has its
 * CRC-32C. Dictionaries and dependent blocks, which Kafka knows not, are refused.
 *
 * Spec: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, Kafka's `Lz4BlockOutputStream`
 * and `Lz4BlockInputStream`. Neighbours: lz4.ts brings the block codec; lz4-frame-reader.ts is the
 * way back.
 */

import type { Allocate } from './codec.js'
import { allocateAnew } from './room.js'

const WRITTEN_BLOCK_BYTES = 64 * 1024
// Magic, FLG (version 1, independent blocks), BD (64 KiB), and the checksum of these two.
const HEADER = Buffer.from('04224d18604082', 'hex')
const END_MARK = 0

/** Width of the field before each block, and of the end mark. */
export const BLOCK_SIZE_FIELD_BYTES = 4
/** Flag in a block's size: the block is stored as it is. */
export const STORED_BLOCK_FLAG = 0x80000000

/** Cuts the input into the pieces that are compressed each on its own; copies nothing. */
export function splitBlocks(input: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let start = 0; start < input.length; start += WRITTEN_BLOCK_BYTES) {
    blocks.push(input.subarray(start, start + WRITTEN_BLOCK_BYTES))
  }
  return blocks
}

/**
 * Joins blocks to a frame, with one copy; a block that did not shrink is stored as it was.
 *
 * @param blocks what `splitBlocks` gave
 * @param compressed the compressed form of each, in the same order
 * @param allocate where the frame goes
 */
export function buildFrame(
  blocks: readonly Uint8Array[],
  compressed: readonly Uint8Array[],
  allocate: Allocate = allocateAnew,
): Uint8Array {
  const bodies = blocks.map((block, index) => smaller(block, compressed[index] ?? block))
  let sizeBytes = HEADER.length + BLOCK_SIZE_FIELD_BYTES
  for (const body of bodies) sizeBytes += BLOCK_SIZE_FIELD_BYTES + body.length
  const output = allocate(sizeBytes)
  const view = new DataView(output.buffer, output.byteOffset, sizeBytes)
  output.set(HEADER)
  let at = HEADER.length
  for (const [index, body] of bodies.entries()) {
    const flag = body === blocks[index] ? STORED_BLOCK_FLAG : 0
    view.setUint32(at, body.length + flag, true)
    output.set(body, at + BLOCK_SIZE_FIELD_BYTES)
    at += BLOCK_SIZE_FIELD_BYTES + body.length
  }
  view.setUint32(at, END_MARK, true)
  return output
}

function smaller(block: Uint8Array, compressed: Uint8Array): Uint8Array {
  return compressed.length < block.length ? compressed : block
}
