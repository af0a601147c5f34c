/**
 * Writes one record batch, format v2 (KIP-98; Kafka's DefaultRecordBatch and DefaultRecord).
 *
 * Each record is written once, where the socket will read it from: behind room that is kept free
 * for the request's own header, so that a request is one write and nothing is copied.
 *
 *   | headroom | batch header, 61 bytes | record | record | …            | tailroom |
 *              ^ start                  ^ start + 61        ^ end        ^ limit
 *
 * The header, as offsets from `start` (all big-endian):
 *
 *   offset | size | field                 | note
 *        0 |    8 | base offset           | 0 from a producer; the broker sets it
 *        8 |    4 | batch length          | bytes after this field
 *       12 |    4 | partition leader epoch| -1 from a producer
 *       16 |    1 | magic                 | 2
 *       17 |    4 | CRC-32C               | of everything from offset 21 on
 *       21 |    2 | attributes            | bits 0-2 codec, 3 log-append time, 4 transactional
 *       23 |    4 | last offset delta     | record count - 1
 *       27 |    8 | base timestamp        | of the first record
 *       35 |    8 | max timestamp         |
 *       43 |    8 | producer id           | -1 without idempotence
 *       51 |    2 | producer epoch        |
 *       53 |    4 | base sequence         |
 *       57 |    4 | record count          |
 *
 * A record: length varint | attributes 0 | timestamp delta varlong | offset delta varint |
 * key length varint (-1 null), key | value length varint (-1 null), value | header count varint |
 * (name length varint, name | value length varint (-1 null), value)*
 *
 * Before: the accumulator appends. After: produce-framing.ts wraps it into a request.
 */
import { copyBytes } from './copy-bytes.js'
import { crc32c } from './crc32c.js'
import { headersSizeBytes, writeHeaders, type WireHeader } from './record-headers.js'
import {
  varintSizeBytes,
  varlongSizeBytes,
  writeInt64,
  writeVarint,
  writeVarlong,
} from './varint.js'

/** Bytes of a batch's header, and so of a batch without records. */
export const RECORD_BATCH_HEADER_BYTES = 61
/**
 * Most bytes that a record takes beyond its key, value and headers, and their lengths: 5 its own length,
 * 1 attributes, 10 timestamp, 5 offset (Java's MAX_RECORD_OVERHEAD).
 */
export const MAX_RECORD_OVERHEAD_BYTES = 21
/** Room in front of a batch for the request's header and the topic's: most requests fit. */
export const HEADROOM_BYTES = 128
/** Room behind a batch for the tags that end a flexible request. */
export const TAILROOM_BYTES = 4

const MAGIC = 2
const CRC_FROM = 21 // the checksum covers attributes and everything behind them
/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const MAX_UTF8_BYTES_PER_UNIT = 3
/** Up to here a loop beats the call into V8's own encoder (measured: bench/micro). */
const SHORT_STRING_UNITS = 24

/** What identifies a batch to the broker's duplicate check; all -1 without idempotence. */
export interface ProducerStamp {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** The stamp of a producer without idempotence. */
export const NO_PRODUCER: ProducerStamp = { producerId: -1n, producerEpoch: -1, baseSequence: -1 }

/** Bytes of a buffer that holds a batch of `batchSizeBytes` with its head- and tailroom. */
export function bufferSizeFor(batchSizeBytes: number): number {
  return HEADROOM_BYTES + batchSizeBytes + TAILROOM_BYTES
}

/**
 * The most bytes that a record can take: what the limits on a record's size are checked against,
 * before compression, as Java does (DefaultRecord.recordSizeUpperBound). A buffer with room for them
 * takes the record, whatever its place in the batch. `keyBytes` and `valueBytes` are 0 for null;
 * `valueBytes` is exact for bytes and an upper bound for text.
 */
export function recordSizeUpperBound(
  keyBytes: number,
  valueBytes: number,
  headers: readonly WireHeader[] | null,
): number {
  const lengthsBytes = varintSizeBytes(keyBytes) + varintSizeBytes(valueBytes)
  return (
    MAX_RECORD_OVERHEAD_BYTES + lengthsBytes + keyBytes + valueBytes + headersSizeBytes(headers)
  )
}

/** One open batch; see the picture above. */
export class RecordBatchBuilder {
  /** The bytes; replaced by a larger copy when the batch grows. */
  buffer: Buffer
  /** Where the batch begins in `buffer`. */
  readonly start = HEADROOM_BYTES
  /** Where the next record goes, and so where the batch ends. */
  end = HEADROOM_BYTES + RECORD_BATCH_HEADER_BYTES
  recordCount = 0
  /** Milliseconds; of the first record. */
  baseTimestamp = -1
  maxTimestamp = -1
  #limit: number
  #limitBytes = Infinity
  /** Text was ASCII last time: its length in bytes is then known without counting. */
  #expectAscii = true

