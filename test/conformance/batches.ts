/**
 * Record batches for the conformance tests: random records, what our builder makes of them, and the
 * same records as Kafka's builder takes them. Not a test.
 */
import fc from 'fast-check'
import { COMPRESSION_NAMES, type Codec } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { KeyEncoder } from '../../src/producer/records/key-encoder.js'
import { crc32c } from '../../src/protocol/crc32c.js'
import {
  bufferSizeFor,
  NO_PRODUCER,
  RECORD_BATCH_HEADER_BYTES,
  RecordBatchBuilder,
  recordSizeUpperBound,
  sealBatch,
  type ProducerStamp,
} from '../../src/protocol/record-batch.js'
import {
  decodeBatch,
  decodeRecords,
  type DecodedBatch,
  type DecodedRecord,
} from '../../src/protocol/record-batch-reader.js'
import type { PlainRecord } from './oracle.js'
import { batchRecord, wireHeaders } from '../protocol/support/batch-record.js'
import { wrapCompressed } from '../protocol/support/wrap-compressed.js'

/** A record as a user gives it: keys and values may be text. */
export interface OurRecord extends Omit<PlainRecord, 'key' | 'value'> {
  readonly key: string | Uint8Array | null
  readonly value: string | Uint8Array | null
}

/** Records that break nothing: what every codec and edge case is tried with. */
export const SAMPLE_RECORDS: readonly OurRecord[] = [
  record({ key: 'k', value: 'plain' }),
  record({ timestamp: 1_700_000_000_005, key: 'schlüssel', value: 'Größe 方 🦊' }),
  record({ timestamp: 1_699_999_999_000, value: Buffer.from('earlier') }),
  record({ key: Buffer.alloc(0), value: '' }),
  record({ key: Buffer.from('tombstone'), value: null }),
  record({
    headers: [
      { name: 'twice', value: Buffer.from('1') },
      { name: 'twice', value: Buffer.from('2') },
      { name: 'null', value: null },
      { name: '', value: Buffer.alloc(0) },
      { name: 'ключ', value: Buffer.from('значение') },
    ],
  }),
]

/** A record with nothing in it but what `fields` give. */
export function record(fields: Partial<OurRecord>): OurRecord {
  return { timestamp: 1_700_000_000_000, key: null, value: null, headers: [], ...fields }
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((it) => Buffer.from(it))
/** Any UTF-16 units: ASCII, several bytes each, and surrogates that stand alone. */
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.nat(0xffff), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
)
/** Milliseconds around today, and all that a number holds exactly. */
const timestamp = fc.oneof(
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.nat(10_000),
  fc.maxSafeNat(),
)
const header = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 20 }),
  value: fc.option(bytes),
})

export const anyRecord: fc.Arbitrary<OurRecord> = fc.record({
  timestamp,
  key: fc.option(fc.oneof(text, bytes)),
  value: fc.option(fc.oneof(text, bytes)),
  headers: fc.array(header, { maxLength: 4 }),
})

/** At least one record: a producer sends no empty batch. */
export const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 12 })

export const anyStamp: fc.Arbitrary<ProducerStamp> = fc.oneof(
  fc.constant(NO_PRODUCER),
  fc.record({
    producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    producerEpoch: fc.nat(0x7fff),
    baseSequence: fc.nat(0x7fffffff),
    isTransactional: fc.boolean(),
  }),
)

/** Our builder's batch, whole and uncompressed. */
export function buildOurs(
  records: readonly OurRecord[],
  stamp: ProducerStamp = NO_PRODUCER,
): Buffer {
  const builder = appendAll(records)
  builder.seal(stamp)
  return builder.buffer.subarray(builder.start, builder.end)
}

/** The same batch with its records compressed. */
export function buildCompressed(
  records: readonly OurRecord[],
  codec: Codec,
  stamp: ProducerStamp = NO_PRODUCER,
): Buffer {
  const builder = appendAll(records)
  const batch = wrapCompressed(codec.compressSync(builder.recordBytes))
  sealBatch(batch, { ...builder.summary, codecId: codec.id, stamp })
  return batch.buffer.subarray(batch.start, batch.end)
}

/** A copy in which length and checksum are right, so that damage elsewhere comes to light. */
export function reseal(batch: Buffer): Buffer {
  const sealed = Buffer.from(batch)
  sealed.writeInt32BE(sealed.length - 12, 8)
  sealed.writeUInt32BE(crc32c(sealed.subarray(21)), 17)
  return sealed
}

/** The records as Kafka takes them: text as JavaScript writes it in UTF-8. */
export function plainRecords(records: readonly OurRecord[]): PlainRecord[] {
  const bytesOf = (it: OurRecord['value']) => (typeof it === 'string' ? Buffer.from(it) : it)
  return records.map((record) => ({
    ...record,
    key: bytesOf(record.key),
    value: bytesOf(record.value),
  }))
}

/** A batch with its records, as `Oracle.parseBatches` has it. */
export interface ReadBatch extends Omit<DecodedBatch, 'recordBytes'> {
  readonly records: readonly DecodedRecord[]
}

/** What our reader makes of a batch; `maxSizeBytes` limits decompression. */
export function readOurs(bytes: Buffer, maxSizeBytes?: number): ReadBatch {
  const { recordBytes, ...batch } = decodeBatch(bytes)
  const records = decodeRecords({ ...batch, recordBytes }, (compressed, codecId) =>
    codecOf(codecId).decompress(compressed, maxSizeBytes),
  )
  return { ...batch, records }
}

const codecs = new Map<number, Codec>()

/** The codec of an attribute's number; 5 to 7 are nobody's. */
function codecOf(codecId: number): Codec {
  const known = codecs.get(codecId)
  if (known !== undefined) return known
  const codec = createCodec(COMPRESSION_NAMES[codecId] ?? 'none')
  codecs.set(codecId, codec)
  return codec
}

function appendAll(records: readonly OurRecord[]): RecordBatchBuilder {
  const builder = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(sizeUpperBound(records))))
  const encoder = new KeyEncoder()
  for (const { timestamp, key, value, headers } of records) {
    if (typeof key === 'string') encoder.encode(key)
    const { bytes, length } = typeof key === 'string' ? encoder : bytesWithLength(key)
    const wire = wireHeaders(headers)
    if (!builder.append({ timestamp, key: bytes, keyLength: length, value, headers: wire })) {
      throw new Error('a record did not fit the buffer made for it')
    }
  }
  return builder
}

function bytesWithLength(bytes: Uint8Array | null): { bytes: Uint8Array | null; length: number } {
  return { bytes, length: bytes?.length ?? -1 }
}

function sizeUpperBound(records: readonly OurRecord[]): number {
  const bytesOf = (it: OurRecord['key']) => (typeof it === 'string' ? Buffer.from(it) : it)
  const sizes = records.map(({ key, value, headers }) =>
    recordSizeUpperBound(batchRecord({ key: bytesOf(key), value, headers: wireHeaders(headers) })),
  )
  return sizes.reduce((sum, size) => sum + size, RECORD_BATCH_HEADER_BYTES)
}
