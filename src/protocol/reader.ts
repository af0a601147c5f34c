/**
 * Reads Kafka's primitive types, big-endian, from one whole frame. Bytes from the network are not
 * trusted: nothing is read past the end, and a length or count that the bytes left cannot hold is
 * refused before anything is allocated for it. Every refusal is a ProtocolError that names the
 * message, its version and the offset.
 *
 * `flexible` chooses between the two forms of a type as in writer.ts, its mirror.
 *
 * Spec: "Protocol Primitive Types" of Kafka's protocol guide; KIP-482 (compact types and tags).
 * Neighbours: network/ hands in frames; messages/*.ts call it.
 */

import { ProtocolError } from '../errors.js'
import { UUID_BYTES, uuidFromBytes } from './uuid.js'

const MAX_STRING_BYTES = 0x7fff

/** Which message is being read; only for the text of errors. */
export interface ReaderContext {
  readonly apiName: string
  readonly version: number
}

/**
 * Takes one known tagged field: reads it from `reader`, which ends where the field ends, and
 * returns true; or returns false for a tag it does not know, which is then skipped.
 */
export type TaggedFieldVisitor = (tag: number, reader: Reader, sizeBytes: number) => boolean

/** Every method moves past what it returns; views alias the buffer given, which must not change. */
export class Reader {
  readonly #buffer: Buffer
  readonly #context: ReaderContext
  readonly #end: number
  #offset: number

  /** Reads `buffer` from `start` (default 0) up to, not including, `end` (default its length). */
  constructor(buffer: Uint8Array, context: ReaderContext, start = 0, end = buffer.length) {
    this.#buffer = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    this.#context = context
    this.#offset = start
    this.#end = Math.min(end, buffer.length)
  }

  /** Where the next byte is read, counted from the start of the buffer given. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  readInt8(): number {
    return this.#buffer.readInt8(this.#claim(1, 'int8'))
  }

  readInt16(): number {
    return this.#buffer.readInt16BE(this.#claim(2, 'int16'))
  }

  readInt32(): number {
    return this.#buffer.readInt32BE(this.#claim(4, 'int32'))
  }

  readUInt16(): number {
    return this.#buffer.readUInt16BE(this.#claim(2, 'uint16'))
  }

  readUInt32(): number {
    return this.#buffer.readUInt32BE(this.#claim(4, 'uint32'))
  }

  readInt64(): bigint {
    return this.#buffer.readBigInt64BE(this.#claim(8, 'int64'))
  }

  readFloat64(): number {
    return this.#buffer.readDoubleBE(this.#claim(8, 'float64'))
  }

  /** Any byte but zero is true, as in Kafka. */
  readBoolean(): boolean {
    return this.readInt8() !== 0
  }

