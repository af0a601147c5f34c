/**
 * Writes Kafka's primitive types, big-endian, into one buffer that grows by doubling. It knows the
 * wire types and nothing of messages; records have their own encoder (record-batch.ts).
 *
 * Where a type has two forms, `flexible` chooses: false is a fixed-width length (int16 for
 * strings, int32 for bytes and arrays, -1 for null), true is the compact form of KIP-482 (an
 * unsigned varint of length + 1, 0 for null).
 *
 * Spec: "Protocol Primitive Types" of Kafka's protocol guide; KIP-482 (compact types and tags).
 * Neighbours: messages/*.ts call it; reader.ts is its mirror; network/ sends what it holds.
 */

import { ProtocolError } from '../errors.js'
import { UUID_BYTES, uuidToBytes } from './uuid.js'

/** One field of a struct's tag section (KIP-482): its number and its encoded value. */
export interface TaggedField {
  /** uint32, unique within its struct. */
  readonly tag: number
  readonly data: Uint8Array
}

const DEFAULT_SIZE_BYTES = 512
const INT16_MAX = 0x7fff
const INT32_MAX = 0x7fffffff
const UINT32_MAX = 0xffffffff
const MAX_VARINT_BYTES = 5 // a uint32 in groups of seven bits

/**
 * Every method appends; a value that its type cannot carry throws ProtocolError and writes nothing
 * of that value.
 */
export class Writer {
  #buffer: Buffer
  #offset = 0

  /** `initialSizeBytes`: room before the first growth (default 512). */
  constructor(initialSizeBytes = DEFAULT_SIZE_BYTES) {
    this.#buffer = Buffer.allocUnsafe(Math.max(1, initialSizeBytes))
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.#offset
  }

  writeInt8(value: number): void {
    this.#requireInteger(value, -0x80, 0x7f, 'int8')
    const start = this.#claim(1)
    this.#buffer.writeInt8(value, start)
  }

  writeInt16(value: number): void {
    this.#requireInteger(value, -0x8000, INT16_MAX, 'int16')
    const start = this.#claim(2)
    this.#buffer.writeInt16BE(value, start)
  }

  writeInt32(value: number): void {
    this.#requireInteger(value, -0x80000000, INT32_MAX, 'int32')
    const start = this.#claim(4)
    this.#buffer.writeInt32BE(value, start)
  }

  writeUInt16(value: number): void {
    this.#requireInteger(value, 0, 0xffff, 'uint16')
    const start = this.#claim(2)
    this.#buffer.writeUInt16BE(value, start)
  }

  writeUInt32(value: number): void {
    this.#requireInteger(value, 0, UINT32_MAX, 'uint32')
    const start = this.#claim(4)
    this.#buffer.writeUInt32BE(value, start)
  }

