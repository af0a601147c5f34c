/**
 * The variable-length integers inside a record (Protocol Buffers' zig-zag base-128, KIP-98), as
 * plain functions over a byte array. Unsigned varints of flexible messages live in Writer and
 * Reader. Nothing here makes a BigInt: 64-bit values travel as JavaScript numbers, exact up to
 * 2^53, which covers every timestamp delta and offset delta that a batch can hold.
 *
 *   zig-zag:  0 -> 0   -1 -> 1   1 -> 2   -2 -> 3 …     then 7 bits a byte, lowest first
 *
 * Neighbours: record-batch.ts (writes), record-batch-reader.ts (reads).
 */
import { ProtocolError } from '../errors.js'

/** Bytes of the longest varint (32 bits) and varlong (64 bits). */
export const MAX_VARINT_BYTES = 5
export const MAX_VARLONG_BYTES = 10

const TWO_32 = 2 ** 32
const MIN_INT32 = -(2 ** 31)
const MAX_INT32 = 2 ** 31 - 1

/** Bytes that `value` (int32) takes as a zig-zag varint: 1 to 5. */
export function varintSizeBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

/** Writes int32 `value` at `offset`; returns the offset behind it. */
export function writeVarint(buffer: Uint8Array, offset: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  while (zigzag > 0x7f) {
    buffer[offset++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  buffer[offset++] = zigzag
  return offset
}

/** Bytes that `value` (an integer within ±2^53) takes as a zig-zag varlong: 1 to 8. */
export function varlongSizeBytes(value: number): number {
  if (value >= MIN_INT32 && value <= MAX_INT32) return varintSizeBytes(value)
  const magnitude = value < 0 ? -(value + 1) : value
  let sizeBytes = 1 // its first byte carries the sign and 6 bits, each further one 7
  for (let rest = Math.floor(magnitude / 64); rest > 0; rest = Math.floor(rest / 128)) sizeBytes++
  return sizeBytes
}

/** Writes `value` (an integer within ±2^53) at `offset`; returns the offset behind it. */
export function writeVarlong(buffer: Uint8Array, offset: number, value: number): number {
  if (value >= MIN_INT32 && value <= MAX_INT32) return writeVarint(buffer, offset, value)
  // zig-zag = 2n for n >= 0, 2(-n - 1) + 1 below: the low 6 bits of the magnitude and the sign
  // make the first byte, so that the doubled value never has to exist.
  const sign = value < 0 ? 1 : 0
  const magnitude = value < 0 ? -(value + 1) : value
  let rest = Math.floor(magnitude / 64)
  buffer[offset++] = ((magnitude % 64) * 2 + sign) | (rest > 0 ? 0x80 : 0)
  while (rest > 0) {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    buffer[offset++] = low | (rest > 0 ? 0x80 : 0)
  }
  return offset
}

/**
 * A cursor over the varints of one buffer. Reading past `end`, or a value longer than its type
 * allows, is a ProtocolError with the offset where it began.
 */
export class VarintReader {
  readonly buffer: Uint8Array
  readonly end: number
  offset: number

  constructor(buffer: Uint8Array, offset: number, end: number) {
    this.buffer = buffer
    this.offset = offset
    this.end = end
  }

  /** Reads a zig-zag varint: int32. */
  readVarint(): number {
    const start = this.offset
    let zigzag = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte(start)
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break
        return (zigzag >>> 1) ^ -(zigzag & 1)
      }
    }
    throw new ProtocolError('a varint is longer than 32 bits', { offset: start })
  }

  /** Reads a zig-zag varlong: int64, exact within ±2^53 and rounded beyond, as numbers are. */
  readVarlong(): number {
    const start = this.offset
    let low = 0 // bits 0..27
    let high = 0 // bits 28..63
    for (let position = 0; position < MAX_VARLONG_BYTES; position++) {
      const byte = this.#byte(start)
      if (position < 4) low += (byte & 0x7f) * 2 ** (7 * position)
      else high += (byte & 0x7f) * 2 ** (7 * (position - 4))
      if (byte < 0x80) {
        if (position === 9 && byte > 1) break
        return fromZigzag(low, high)
      }
    }
    throw new ProtocolError('a varlong is longer than 64 bits', { offset: start })
  }

  #byte(start: number): number {
    if (this.offset >= this.end) {
      throw new ProtocolError('the bytes end inside a varint', { offset: start })
    }
    return this.buffer[this.offset++] as number // within end: checked above
  }
}

/** (n >>> 1) ^ -(n & 1) for n = low + high * 2^28, without 64-bit integers. */
function fromZigzag(low: number, high: number): number {
  const half = high * 2 ** 27 + Math.floor(low / 2)
  return low % 2 === 0 ? half : -half - 1
}

/** Writes an int64 given as a number (an integer within ±2^53), big-endian. */
export function writeInt64(buffer: Buffer, offset: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_32), offset)
  buffer.writeUInt32BE(
    value >= 0 ? value % TWO_32 : ((value % TWO_32) + TWO_32) % TWO_32,
    offset + 4,
  )
}

/** Reads an int64 as a number, exact within ±2^53. */
export function readInt64(buffer: Buffer, offset: number): number {
  return buffer.readInt32BE(offset) * TWO_32 + buffer.readUInt32BE(offset + 4)
}