  /** A uint32 of at most 5 bytes, seven bits each, lowest first; not zig-zag. */
  readUnsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#readByte('unsigned varint')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const last = this.#readByte('unsigned varint')
    if (last > 0x0f) throw this.#refusal('an unsigned varint has more than 32 bits')
    return (value | (last << 28)) >>> 0
  }

  readString(flexible: boolean): string {
    return this.#requireValue(this.readNullableString(flexible), 'string')
  }

  /** UTF-8; malformed bytes become U+FFFD, and more than 32,767 bytes are refused, as in Kafka. */
  readNullableString(flexible: boolean): string | null {
    const sizeBytes = flexible ? this.#readCompactLength() : this.readInt16()
    if (this.#isNullLength(sizeBytes, 'string')) return null
    if (sizeBytes > MAX_STRING_BYTES) throw this.#refusal(`a string of ${sizeBytes} bytes`)
    const start = this.#claim(sizeBytes, 'string')
    return this.#buffer.toString('utf8', start, start + sizeBytes)
  }

  /** A view of the buffer, not a copy. */
  readBytes(flexible: boolean): Buffer {
    return this.#requireValue(this.readNullableBytes(flexible), 'bytes')
  }

  /** A view of the buffer, not a copy. */
  readNullableBytes(flexible: boolean): Buffer | null {
    const sizeBytes = this.#readLength(flexible)
    if (this.#isNullLength(sizeBytes, 'bytes')) return null
    const start = this.#claim(sizeBytes, 'bytes')
    return this.#buffer.subarray(start, start + sizeBytes)
  }

  /** Kafka's base64url text of 22 characters. */
  readUuid(): string {
    const start = this.#claim(UUID_BYTES, 'uuid')
    return uuidFromBytes(this.#buffer.subarray(start, start + UUID_BYTES))
  }

  /**
   * The count, then as many calls of `readItem`, which reads from this same reader.
   * `minItemBytes`: the least that any item takes on the wire (at least 1), by which an impossible
   * count is refused.
   */
  readArray<T>(flexible: boolean, readItem: () => T, minItemBytes: number): T[] {
    return this.#requireValue(this.readNullableArray(flexible, readItem, minItemBytes), 'array')
  }

  readNullableArray<T>(flexible: boolean, readItem: () => T, minItemBytes: number): T[] | null {
    const count = this.#readLength(flexible)
    if (this.#isNullLength(count, 'array')) return null
    if (count * Math.max(1, minItemBytes) > this.remaining) {
      throw this.#refusal(
        `an array of ${count} items does not fit the ${this.remaining} bytes left`,
      )
    }
    const items: T[] = []
    for (let index = 0; index < count; index++) items.push(readItem())
    return items
  }

  /**
   * A struct's tag section (KIP-482). Fields that `onField` does not know, or all of them without
   * `onField`, are skipped and dropped: they are newer than this client. Order is not checked, and
   * of a repeated tag the last one counts, as in Kafka.
   */
  readTaggedFields(onField?: TaggedFieldVisitor): void {
    const count = this.readUnsignedVarint()
    for (let index = 0; index < count; index++) {
      const tag = this.readUnsignedVarint()
      const sizeBytes = this.readUnsignedVarint()
      const start = this.#claim(sizeBytes, `tagged field ${tag}`)
      if (onField === undefined) continue
      const field = new Reader(this.#buffer, this.#context, start, start + sizeBytes)
      if (onField(tag, field, sizeBytes)) field.expectEnd()
    }
  }

  /** Throws ProtocolError if bytes are left over: whoever wrote them meant something else. */
  expectEnd(): void {
    if (this.remaining > 0) throw this.#refusal(`${this.remaining} bytes are left over`)
  }

  #readByte(type: string): number {
    return this.#buffer.readUInt8(this.#claim(1, type))
  }

  #readCompactLength(): number {
    return this.readUnsignedVarint() - 1
  }

  #readLength(flexible: boolean): number {
    return flexible ? this.#readCompactLength() : this.readInt32()
  }

  #isNullLength(length: number, type: string): boolean {
    if (length < -1) throw this.#refusal(`the length of ${withArticle(type)} is ${length}`)
    return length === -1
  }

  #requireValue<T>(value: T | null, type: string): T {
    if (value === null)
      throw this.#refusal(`${withArticle(type)} is null where null is not allowed`)
    return value
  }

  /** Returns where the next `sizeBytes` start and moves past them, or refuses. */
  #claim(sizeBytes: number, type: string): number {
    if (sizeBytes > this.remaining) {
      throw this.#refusal(`${type} needs ${sizeBytes} bytes where ${this.remaining} are left`)
    }
    const start = this.#offset
    this.#offset += sizeBytes
    return start
  }

  #refusal(reason: string): ProtocolError {
    const { apiName, version } = this.#context
    return new ProtocolError(
      `cannot read ${apiName} v${version} at offset ${this.#offset}: ${reason}`,
      { apiName, version, offset: this.#offset },
    )
  }
}

function withArticle(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}
