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
import {
  headerLengthsBytes,
  headersSizeBytes,
  roughHeadersSizeBytes,
  writeHeaders,
  writePart,
  type WireHeaders,
} from './record-headers.js'
import { MAX_UTF8_BYTES_PER_UNIT, textSizeBytes } from './record-text.js'
import {
  MAX_VARINT_BYTES,
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
const TRANSACTIONAL = 0x10
const CRC_FROM = 21 // the checksum covers attributes and everything behind them
/** What most records take beyond key, value and headers: the length of their length is guessed by it. */
const USUAL_OVERHEAD_BYTES = 8

/** What identifies a batch to the broker's duplicate check; all -1 without idempotence. */
export interface ProducerStamp {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  /** The records are part of the producer's transaction. Default false. */
  readonly isTransactional?: boolean
}

/** The stamp of a producer without idempotence. */
export const NO_PRODUCER: ProducerStamp = { producerId: -1n, producerEpoch: -1, baseSequence: -1 }

/** Bytes of a buffer that holds a batch of `batchSizeBytes` with its head- and tailroom. */
export function bufferSizeFor(batchSizeBytes: number): number {
  return HEADROOM_BYTES + batchSizeBytes + TAILROOM_BYTES
}

/** A record as it is written. */
export interface BatchRecord {
  /** Milliseconds. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  /** Bytes of `key` that count, from the first (a scratch buffer may be longer); -1 for a null key. */
  readonly keyLength: number
  /** Text is written as UTF-8, without a copy in between. */
  readonly value: string | Uint8Array | null
  /** null where there are none. */
  readonly headers: WireHeaders | null
}

/**
 * The most bytes that a record can take: what the limits on a record's size are checked against,
 * before compression, as Java does (DefaultRecord.recordSizeUpperBound). A buffer with room for them
 * takes the record, whatever its place in the batch. Text is counted.
 */
export function recordSizeUpperBound({ key, keyLength, value, headers }: BatchRecord): number {
  const keyBytes = key === null ? 0 : keyLength
  const valueBytes = sizeOfValue(value)
  const lengthsBytes = varintSizeBytes(keyBytes) + varintSizeBytes(valueBytes)
  return (
    MAX_RECORD_OVERHEAD_BYTES + lengthsBytes + keyBytes + valueBytes + headersSizeBytes(headers)
  )
}

/** No less than `recordSizeUpperBound`; by far more for text, which it does not count. */
export function quickSizeUpperBound(record: BatchRecord): number {
  return upperBoundOf(roughSizeBytes(record), record.headers)
}

function upperBoundOf(roughBytes: number, headers: WireHeaders | null): number {
  const lengthsBytes = 2 * MAX_VARINT_BYTES + headerLengthsBytes(headers)
  return MAX_RECORD_OVERHEAD_BYTES + lengthsBytes + roughBytes * MAX_UTF8_BYTES_PER_UNIT
}

/** Key, value and headers, if all text is ASCII. */
function roughSizeBytes({ key, keyLength, value, headers }: BatchRecord): number {
  const keyBytes = key === null ? 0 : keyLength
  return keyBytes + (value === null ? 0 : value.length) + roughHeadersSizeBytes(headers)
}

function sizeOfValue(value: string | Uint8Array | null): number {
  if (value === null) return 0
  return typeof value === 'string' ? textSizeBytes(value) : value.length
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
    const full = this.start + this.#limitBytes
    this.#limit = full < room ? full : room
  }

  /** The records' bytes, behind the header: what a codec compresses. */
  get recordBytes(): Buffer {
    return recordBytesOf(this)
  }

  /** Appends a record, or returns false and changes nothing where it does not fit. */
  append(record: BatchRecord): boolean {
    const roughBytes = roughSizeBytes(record)
    // Most have room for the worst that their text may come to: nobody has to count it.
    const isTight = this.end + upperBoundOf(roughBytes, record.headers) > this.#limit
    if (isTight && !this.#fits(record)) return false
    this.#commit(this.#write(record, roughBytes), record.timestamp)
    return true
  }

  /** Writes a whole record behind `end`, where there is room for it; returns the offset behind it. */
  #write(record: BatchRecord, roughBytes: number): number {
    const { buffer, end, recordCount } = this
    const { key, keyLength, value, headers } = record
    // Its own length stands first, and is known last: as text has it (record-text.ts).
    const start = end + varintSizeBytes(USUAL_OVERHEAD_BYTES + roughBytes)
    let offset = start
    buffer[offset++] = 0 // attributes: none are defined for a record
    offset = writeVarlong(buffer, offset, this.#timestampDelta(record))
    offset = writeVarint(buffer, offset, recordCount)
    offset = writeVarint(buffer, offset, keyLength)
    if (key !== null) offset = copyBytes(buffer, offset, key, keyLength)
    offset = writePart(buffer, offset, value)
    if (headers === null) buffer[offset++] = 0
    else offset = writeHeaders(buffer, offset, headers)
    const bodyBytes = offset - start
    const bodyStart = end + varintSizeBytes(bodyBytes)
    if (bodyStart !== start) buffer.copyWithin(bodyStart, start, offset)
    writeVarint(buffer, end, bodyBytes)
    return bodyStart + bodyBytes
  }

  #timestampDelta({ timestamp }: BatchRecord): number {
    return this.recordCount === 0 ? 0 : timestamp - this.baseTimestamp
  }

  #commit(end: number, timestamp: number): void {
    this.end = end
    if (this.recordCount++ === 0) this.baseTimestamp = timestamp
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
  }

  /** Whether there is room; a record larger than the limit travels alone. */
  #fits(record: BatchRecord): boolean {
    const end = this.end + this.#exactSizeBytes(record)
    if (end <= this.#limit) return true
    return this.recordCount === 0 && end <= this.buffer.length - TAILROOM_BYTES
  }

  #exactSizeBytes(record: BatchRecord): number {
    const { keyLength, value, headers } = record
    const valueBytes = sizeOfValue(value)
    const bodyBytes =
      1 +
      varlongSizeBytes(this.#timestampDelta(record)) +
      varintSizeBytes(this.recordCount) +
      varintSizeBytes(keyLength) +
      Math.max(0, keyLength) +
      varintSizeBytes(value === null ? -1 : valueBytes) +
      valueBytes +
      headersSizeBytes(headers)
    return varintSizeBytes(bodyBytes) + bodyBytes
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
  buffer.writeInt16BE(attributesOf(header), start + 21)
  buffer.writeInt32BE(header.recordCount - 1, start + 23)
  writeInt64(buffer, start + 27, header.baseTimestamp)
  writeInt64(buffer, start + 35, header.maxTimestamp)
  buffer.writeBigInt64BE(header.stamp.producerId, start + 43)
  buffer.writeInt16BE(header.stamp.producerEpoch, start + 51)
  buffer.writeInt32BE(header.stamp.baseSequence, start + 53)
  buffer.writeInt32BE(header.recordCount, start + 57)
  buffer.writeUInt32BE(crc32c(buffer.subarray(start + CRC_FROM, end)), start + 17)
}

/** No other bit is a producer's to set. */
function attributesOf({ codecId, stamp }: BatchHeader): number {
  return stamp.isTransactional === true ? codecId | TRANSACTIONAL : codecId
}
