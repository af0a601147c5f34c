/**
 * Where a Zstandard frame ends; nothing of what is in it.
 *
 *   size   | field             | note
 *   4      | magic             | 28 B5 2F FD
 *   1      | descriptor        | content size flag (2 bits), single segment, unused, reserved,
 *          |                   | checksum, dictionary id flag (2 bits)
 *   0, 1   | window            | not in a single segment
 *   0–4    | dictionary id     |
 *   0–8    | content size      |
 *   3      | block header      | little-endian: last (1 bit), type (2 bits), size (21 bits); blocks
 *   size   | block             | repeat up to the last one
 *   0, 4   | content checksum  |
 *
 * It is here because node:zlib's `zstdDecompressSync` (seen on 22.23) takes a frame that is cut
 * short for a whole one, and returns what it has so far, without an error.
 *
 * Spec: RFC 8878, section 3.1.1. Neighbour: zstd-zlib.ts.
 */

import { malformedError } from './malformed.js'

const MAGIC = 0xfd2fb528 // read little-endian
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const BLOCK_HEADER_BYTES = 3
const RLE_BLOCK = 1 // its size is that of the run; one byte is stored

/**
 * Checks that the input is one frame, from its first byte to its last.
 *
 * @throws ProtocolError where it is not
 */
export function assertWholeFrame(input: Uint8Array): void {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  if (bytes.length < 5) throw cutShort(bytes)
  if (bytes.readUInt32LE() !== MAGIC) {
    throw malformedError('zstd', 'it does not begin with the magic of a frame', { offset: 0 })
  }
  const descriptor = bytes.readUInt8(4)
  const checksumBytes = descriptor & 0x04 ? 4 : 0
  const end = blocksEnd(bytes, 5 + fieldsBytes(descriptor)) + checksumBytes
  if (end > bytes.length) throw cutShort(bytes)
  if (end < bytes.length) {
    throw malformedError('zstd', `${bytes.length - end} bytes follow the frame`, { offset: end })
  }
}

/** The size of the header's fields behind the descriptor. */
function fieldsBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const windowBytes = isSingleSegment ? 0 : 1
  const dictionaryIdBytes = DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0
  const contentSizeBytes = CONTENT_SIZE_BYTES[descriptor >>> 6] ?? 0
  // A single segment has a content size always: one byte, where the flag says none.
  const leastBytes = isSingleSegment ? 1 : 0
  return windowBytes + dictionaryIdBytes + Math.max(contentSizeBytes, leastBytes)
}

function blocksEnd(bytes: Buffer, start: number): number {
  let at = start
  let isLast = false
  while (!isLast) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) throw cutShort(bytes)
    const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES)
    isLast = (header & 1) !== 0
    const storedBytes = ((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3
    at += BLOCK_HEADER_BYTES + storedBytes
  }
  return at
}

function cutShort(bytes: Buffer): Error {
  return malformedError('zstd', 'the frame is cut short', { offset: bytes.length })
}
