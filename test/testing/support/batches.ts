/** Record batches for raw Produce requests: sound ones, and ones with chosen bytes changed. */
import type { CompressionName } from '../../../src/compression/codec.js'
import { createCodec } from '../../../src/compression/create-codec.js'
import { crc32c } from '../../../src/protocol/crc32c.js'
import {
  bufferSizeFor,
  NO_PRODUCER,
  RECORD_BATCH_HEADER_BYTES,
  RecordBatchBuilder,
  sealBatch,
} from '../../../src/protocol/record-batch.js'
import { batchRecord } from '../../protocol/support/batch-record.js'

export interface BatchPlan {
  /** Values; default one of one letter. */
  readonly values?: readonly (string | null)[]
  /** Default 'k'; null has no key. */
  readonly key?: string | null
  /** Of each record in turn; default the time of making. */
  readonly timestamps?: readonly number[]
  /** Without: no idempotence. */
  readonly producerId?: bigint
  readonly epoch?: number
  readonly sequence?: number
  readonly codec?: CompressionName
  /** Changes the bytes of the records before they are compressed. */
  readonly damageRecords?: (records: Buffer) => void
  /** Changes the sealed bytes. */
  readonly damage?: (batch: Buffer) => void
  /** False: leaves the checksum as it was before `damage`. Default true. */
  readonly fixCrc?: boolean
}

/** The bytes of one batch. */
export function makeBatch(plan: BatchPlan = {}): Buffer {
  const { values = ['v'], timestamps = [], key = 'k' } = plan
  const size = values.reduce((sum, value) => sum + (value?.length ?? 0) + 100, 1000)
  const builder = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(size)))
  const keyBytes = key === null ? null : Buffer.from(key)
  values.forEach((value, i) => {
    builder.append(batchRecord({ timestamp: timestamps[i] ?? Date.now(), key: keyBytes, value }))
  })
  builder.seal(stampOf(plan))
  const plain = Buffer.from(builder.buffer.subarray(builder.start, builder.end))
  plan.damageRecords?.(plain.subarray(RECORD_BATCH_HEADER_BYTES))
  const batch = plan.codec === undefined ? plain : compressed(plain, builder, plan)
  plan.damage?.(batch)
  if (plan.fixCrc !== false) fixCrc(batch)
  return batch
}

/** Makes the checksum right again, where there is room for one. */
export function fixCrc(batch: Buffer): void {
  if (batch.length >= RECORD_BATCH_HEADER_BYTES) batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
}

function stampOf({ producerId, epoch = 0, sequence = 0 }: BatchPlan): typeof NO_PRODUCER {
  if (producerId === undefined) return NO_PRODUCER
  return { producerId, producerEpoch: epoch, baseSequence: sequence }
}

function compressed(plain: Buffer, builder: RecordBatchBuilder, plan: BatchPlan): Buffer {
  const codec = createCodec(plan.codec ?? 'none')
  const records = codec.compressSync(plain.subarray(RECORD_BATCH_HEADER_BYTES))
  const batch = Buffer.alloc(RECORD_BATCH_HEADER_BYTES + records.length)
  batch.set(records, RECORD_BATCH_HEADER_BYTES)
  const { baseTimestamp, maxTimestamp, recordCount } = builder
  sealBatch(
    { buffer: batch, start: 0, end: batch.length },
    {
      codecId: codec.id,
      baseTimestamp,
      maxTimestamp,
      recordCount,
      stamp: stampOf(plan),
    },
  )
  return batch
}