  /** `buffer` is of `bufferSizeFor(...)` bytes and belongs to the batch until it is done. */
  constructor(buffer: Buffer) {
    this.buffer = buffer
    this.#limit = buffer.length - TAILROOM_BYTES
  }

  /** Bytes of the batch as it stands, header included. */
  get sizeBytes(): number {
    return this.end - this.start
  }

  /** Moves the batch into a larger buffer; the old one is the caller's again. */
  growInto(buffer: Buffer): void {
    buffer.set(this.buffer.subarray(0, this.end), 0)
    this.buffer = buffer
    this.#updateLimit()
  }

  /** The records live elsewhere now: gives the buffer away. */
  releaseBuffer(): Buffer {
    const { buffer } = this
    this.buffer = Buffer.alloc(0)
    return buffer
  }

  /** Bytes at which the batch is full although its buffer may have room; a first record always fits. */
  get limitBytes(): number {
    return this.#limitBytes
  }

  set limitBytes(bytes: number) {
    this.#limitBytes = bytes
    this.#updateLimit()
  }

  #updateLimit(): void {
    const room = this.buffer.length - TAILROOM_BYTES
    this.#limit = Math.min(room, this.start + this.#limitBytes)
  }

  /** The records' bytes, behind the header: what a codec compresses. */
  get recordBytes(): Buffer {
    return recordBytesOf(this)
  }

  /**
   * Appends a record, or returns false and changes nothing where it does not fit.
   *
   * `key` is bytes, of which the first `keyLength` count (a scratch buffer may be longer); -1 with
   * a null key. `value` may be text, which is written as UTF-8 without a copy in between.
   */
  append(
    timestamp: number,
    key: Uint8Array | null,
    keyLength: number,
    value: string | Uint8Array | null,
    headers: readonly WireHeader[] | null,
  ): boolean {
    const timestampDelta = this.recordCount === 0 ? 0 : timestamp - this.baseTimestamp
    const fixedBytes =
      1 +
      varlongSizeBytes(timestampDelta) +
      varintSizeBytes(this.recordCount) +
      varintSizeBytes(keyLength) +
      (key === null ? 0 : keyLength) +
      (headers === null ? 1 : headersSizeBytes(headers))
    let valueLength = value === null ? -1 : value.length
    if (typeof value === 'string' && !this.#expectAscii) valueLength = this.#byteLength(value)
    const bodyBytes = fixedBytes + varintSizeBytes(valueLength) + (value === null ? 0 : valueLength)
    const sizeBytes = varintSizeBytes(bodyBytes) + bodyBytes
    if (this.end + sizeBytes > this.#limit && !this.#fitsAlone(sizeBytes)) return false
    const end = this.#write(
      bodyBytes, timestampDelta, key, keyLength, value, valueLength, headers,
    ) // prettier-ignore
    if (end === -1) {
      // Not the ASCII it was taken for. Nothing is committed: encode it, and count the next ones.
      this.#expectAscii = false
      return this.append(timestamp, key, keyLength, Buffer.from(value as string), headers)
    }
    this.#commit(end, timestamp)
    return true
  }

  /** Writes a whole record behind `end`; -1 where the text was not the ASCII it was taken for. */
  #write(
    bodyBytes: number,
    timestampDelta: number,
    key: Uint8Array | null,
    keyLength: number,
    value: string | Uint8Array | null,
    valueLength: number,
    headers: readonly WireHeader[] | null,
  ): number {
    const buffer = this.buffer
    let offset = writeVarint(buffer, this.end, bodyBytes)
    buffer[offset++] = 0 // attributes: none are defined for a record
    offset = writeVarlong(buffer, offset, timestampDelta)
    offset = writeVarint(buffer, offset, this.recordCount)
    offset = writeVarint(buffer, offset, keyLength)
    if (key !== null) offset = copyBytes(buffer, offset, key, keyLength)
    offset = writeVarint(buffer, offset, valueLength)
    if (typeof value === 'string') {
      if (!writeText(buffer, offset, value, valueLength)) return -1
      offset += valueLength
    } else if (value !== null) {
      offset = copyBytes(buffer, offset, value, valueLength)
    }
    if (headers !== null) return writeHeaders(buffer, offset, headers)
    buffer[offset++] = 0
    return offset
  }

