/**
 * Reads record batches, format v2: the other half of record-batch.ts, which draws the layout. The
 * producer never needs it; the test cluster and the tests do. It checks what a broker checks
 * (magic, lengths, CRC, last offset delta) and knows no codec: a compressed batch is decompressed
 * by the function that the caller gives.
 *
 * Every malformed batch is a ProtocolError with the offset, and nothing is allocated that the bytes
 * at hand could not hold.
 */
import { ProtocolError } from '../errors.js'
import { crc32c } from './crc32c.js'
import { RECORD_BATCH_HEADER_BYTES } from './record-batch.js'
import { readInt64, VarintReader } from './varint.js'

/** A record as it lies in a log. */
export interface DecodedRecord {
  readonly offset: bigint
  /** Milliseconds: the record's own, or the broker's where the batch has log-append time. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[]
}

/** A batch's header; the records are still as they came. */
export interface DecodedBatch {
  readonly baseOffset: bigint
  readonly partitionLeaderEpoch: number
  readonly codecId: number
  readonly hasLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
  /** The records' bytes, compressed where `codecId` is not 0. */
  readonly recordBytes: Buffer
  /** The whole batch, header included. */
  readonly sizeBytes: number
}

/** Turns the compressed records of a batch back; the codec is the attribute's number. */
export type Decompress = (bytes: Buffer, codecId: number) => Uint8Array

const LENGTH_FIELD_END = 12
const SMALLEST_RECORD_BYTES = 7 // a length, attributes, two deltas, two nulls, no headers

/** Reads the batch that begins at `offset`; throws ProtocolError on anything but a whole, sound one. */
export function decodeBatch(buffer: Buffer, offset = 0): DecodedBatch {
  const fail = (reason: string, at: number): never => {
    throw new ProtocolError(`record batch: ${reason}`, {
      apiName: 'RecordBatch',
      version: 2,
      offset: at,
    })
  }
  if (buffer.length - offset < RECORD_BATCH_HEADER_BYTES)
    fail('the bytes end inside its header', offset)
  const end = offset + LENGTH_FIELD_END + buffer.readInt32BE(offset + 8)
  if (end < offset + RECORD_BATCH_HEADER_BYTES) fail('its length is too small', offset + 8)
  if (end > buffer.length) fail('the bytes end before its length does', offset + 8)
  if (buffer[offset + 16] !== 2) fail(`magic is ${buffer[offset + 16]}, not 2`, offset + 16)
  const sum = crc32c(buffer.subarray(offset + 21, end))
  if (sum !== buffer.readUInt32BE(offset + 17)) fail('its CRC-32C does not match', offset + 17)
  const batch = decodeHeader(buffer, offset, end)
  if (batch.recordCount < 0) fail('its record count is negative', offset + 57)
  if (batch.lastOffsetDelta !== batch.recordCount - 1) {
    fail(`last offset delta ${batch.lastOffsetDelta} for ${batch.recordCount} records`, offset + 23)
  }
  return batch
}

function decodeHeader(buffer: Buffer, offset: number, end: number): DecodedBatch {
  const attributes = buffer.readInt16BE(offset + 21)
  return {
    baseOffset: buffer.readBigInt64BE(offset),
    partitionLeaderEpoch: buffer.readInt32BE(offset + 12),
    codecId: attributes & 0x07,
    hasLogAppendTime: (attributes & 0x08) !== 0,
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    lastOffsetDelta: buffer.readInt32BE(offset + 23),
    baseTimestamp: readInt64(buffer, offset + 27),
    maxTimestamp: readInt64(buffer, offset + 35),
    producerId: buffer.readBigInt64BE(offset + 43),
    producerEpoch: buffer.readInt16BE(offset + 51),
    baseSequence: buffer.readInt32BE(offset + 53),
    recordCount: buffer.readInt32BE(offset + 57),
    recordBytes: buffer.subarray(offset + RECORD_BATCH_HEADER_BYTES, end),
    sizeBytes: end - offset,
  }
}

/** Reads the records of a batch; `decompress` is needed only where the batch is compressed. */
export function decodeRecords(batch: DecodedBatch, decompress?: Decompress): DecodedRecord[] {
  const bytes = plainBytes(batch, decompress)
  if (batch.recordCount * SMALLEST_RECORD_BYTES > bytes.length) {
    throw recordError(`${batch.recordCount} records cannot lie in ${bytes.length} bytes`, 0)
  }
  const reader = new VarintReader(bytes, 0, bytes.length)
  const records: DecodedRecord[] = []
  for (let i = 0; i < batch.recordCount; i++) records.push(decodeRecord(reader, bytes, batch))
  if (reader.offset !== bytes.length) {
    throw recordError(`${bytes.length - reader.offset} bytes are left over`, reader.offset)
  }
  return records
}

function plainBytes(batch: DecodedBatch, decompress: Decompress | undefined): Buffer {
  if (batch.codecId === 0) return batch.recordBytes
  if (!decompress)
    throw recordError(`compressed with codec ${batch.codecId}, and no codec given`, 0)
  const bytes = decompress(batch.recordBytes, batch.codecId)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function recordError(reason: string, offset: number): ProtocolError {
  return new ProtocolError(`record: ${reason}`, { apiName: 'Record', version: 2, offset })
}

function decodeRecord(reader: VarintReader, bytes: Buffer, batch: DecodedBatch): DecodedRecord {
  const sizeBytes = reader.readVarint()
  const start = reader.offset
  if (sizeBytes < 0 || sizeBytes > bytes.length - start) {
    throw recordError(`its length ${sizeBytes} does not fit`, start)
  }
  const body = new VarintReader(bytes, start + 1, start + sizeBytes) // behind the attributes byte
  const timestampDelta = body.readVarlong()
  const offsetDelta = body.readVarint()
  const record = {
    offset: batch.baseOffset + BigInt(offsetDelta),
    timestamp: batch.hasLogAppendTime ? batch.maxTimestamp : batch.baseTimestamp + timestampDelta,
    key: readNullableBytes(body, bytes),
    value: readNullableBytes(body, bytes),
    headers: decodeHeaders(body, bytes),
  }
  if (body.offset !== body.end) throw recordError('its length is larger than its fields', start)
  reader.offset = body.end
  return record
}

function decodeHeaders(body: VarintReader, bytes: Buffer): DecodedRecord['headers'] {
  const count = body.readVarint()
  if (count < 0 || count * 2 > body.end - body.offset) {
    throw recordError(`${count} headers do not fit`, body.offset)
  }
  const headers: { name: string; value: Buffer | null }[] = []
  for (let i = 0; i < count; i++) {
    const name = readNullableBytes(body, bytes)
    if (name === null) throw recordError('a header without a name', body.offset)
    headers.push({ name: name.toString('utf8'), value: readNullableBytes(body, bytes) })
  }
  return headers
}

function readNullableBytes(body: VarintReader, bytes: Buffer): Buffer | null {
  const length = body.readVarint()
  if (length === -1) return null
  const start = body.offset
  if (length < 0 || length > body.end - start) {
    throw recordError(`a length of ${length} does not fit`, start)
  }
  body.offset = start + length
  return bytes.subarray(start, start + length)
}
