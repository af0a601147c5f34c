/**
 * Produce requests made beforehand, of the task's own values, for the wire limit.
 */
import type { Codec } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { errorCode } from '../../src/protocol/error-codes.js'
import { decodeResponseHeader } from '../../src/protocol/header.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { frameProduceRequest } from '../../src/protocol/produce-framing.js'
import {
  batchWithRoom,
  bufferSizeFor,
  NO_PRODUCER,
  RECORD_BATCH_HEADER_BYTES,
  RecordBatchBuilder,
  recordBytesOf,
  sealBatch,
  type BatchBytes,
} from '../../src/protocol/record-batch.js'
import { Reader } from '../../src/protocol/reader.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import type { SubjectTask } from '../contract.js'
import { RecordSource } from './record-source.js'

/** Names topics, not ids, and is spoken by every broker from 2.4 on. */
export const PRODUCE_VERSION = 9
const MAX_READY_BYTES = 128 * 1024 * 1024
const MAX_RECORD_OVERHEAD_BYTES = 21
const TIMEOUT_MS = 30_000
const SAMPLE_BYTES = 500_000
/** Batches are filled a little less than the ratio allows (producer/batching/batch-fill.ts). */
const FILL_SAFETY = 1.05

/** A request to be written as it is, any number of times. */
export interface ReadyRequest {
  readonly partition: number
  readonly frame: Buffer
  readonly records: number
}

/**
 * A full batch for each partition, as many as fit some memory; each request has one. With a codec
 * the batches are compressed, and full is what is then of the batch size, as with Ottla.
 */
export function makeRequests(task: SubjectTask): ReadyRequest[] {
  const source = new RecordSource(task)
  const { compression, batchSizeBytes } = task.settings
  const codec = createCodec(compression === 'auto' ? 'none' : compression)
  const batchBytes = Math.max(batchSizeBytes * ratioOf(codec, source), task.valueBytes + 100)
  const count = Math.min(task.partitions, Math.max(1, Math.floor(MAX_READY_BYTES / batchBytes)))
  let from = 0
  return Array.from({ length: count }, (_, partition) => {
    const batch = fillBatch(source, from, batchBytes)
    from += batch.recordCount
    return {
      partition,
      frame: frameBatch(task, partition, batch, codec),
      records: batch.recordCount,
    }
  })
}

/** Bytes in for each byte out; as much below as Ottla stays, so that batches are of its size. */
function ratioOf(codec: Codec, source: RecordSource): number {
  if (codec.name === 'none') return 1
  const { recordBytes } = fillBatch(source, 0, SAMPLE_BYTES)
  return Math.max(1, recordBytes.length / codec.compressSync(recordBytes).length / FILL_SAFETY)
}

/** Appends records from number `from` on until the batch is full. */
export function fillBatch(
  source: RecordSource,
  from: number,
  batchBytes: number,
): RecordBatchBuilder {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(batchBytes)))
  const timestamp = Date.now()
  for (let index = from; ; index++) {
    const value = source.payload(index)
    const needBytes = value.length + MAX_RECORD_OVERHEAD_BYTES
    if (batch.sizeBytes + needBytes > batchBytes && batch.recordCount > 0) return batch
    if (!batch.append({ timestamp, key: null, keyLength: -1, value, headers: null })) return batch
  }
}

/** One request with one batch; the bytes are one buffer. */
export function frameBatch(
  task: SubjectTask,
  partition: number,
  records: RecordBatchBuilder,
  codec: Codec = createCodec('none'),
): Buffer {
  const batch = { ...sealed(records, codec), mayUseRoom: true }
  const parts = frameProduceRequest(
    {
      version: PRODUCE_VERSION,
      correlationId: 1,
      clientId: 'wire-limit',
      transactionalId: null,
      acks: task.settings.acks === 'all' ? -1 : task.settings.acks,
      timeoutMs: TIMEOUT_MS,
    },
    [{ name: task.topic, topicId: ZERO_UUID, partitions: [{ index: partition, batch }] }],
  )
  return Buffer.concat(parts)
}

function sealed(records: RecordBatchBuilder, codec: Codec): BatchBytes {
  const compressed = codec.compressSync(records.recordBytes)
  const sizeBytes = bufferSizeFor(RECORD_BATCH_HEADER_BYTES + compressed.length)
  const batch = batchWithRoom(Buffer.alloc(sizeBytes), compressed.length)
  recordBytesOf(batch).set(compressed)
  sealBatch(batch, { ...records.summary, codecId: codec.id, stamp: NO_PRODUCER })
  return batch
}

/** Throws unless the answer says that every batch was written. */
export function checkProduced(frame: Buffer): void {
  const reader = new Reader(frame, { apiName: produce.name, version: PRODUCE_VERSION })
  decodeResponseHeader(reader, produce, PRODUCE_VERSION)
  const { responses } = produce.decodeResponse(reader, PRODUCE_VERSION)
  for (const { partitionResponses } of responses) {
    for (const { index, errorCode: code } of partitionResponses) {
      if (code !== 0) throw new Error(`partition ${index}: ${errorCode(code).name}`)
    }
  }
}