  #commit(end: number, timestamp: number): void {
    this.end = end
    if (this.recordCount++ === 0) this.baseTimestamp = timestamp
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
  }

  /** A record larger than the limit travels alone. */
  #fitsAlone(sizeBytes: number): boolean {
    return this.recordCount === 0 && this.end + sizeBytes <= this.buffer.length - TAILROOM_BYTES
  }

  #byteLength(text: string): number {
    const byteLength = Buffer.byteLength(text)
    this.#expectAscii = byteLength === text.length
    return byteLength
  }

  /**
   * Writes header and checksum: after this the bytes from `start` to `end` are a whole batch.
   * May be called again with another stamp while no socket holds the buffer.
   */
  seal(stamp: ProducerStamp): void {
    const { baseTimestamp, maxTimestamp, recordCount } = this
    sealBatch(this, { codecId: 0, baseTimestamp, maxTimestamp, recordCount, stamp })
  }

  /** What a batch's header says of its records, whatever becomes of their bytes. */
  get summary(): { baseTimestamp: number; maxTimestamp: number; recordCount: number } {
    const { baseTimestamp, maxTimestamp, recordCount } = this
    return { baseTimestamp, maxTimestamp, recordCount }
  }
}

/** What a batch's header says of its records. */
export interface BatchHeader {
  /** Attribute bits 0-2: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codecId: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly recordCount: number
  readonly stamp: ProducerStamp
}

/** Where a batch lies in a buffer that has room around it. */
export interface BatchBytes {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** A batch with room for `sizeBytes` of compressed records; `buffer` has room around it. */
export function batchWithRoom(buffer: Buffer, sizeBytes: number): BatchBytes {
  const start = HEADROOM_BYTES
  return { buffer, start, end: start + RECORD_BATCH_HEADER_BYTES + sizeBytes }
}

/** The records of such a batch, behind its header. */
export function recordBytesOf({ buffer, start, end }: BatchBytes): Buffer {
  return buffer.subarray(start + RECORD_BATCH_HEADER_BYTES, end)
}

/**
 * Writes the header of a batch whose records (compressed or not) are in place, and the checksum
 * over both.
 */
export function sealBatch({ buffer, start, end }: BatchBytes, header: BatchHeader): void {
  writeInt64(buffer, start, 0)
  buffer.writeInt32BE(end - start - 12, start + 8)
  buffer.writeInt32BE(-1, start + 12)
  buffer[start + 16] = MAGIC
  buffer.writeInt16BE(header.codecId, start + 21) // attributes: no other bit is a producer's to set
  buffer.writeInt32BE(header.recordCount - 1, start + 23)
  writeInt64(buffer, start + 27, header.baseTimestamp)
  writeInt64(buffer, start + 35, header.maxTimestamp)
  buffer.writeBigInt64BE(header.stamp.producerId, start + 43)
  buffer.writeInt16BE(header.stamp.producerEpoch, start + 51)
  buffer.writeInt32BE(header.stamp.baseSequence, start + 53)
  buffer.writeInt32BE(header.recordCount, start + 57)
  buffer.writeUInt32BE(crc32c(buffer.subarray(start + CRC_FROM, end)), start + 17)
}

/** Writes `text` as UTF-8; false where that is not exactly `byteLength` bytes. */
function writeText(buffer: Buffer, offset: number, text: string, byteLength: number): boolean {
  if (text.length > SHORT_STRING_UNITS || byteLength !== text.length) {
    // Room beyond what is expected, so that text which is longer shows as longer. Where the buffer
    // ends first, at least 5 bytes are left (header count and tailroom), more than any character.
    const room = Math.min(buffer.length - offset, text.length * MAX_UTF8_BYTES_PER_UNIT)
    return buffer.write(text, offset, room) === byteLength
  }
  for (let i = 0; i < byteLength; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return false
    buffer[offset + i] = unit
  }
  return true
}
