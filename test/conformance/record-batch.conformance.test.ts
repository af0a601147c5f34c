/**
 * Record batches against Kafka's own: what we build is what Kafka's builder builds, byte for byte;
 * what we compress Kafka reads, and what Kafka compresses we read.
 */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { CompressionName } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { NO_PRODUCER, type ProducerStamp } from '../../src/protocol/record-batch.js'
import { ProtocolError } from '../../src/errors.js'
import {
  anyRecords,
  anyStamp,
  buildCompressed,
  buildOurs,
  plainRecords,
  readOurs,
  record,
  SAMPLE_RECORDS,
  type OurRecord,
} from './batches.js'
import { differenceOfBytes } from './compare-message.js'
import { difference } from './kafka-json.js'
import { sample, SEED } from './messages.js'
import { oracleTest, type BatchPlan, type Oracle } from './oracle.js'

const CASES = 400
const CASES_PER_LEVEL = 25

/** The levels to try of each codec; undefined is its default. */
const OUR_LEVELS: Readonly<Record<CompressionName, readonly (number | undefined)[]>> = {
  none: [undefined],
  gzip: [undefined, 1, 6, 9],
  snappy: [undefined],
  lz4: [undefined],
  zstd: [undefined, -7, 1, 9, 19],
}
const KAFKA_LEVELS = { ...OUR_LEVELS, lz4: [undefined, 1, 9, 17] }
const CODECS = Object.keys(OUR_LEVELS) as CompressionName[]

const STAMP: ProducerStamp = { producerId: 2n ** 53n + 1n, producerEpoch: 3, baseSequence: 99 }
const A_MEGABYTE = 1_000_000
const mixed = Buffer.from(Array.from({ length: A_MEGABYTE }, (_, i) => (i * i * 31) >>> 7))

const EDGES: Readonly<Record<string, readonly OurRecord[]>> = {
  'one record': [record({ value: 'v' })],
  'one record with nothing in it': [record({})],
  'every kind of record at once': SAMPLE_RECORDS,
  'ten thousand records': Array.from({ length: 10_000 }, (_, i) =>
    record({
      timestamp: 1_700_000_000_000 + i,
      key: Buffer.from(`k${i % 97}`),
      value: `value ${i}`,
    }),
  ),
  'values of one byte': Array.from({ length: 256 }, (_, i) => record({ value: Buffer.of(i) })),
  'a megabyte of bytes': [record({ value: mixed })],
  'a megabyte of text': [record({ value: 'é'.repeat(A_MEGABYTE / 2) }), record({ value: 'after' })],
  'timestamps that go back': [9_000_000_000_000, 5, 0, 4_611_686_018].map((timestamp) =>
    record({ timestamp }),
  ),
  'the timestamps of each width': Array.from({ length: 53 }, (_, bits) =>
    record({ timestamp: 2 ** bits }),
  ),
  'lone surrogates': ['\ud800', 'a\udfffb', '\ud83e', 'x'.repeat(30) + '\ude00'].map((value) =>
    record({ value }),
  ),
  'text after ASCII, and ASCII after text': ['ascii', 'ünïcode', 'ascii', '🦊'.repeat(50), 'a'].map(
    (value) => record({ value }),
  ),
  'lengths at which a varint grows': [63, 64, 8191, 8192, 1_048_575].map((length) =>
    record({ key: Buffer.alloc(length, 1), value: Buffer.alloc(length, 2) }),
  ),
}

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

await oracleTest('our batches are those of Kafka, byte for byte', async (t, oracle) => {
  const values = sample(fc.tuple(anyRecords, anyStamp), CASES, 1)
  const asked = values.map(([records, stamp]) => compareUncompressed(oracle, records, stamp))
  await allEqual(t, asked, `${CASES} random batches`)
})

await oracleTest('so are the edges of what a batch holds', async (t, oracle) => {
  for (const [name, records] of Object.entries(EDGES)) {
    await allEqual(t, [compareUncompressed(oracle, records)], name)
  }
})

