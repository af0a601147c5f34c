/**
 * The hot path's framing against the plain one and against Kafka's: whichever buffers
 * `frameProduceRequest` makes, their bytes are those of `produce.encodeRequest` and of Kafka's
 * ProduceRequestData behind its RequestHeaderData.
 */
import fc from 'fast-check'
import t from 'tap'
import { encodeRequestHeader } from '../../src/protocol/header.js'
import { produce } from '../../src/protocol/messages/produce.js'
import {
  frameProduceRequest,
  type FramedBatch,
  type FramedTopic,
  type ProduceFrameOptions,
} from '../../src/protocol/produce-framing.js'
import { Writer } from '../../src/protocol/writer.js'
import { int32, nullable, text, uuid } from '../protocol/arbitraries/primitives.js'
import { anyRecords, buildOurs } from './batches.js'
import { differenceOfBytes } from './compare-message.js'
import { sample, SEED } from './messages.js'
import { oracleTest, type Oracle } from './oracle.js'

const VERSIONS = Array.from({ length: 11 }, (_, i) => 3 + i)
const CASES = 100
const FILLER = 0xee

/** A batch's bytes, and how much room lies around them. */
interface Placed {
  readonly bytes: Buffer
  readonly headroomBytes: number
  readonly tailroomBytes: number
  readonly mayUseRoom: boolean
}

interface PlacedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly { readonly index: number; readonly batch: Placed }[]
}

// Bytes of any content: what the framing carries is not its business. Real batches come below.
const placed: fc.Arbitrary<Placed> = fc.record({
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((it) => Buffer.from(it)),
    anyRecords.map((records) => buildOurs(records)),
  ),
  headroomBytes: fc.oneof(fc.constant(128), fc.nat(150)),
  tailroomBytes: fc.oneof(fc.constant(4), fc.nat(5)),
  mayUseRoom: fc.boolean(),
})
const topic: fc.Arbitrary<PlacedTopic> = fc.record({
  name: text,
  topicId: uuid,
  partitions: fc.array(fc.record({ index: int32, batch: placed }), { minLength: 1, maxLength: 5 }),
})
const topics = fc.array(topic, { minLength: 1, maxLength: 6 })
const options = fc.record({
  correlationId: int32,
  clientId: nullable(text),
  transactionalId: nullable(text),
  acks: fc.constantFrom(-1, 0, 1),
  timeoutMs: int32,
})

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

for (const version of VERSIONS) {
  await oracleTest(
    `a Produce request v${version} is framed as Kafka frames it`,
    async (t, oracle) => {
      const random = sample(fc.tuple(options, topics), CASES, version)
      const asked = [...random, ...edges()].map(([options, topics]) =>
        compareFrame(oracle, { ...options, version }, topics),
      )
      const differences = (await Promise.all(asked)).filter((it) => it !== null)
      t.strictSame(differences.slice(0, 3), [], `${asked.length} requests equal`)
    },
  )
}

/** Counts and lengths at which a varint grows, and many topics. */
function edges(): [Omit<ProduceFrameOptions, 'version'>, PlacedTopic[]][] {
  const plain = { correlationId: 1, clientId: 'c', transactionalId: null, acks: -1, timeoutMs: 1 }
  const topicOf = (name: string, partitionCount: number, sizeBytes: number): PlacedTopic => {
    const rooms = { headroomBytes: 128, tailroomBytes: 4 }
    const partitions = Array.from({ length: partitionCount }, (_, index) => {
      return { index, batch: { bytes: Buffer.alloc(sizeBytes, index), ...rooms, mayUseRoom: true } }
    })
    return { name, topicId: 'AAECAwQFBgcICQoLDA0ODw', partitions }
  }
  const hundred = Array.from({ length: 127 }, (_, i) => topicOf(`topic-${i}`, 1, 61))
  return [
    [plain, [topicOf('t'.repeat(249), 128, 126)]],
    [plain, [topicOf('t', 1, 127)]],
    [plain, [topicOf('t', 2, 16_383)]],
    [plain, [topicOf('t', 1, 2_097_151)]],
    [plain, hundred],
    [{ ...plain, clientId: 'c'.repeat(300) }, [topicOf('t', 3, 61)]],
  ]
}

async function compareFrame(
  oracle: Oracle,
  options: ProduceFrameOptions,
  topics: readonly PlacedTopic[],
): Promise<string | null> {
  const framed = framedTopics(topics)
  const untouched = framed.flatMap(({ partitions }) =>
    partitions.flatMap(({ batch }) => (batch.mayUseRoom ? [] : [batch])),
  )
  const before = untouched.map(({ buffer }) => Buffer.from(buffer))
  const frame = Buffer.concat(frameProduceRequest(options, framed))
  if (untouched.some(({ buffer }, i) => !buffer.equals(before[i] ?? buffer))) {
    return 'a buffer was written to that may not be'
  }
  const plain = encodePlainly(options, topics)
  return differenceOfBytes(frame, plain) ?? compareWithKafka(oracle, options, topics, frame)
}

async function compareWithKafka(
  oracle: Oracle,
  options: ProduceFrameOptions,
  topics: readonly PlacedTopic[],
  frame: Buffer,
): Promise<string | null> {
  const { version, correlationId, clientId } = options
  const { request: headerVersion } = await oracle.headerVersions(produce.key, version)
  const header = { requestApiKey: produce.key, requestApiVersion: version, correlationId, clientId }
  const body = requestOf(options, topics)
  const parts = await Promise.all([
    oracle.encode({ name: 'RequestHeader', version: headerVersion }, header),
    oracle.encode({ name: 'ProduceRequest', version }, body),
  ])
  return differenceOfBytes(frame, withSize(Buffer.concat(parts)))
}

function encodePlainly(options: ProduceFrameOptions, topics: readonly PlacedTopic[]): Buffer {
  const { version, correlationId, clientId } = options
  const writer = new Writer()
  const header = { apiKey: produce.key, apiVersion: version, correlationId, clientId }
  encodeRequestHeader(writer, header, version >= produce.flexibleFrom)
  produce.encodeRequest(writer, requestOf(options, topics), version)
  return withSize(writer.toBuffer())
}

function requestOf(options: ProduceFrameOptions, topics: readonly PlacedTopic[]) {
  const { transactionalId, acks, timeoutMs } = options
  const topicData = topics.map(({ name, topicId, partitions }) => {
    const partitionData = partitions.map(({ index, batch }) => ({ index, records: batch.bytes }))
    return { name, topicId, partitionData }
  })
  return { transactionalId, acks, timeoutMs, topicData }
}

/** Each batch in a fresh buffer of its own, between its two rooms. */
function framedTopics(topics: readonly PlacedTopic[]): FramedTopic[] {
  return topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map(({ index, batch }) => ({ index, batch: framed(batch) })),
  }))
}

function framed({ bytes, headroomBytes, tailroomBytes, mayUseRoom }: Placed): FramedBatch {
  const end = headroomBytes + bytes.length
  const buffer = Buffer.alloc(end + tailroomBytes, FILLER)
  buffer.set(bytes, headroomBytes)
  return { buffer, start: headroomBytes, end, mayUseRoom }
}

function withSize(request: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(request.length)
  return Buffer.concat([size, request])
}
