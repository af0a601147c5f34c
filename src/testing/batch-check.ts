/**
 * Looks at the bytes that a Produce request has for one partition as a broker does: is this exactly
 * one sound batch that this topic takes? The order of the checks is Kafka's, since the first that
 * fails decides the error that the producer is told.
 *
 *   request   bytes that may be a batch; a transaction with its id, and of one producer (else all of it
 *             is refused)                                               KafkaApis, ReplicaManager
 *   part      one batch, of magic 2, with a codec of its version        ProduceRequest
 *   log       base offset 0, size, checksum, known codec                UnifiedLog
 *   batch     count, no control batch, sequence                         LogValidator
 *   records   structure, key, timestamp; each that fails is listed      LogValidator
 *
 * Not the producer's numbers: producer-state.ts judges those, afterwards.
 *
 * Spec: the Kafka classes named above. Neighbours: before, handlers/produce.ts; after, partition.ts.
 */
import { crc32c } from '../protocol/crc32c.js'
import { ErrorCodes } from '../protocol/error-codes.js'
import type { BatchIndexAndErrorMessage } from '../protocol/messages/produce.js'
import { RECORD_BATCH_HEADER_BYTES } from '../protocol/record-batch.js'
import {
  decodeBatch,
  decodeRecords,
  type DecodedBatch,
  type DecodedRecord,
} from '../protocol/record-batch-reader.js'
import { decompress } from './partition-log.js'
import type { TopicConfig } from './topic-config.js'

/** Why a batch is refused, as the Produce response tells it. */
export interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly recordErrors: readonly BatchIndexAndErrorMessage[]
}

/** What a batch is judged by. */
export interface CheckContext {
  readonly config: TopicConfig
  /** `topic-partition`, for messages. */
  readonly where: string
  /** Wall-clock milliseconds of the broker. */
  readonly nowMs: number
}