  writeInt64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw this.#refusal(`int64 cannot carry ${value}`)
    const start = this.#claim(8)
    this.#buffer.writeBigInt64BE(value, start)
  }

  writeFloat64(value: number): void {
    const start = this.#claim(8)
    this.#buffer.writeDoubleBE(value, start)
  }

  /** One byte, 0 or 1. */
  writeBoolean(value: boolean): void {
    this.writeInt8(value ? 1 : 0)
  }

  /** A uint32 in 1 to 5 bytes, seven bits each, lowest first; not zig-zag. */
  writeUnsignedVarint(value: number): void {
    this.#requireInteger(value, 0, UINT32_MAX, 'unsigned varint')
    this.#reserve(MAX_VARINT_BYTES)
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#offset++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#offset++] = rest
  }

  /** UTF-8; at most 32,767 bytes in either form, as in Kafka. */
  writeString(value: string, flexible: boolean): void {
    const sizeBytes = Buffer.byteLength(value)
    if (sizeBytes > INT16_MAX) {
      throw this.#refusal(`a string of ${sizeBytes} bytes is longer than the ${INT16_MAX} allowed`)
    }
    if (flexible) this.writeUnsignedVarint(sizeBytes + 1)
    else this.writeInt16(sizeBytes)
    const start = this.#claim(sizeBytes)
    this.#buffer.write(value, start, sizeBytes, 'utf8')
  }

  writeNullableString(value: string | null, flexible: boolean): void {
    if (value !== null) this.writeString(value, flexible)
    else if (flexible) this.writeUnsignedVarint(0)
    else this.writeInt16(-1)
  }

  /** One copy of the bytes. */
  writeBytes(value: Uint8Array, flexible: boolean): void {
    this.#writeLength(value.length, flexible)
    this.#writeRaw(value)
  }

  writeNullableBytes(value: Uint8Array | null, flexible: boolean): void {
    if (value === null) this.#writeNullLength(flexible)
    else this.writeBytes(value, flexible)
  }

  /** `value`: Kafka's base64url text of 22 characters. */
  writeUuid(value: string): void {
    const bytes = uuidToBytes(value)
    const start = this.#claim(UUID_BYTES)
    this.#buffer.set(bytes, start)
  }

  /** The count, then `writeItem` for each item in order; it writes to this same writer. */
  writeArray<T>(items: readonly T[], flexible: boolean, writeItem: (item: T) => void): void {
    this.#writeLength(items.length, flexible)
    for (const item of items) writeItem(item)
  }

  writeNullableArray<T>(
    items: readonly T[] | null,
    flexible: boolean,
    writeItem: (item: T) => void,
  ): void {
    if (items === null) this.#writeNullLength(flexible)
    else this.writeArray(items, flexible, writeItem)
  }

  /** A struct's tag section, in ascending order of tags whatever the order given; none is one zero byte. */
  writeTaggedFields(fields: readonly TaggedField[] = []): void {
    const sorted = fields.toSorted((a, b) => a.tag - b.tag)
    this.#requireUniqueTags(sorted)
    this.writeUnsignedVarint(sorted.length)
    for (const { tag, data } of sorted) {
      this.writeUnsignedVarint(tag)
      this.writeUnsignedVarint(data.length)
      this.#writeRaw(data)
    }
  }

  /** What was written: a view, not a copy; later writes may or may not show in it. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#offset)
  }

  #writeLength(length: number, flexible: boolean): void {
    if (flexible) this.writeUnsignedVarint(length + 1)
    else this.writeInt32(length)
  }

  #writeNullLength(flexible: boolean): void {
    if (flexible) this.writeUnsignedVarint(0)
    else this.writeInt32(-1)
  }

  #writeRaw(bytes: Uint8Array): void {
    const start = this.#claim(bytes.length)
    this.#buffer.set(bytes, start)
  }

  /**
   * Makes room for `sizeBytes` and returns where they start; the offset moves past them. Claim
   * before touching `#buffer`: growing replaces it.
   */
  #claim(sizeBytes: number): number {
    this.#reserve(sizeBytes)
    const start = this.#offset
    this.#offset += sizeBytes
    return start
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#offset + sizeBytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#offset))
    this.#buffer = grown
  }

  #requireInteger(value: number, min: number, max: number, type: string): void {
    if (Number.isInteger(value) && value >= min && value <= max) return
    throw this.#refusal(`${type} cannot carry ${value}: it takes integers from ${min} to ${max}`)
  }

  #requireUniqueTags(sorted: readonly TaggedField[]): void {
    const twice = sorted.find((field, index) => field.tag === sorted[index + 1]?.tag)
    if (twice !== undefined) throw this.#refusal(`tag ${twice.tag} is given twice in one struct`)
  }

  #refusal(reason: string): ProtocolError {
    return new ProtocolError(`cannot write at offset ${this.#offset}: ${reason}`, {
      offset: this.#offset,
    })
  }
}

/** A tagged field whose value `encode` writes: the value has a length in front, so it comes first. */
export function taggedField(tag: number, encode: (writer: Writer) => void): TaggedField {
  const writer = new Writer(64)
  encode(writer)
  return { tag, data: writer.toBuffer() }
}