for (const codec of CODECS) {
  await oracleTest(`Kafka reads what we write in ${codec}`, async (t, oracle) => {
    for (const level of OUR_LEVELS[codec]) {
      const compressor = createCodec(codec, level)
      const values = sample(fc.tuple(anyRecords, anyStamp), CASES_PER_LEVEL, 2)
      const random = values.map(([records, stamp]) =>
        compareReadings(oracle, buildCompressed(records, compressor, stamp), records),
      )
      const edges = Object.values(EDGES).map((records) =>
        compareReadings(oracle, buildCompressed(records, compressor), records),
      )
      await allEqual(t, [...random, ...edges], `level ${level ?? 'by default'}`)
    }
  })

  await oracleTest(`we read what Kafka writes in ${codec}`, async (t, oracle) => {
    for (const level of KAFKA_LEVELS[codec]) {
      const compression = { compression: codec, ...(level === undefined ? {} : { level }) }
      const values = sample(fc.tuple(anyRecords, anyStamp), CASES_PER_LEVEL, 3)
      const random = values.map(([records, stamp]) =>
        compareKafkas(oracle, { ...compression, ...kafkaStamp(stamp) }, records),
      )
      const edges = Object.values(EDGES).map((it) => compareKafkas(oracle, compression, it))
      await allEqual(t, [...random, ...edges], `level ${level ?? 'by default'}`)
    }
  })

  await oracleTest(`we read a batch in ${codec} as a log has it`, async (t, oracle) => {
    const inLog = { baseOffset: 2n ** 60n, partitionLeaderEpoch: 7, compression: codec }
    const transactional = { ...kafkaStamp(STAMP), isTransactional: true, compression: codec }
    const withLogTime = { ...inLog, logAppendTime: 1_700_000_111_222 }
    await allEqual(t, [compareKafkas(oracle, inLog, SAMPLE_RECORDS)], 'offset and epoch')
    await allEqual(t, [compareKafkas(oracle, transactional, SAMPLE_RECORDS)], 'a transaction')
    await allEqual(t, [compareKafkas(oracle, withLogTime, SAMPLE_RECORDS)], 'log-append time')
  })
}

await oracleTest('we read the marker that ends a transaction', async (t, oracle) => {
  for (const isCommit of [true, false]) {
    const { producerId, producerEpoch } = STAMP
    const marker = { baseOffset: 7n, timestamp: 1_700_000_000_000, partitionLeaderEpoch: 2 }
    const batch = await oracle.buildEndMarker({
      ...{ ...marker, producerId, producerEpoch, coordinatorEpoch: 5, isCommit },
    })
    const read = readOurs(batch)
    const [kafkas] = await oracle.parseBatches(batch)
    t.equal(difference(read, kafkas), null, 'as Kafka does')
    t.match(read, { isTransactional: true, isControl: true, baseSequence: -1, recordCount: 1 })
  }
})

await oracleTest('a byte changed is seen by Kafka and by us alike', async (t, oracle) => {
  const batch = buildOurs(SAMPLE_RECORDS)
  const readable: { kafka: number[]; ours: number[] } = { kafka: [], ours: [] }
  for (const [at, byte] of batch.entries()) {
    const damaged = Buffer.from(batch)
    damaged[at] = byte ^ 0x40
    await oracle.parseBatches(damaged).then(
      () => readable.kafka.push(at),
      () => {},
    )
    if (isReadable(damaged)) readable.ours.push(at)
  }
  // Base offset and leader epoch are the broker's to set, and so lie outside of the checksum.
  const unprotected = [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15]
  t.strictSame(readable, { kafka: unprotected, ours: unprotected })
})

/** Byte for byte, and read by both. */
async function compareUncompressed(
  oracle: Oracle,
  records: readonly OurRecord[],
  stamp: ProducerStamp = NO_PRODUCER,
): Promise<string | null> {
  const ours = buildOurs(records, stamp)
  const kafkas = await oracle.buildBatch({ ...kafkaStamp(stamp), records: plainRecords(records) })
  return differenceOfBytes(ours, kafkas) ?? compareReadings(oracle, ours, records)
}

/** What Kafka reads in a batch beside what we read, and beside what was put in. */
async function compareReadings(
  oracle: Oracle,
  batch: Buffer,
  records: readonly OurRecord[],
): Promise<string | null> {
  const [kafkas, ...others] = await oracle.parseBatches(batch)
  if (others.length > 0) return 'Kafka reads more than one batch'
  const { records: read } = kafkas as { records: unknown[] }
  const put = plainRecords(records).map((record, offset) => ({ ...record, offset }))
  return difference(put, read) ?? difference(readOurs(batch), kafkas)
}

/** A batch that Kafka builds: what we read in it beside what Kafka reads. */
async function compareKafkas(
  oracle: Oracle,
  plan: Omit<BatchPlan, 'records'>,
  records: readonly OurRecord[],
): Promise<string | null> {
  const batch = await oracle.buildBatch({ ...plan, records: plainRecords(records) })
  const [kafkas] = await oracle.parseBatches(batch)
  return difference(readOurs(batch), kafkas)
}

async function allEqual(
  t: Test,
  asked: readonly Promise<string | null>[],
  name: string,
): Promise<void> {
  const differences = (await Promise.all(asked)).filter((it) => it !== null)
  t.strictSame(differences.slice(0, 3), [], `${name}: ${asked.length} equal`)
}

/** The oracle's name for each field, none of them where there is no producer id. */
function kafkaStamp(stamp: ProducerStamp): Partial<BatchPlan> {
  return stamp.producerId === -1n ? {} : { ...stamp }
}

function isReadable(batch: Buffer): boolean {
  try {
    readOurs(batch)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