/** The numbers by which the leader asks for a transaction. */
export interface TransactionalHeader {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

const MIXED_PRODUCERS: Refusal = {
  errorCode: ErrorCodes.INVALID_PRODUCER_ID_MAPPING,
  errorMessage: 'Transactional records contained more than one producer ID',
  recordErrors: [],
}
const BYTES_UP_TO_MAGIC = 17
const LENGTH_FIELD_END = 12
const SMALLEST_LENGTH = 14 // the overhead of a record of magic 0
const EMPTY = new Uint8Array(0)
const TRANSACTIONAL_BIT = 0x10
const ZSTD = 4
const LAST_CODEC = 4
const FIRST_VERSION_WITH_ZSTD = 7

/** A refusal without details. */
export function refusal(errorCode: number): Refusal {
  return { errorCode, errorMessage: null, recordErrors: [] }
}

/**
 * Why all of a request is refused, or null: Kafka looks at the first batch of every partition before
 * it looks at any partition in earnest.
 */
export function refuseRequest(
  parts: readonly (Uint8Array | null)[],
  version: number,
  transactionalId: string | null,
): Refusal | null {
  for (const part of parts) {
    const errorCode = checkFirstBatch(asBuffer(part ?? EMPTY), version, transactionalId)
    if (errorCode === ErrorCodes.NONE) continue
    // Of these only a corrupt batch comes with words of Kafka's own.
    const hasMessage = errorCode === ErrorCodes.CORRUPT_MESSAGE
    const errorMessage = hasMessage ? 'The bytes of a partition are no record batch.' : null
    return { errorCode, errorMessage, recordErrors: [] }
  }
  return areOfOneProducer(parts) ? null : MIXED_PRODUCERS
}

/** What identifies the batch to its transaction; null for one without, or bytes that are no batch. */
export function transactionalHeader(records: Uint8Array | null): TransactionalHeader | null {
  const bytes = asBuffer(records ?? EMPTY)
  const sizeBytes = nextBatchSize(bytes, 0)
  if (sizeBytes === 'corrupt' || sizeBytes === null) return null
  if (sizeBytes < RECORD_BATCH_HEADER_BYTES || bytes.readInt8(16) !== 2) return null
  const producerId = bytes.readBigInt64BE(43)
  const isTransactional = (bytes.readInt16BE(21) & TRANSACTIONAL_BIT) !== 0
  if (!isTransactional || producerId < 0n) return null
  return {
    producerId,
    producerEpoch: bytes.readInt16BE(51),
    baseSequence: bytes.readInt32BE(53),
  }
}

function areOfOneProducer(parts: readonly (Uint8Array | null)[]): boolean {
  const [first, ...others] = parts.flatMap((part) => transactionalHeader(part) ?? [])
  return others.every(
    ({ producerId, producerEpoch }) =>
      producerId === first?.producerId && producerEpoch === first.producerEpoch,
  )
}

function checkFirstBatch(bytes: Buffer, version: number, transactionalId: string | null): number {
  const sizeBytes = nextBatchSize(bytes, 0)
  if (sizeBytes === 'corrupt') return ErrorCodes.CORRUPT_MESSAGE
  if (sizeBytes === null || bytes.readInt8(16) !== 2) return ErrorCodes.NONE
  const isTransactional = (bytes.readInt16BE(21) & TRANSACTIONAL_BIT) !== 0
  if (isTransactional && transactionalId === null) {
    return ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  }
  const isCodecMissing = version < FIRST_VERSION_WITH_ZSTD && codecOf(bytes) > LAST_CODEC
  return isCodecMissing ? ErrorCodes.UNKNOWN_SERVER_ERROR : ErrorCodes.NONE
}

/** The batch's bytes, without what trails it; or why the request may not carry it. */
export function onlyBatch(records: Uint8Array | null, version: number): Buffer | Refusal {
  const bytes = asBuffer(records ?? EMPTY)
  const sizeBytes = nextBatchSize(bytes, 0)
  if (sizeBytes === 'corrupt') return refusal(ErrorCodes.CORRUPT_MESSAGE)
  if (sizeBytes === null || bytes.readInt8(16) !== 2) return refusal(ErrorCodes.INVALID_RECORD)
  if (version < FIRST_VERSION_WITH_ZSTD && codecOf(bytes) === ZSTD) {
    return refusal(ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE)
  }
  const another = nextBatchSize(bytes, sizeBytes)
  if (another === 'corrupt') return refusal(ErrorCodes.CORRUPT_MESSAGE)
  if (another !== null) return refusal(ErrorCodes.INVALID_RECORD)
  return bytes.subarray(0, sizeBytes)
}

/** The batch's header where the log takes it, or why it does not. */
export function checkBatch(batch: Buffer, context: CheckContext): DecodedBatch | Refusal {
  const errorCode = checkForLog(batch, context) ?? checkForClient(batch)
  if (errorCode !== null) return refusal(errorCode)
  const header = decodeBatch(batch)
  const records = readRecords(header)
  return typeof records === 'number'
    ? refusal(records)
    : (checkRecords(header, records, context) ?? header)
}

/** The records, or the error code of what is wrong with their bytes. */
function readRecords(header: DecodedBatch): DecodedRecord[] | number {
  let isDecompressed = header.codecId === 0
  try {
    return decodeRecords(header, (bytes, codecId) => {
      const plain = decompress(bytes, codecId)
      isDecompressed = true
      return plain
    })
  } catch {
    return isDecompressed ? ErrorCodes.INVALID_RECORD : ErrorCodes.UNKNOWN_SERVER_ERROR
  }
}

/** Bytes of the batch at `offset`; null where no whole one is there. */
function nextBatchSize(bytes: Buffer, offset: number): number | 'corrupt' | null {
  if (bytes.length - offset < BYTES_UP_TO_MAGIC) return null
  const length = bytes.readInt32BE(offset + 8)
  if (length < SMALLEST_LENGTH) return 'corrupt'
  const magic = bytes.readInt8(offset + 16)
  if (magic < 0 || magic > 2) return 'corrupt'
  const sizeBytes = LENGTH_FIELD_END + length
  return bytes.length - offset < sizeBytes ? null : sizeBytes
}

function checkForLog(batch: Buffer, { config }: CheckContext): number | null {
  if (batch.readBigInt64BE(0) !== 0n) return ErrorCodes.INVALID_RECORD
  if (batch.length > config.maxMessageBytes) return ErrorCodes.MESSAGE_TOO_LARGE
  const isWhole = batch.length >= RECORD_BATCH_HEADER_BYTES
  if (!isWhole || crc32c(batch.subarray(21)) !== batch.readUInt32BE(17)) {
    return ErrorCodes.CORRUPT_MESSAGE
  }
  return codecOf(batch) > LAST_CODEC ? ErrorCodes.UNKNOWN_SERVER_ERROR : null
}

function checkForClient(batch: Buffer): number | null {
  const isControl = (batch.readInt16BE(21) & 0x20) !== 0
  const countFromOffsets = batch.readInt32BE(23) + 1
  const hasProducerId = batch.readBigInt64BE(43) >= 0n
  const baseSequence = batch.readInt32BE(53)
  const recordCount = batch.readInt32BE(57)
  const isCountSound = recordCount > 0 && recordCount === countFromOffsets
  const isSequenceSound = !hasProducerId || baseSequence >= 0
  return isControl || !isCountSound || !isSequenceSound ? ErrorCodes.INVALID_RECORD : null
}

function checkRecords(
  header: DecodedBatch,
  records: readonly DecodedRecord[],
  context: CheckContext,
): Refusal | null {
  const recordErrors: BatchIndexAndErrorMessage[] = []
  let isTimestampWrong = false as boolean // set in the callback below
  records.forEach((record, batchIndex) => {
    const keyError = checkKey(record, context)
    const message = keyError ?? checkTimestamp(header, record, context)
    if (message === null) return
    if (keyError === null) isTimestampWrong = true
    recordErrors.push({ batchIndex, batchIndexErrorMessage: message })
  })
  if (recordErrors.length === 0) return null
  if (isTimestampWrong) {
    const errorMessage = 'One or more records have been rejected due to invalid timestamp'
    return { errorCode: ErrorCodes.INVALID_TIMESTAMP, errorMessage, recordErrors }
  }
  const errorMessage = `One or more records have been rejected due to ${recordErrors.length} record errors in total`
  return { errorCode: ErrorCodes.INVALID_RECORD, errorMessage, recordErrors }
}

function checkKey(record: DecodedRecord, { config, where }: CheckContext): string | null {
  if (!config.isCompacted || record.key !== null) return null
  return `Compacted topic cannot accept message without key in topic partition ${where}.`
}

function checkTimestamp(
  header: DecodedBatch,
  record: DecodedRecord,
  { config, nowMs }: CheckContext,
): string | null {
  if (config.hasLogAppendTime || record.timestamp === -1) {
    if (!header.hasLogAppendTime) return null
    return 'Invalid timestamp type in message: producers must not set it to LogAppendTime.'
  }
  const earliest = nowMs - config.timestampBeforeMaxMs
  const latest = nowMs + config.timestampAfterMaxMs
  if (record.timestamp >= earliest && record.timestamp <= latest) return null
  return `Timestamp ${record.timestamp} of message with offset ${record.offset} is out of range. The timestamp should be within [${earliest}, ${latest}]`
}

function codecOf(batch: Buffer): number {
  return batch.readInt16BE(21) & 0x07
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
