import fc from 'fast-check'
import t from 'tap'
import { isFlexible } from '../../src/protocol/api.js'
import { encodeRequestHeader } from '../../src/protocol/header.js'
import { produce } from '../../src/protocol/messages/produce.js'
import {
  frameProduceRequest,
  type FramedBatch,
  type FramedTopic,
  type ProduceFrameOptions,
} from '../../src/protocol/produce-framing.js'
import { HEADROOM_BYTES, TAILROOM_BYTES } from '../../src/protocol/record-batch.js'
import { uuidFromBytes } from '../../src/protocol/uuid.js'
import { Writer } from '../../src/protocol/writer.js'

const VERSIONS = Array.from({ length: 11 }, (_, i) => i + 3)
const GUARD = 0xc3

interface Shape {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly { index: number; bytes: Uint8Array; mayUseRoom: boolean }[]
}

function options(version: number, clientId: string | null = 'tester'): ProduceFrameOptions {
  return {
    version,
    correlationId: 77,
    clientId,
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
  }
}

/** The same request by the message's own codec, which copies everything. */
function reference(frame: ProduceFrameOptions, topics: readonly Shape[]): Buffer {
  const { version, correlationId, clientId, transactionalId, acks, timeoutMs } = frame
  const writer = new Writer(256)
  writer.writeInt32(0)
  const header = { apiKey: produce.key, apiVersion: version, correlationId, clientId }
  encodeRequestHeader(writer, header, isFlexible(produce, version))
  const topicData = topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitionData: partitions.map(({ index, bytes }) => ({ index, records: Buffer.from(bytes) })),
  }))
  produce.encodeRequest(writer, { transactionalId, acks, timeoutMs, topicData }, version)
  const bytes = Buffer.from(writer.toBuffer())
  bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}

/** The bytes of a batch in a buffer with head- and tailroom. */
function roomy(
  bytes: Uint8Array,
  mayUseRoom: boolean,
  headroom = HEADROOM_BYTES,
  tailroom = TAILROOM_BYTES,
): FramedBatch {
  const buffer = Buffer.alloc(headroom + bytes.length + tailroom, GUARD)
  buffer.set(bytes, headroom)
  return { buffer, start: headroom, end: headroom + bytes.length, mayUseRoom }
}

function framed(topics: readonly Shape[]): FramedTopic[] {
  return topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ index, bytes, mayUseRoom }) => ({
      index,
      batch: roomy(bytes, mayUseRoom),
    })),
  }))
}

const ID = uuidFromBytes(Buffer.from('0123456789abcdef'))

function oneBatch(mayUseRoom: boolean, name = 'orders'): Shape[] {
  const bytes = Buffer.from('the bytes of a sealed batch')
  return [{ name, topicId: ID, partitions: [{ index: 3, bytes, mayUseRoom }] }]
}

const shape: fc.Arbitrary<Shape> = fc.record({
  name: fc.oneof(
    fc.stringMatching(/^[a-z]{1,20}$/),
    fc.integer({ min: 90, max: 249 }).map((length) => 'n'.repeat(length)),
  ),
  topicId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFromBytes),
  partitions: fc.array(
    fc.record({
      index: fc.nat({ max: 2 ** 31 - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      mayUseRoom: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  ),
})

for (const version of VERSIONS) {
  t.test(`a frame of version ${version} is what encodeRequest makes, byte for byte`, async () => {
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 1, maxLength: 5 }),
        fc.option(fc.string({ unit: 'binary', maxLength: 60 }), { nil: null }),
        fc.option(fc.string({ maxLength: 20 }), { nil: null }),
        fc.constantFrom(-1, 0, 1),
        (topics, clientId, transactionalId, acks) => {
          const frame = { ...options(version, clientId), transactionalId, acks }
          const expected = reference(frame, topics)
          return Buffer.concat(frameProduceRequest(frame, framed(topics))).equals(expected)
        },
      ),
      { numRuns: 60 },
    )
  })
}

t.test('a request of one batch is one buffer, without a copy of its records', async (t) => {
  for (const version of VERSIONS) {
    const [topic] = framed(oneBatch(true)) as [FramedTopic]
    const frame = frameProduceRequest(options(version), [topic])
    t.equal(frame.length, 1, `v${version}`)
    t.equal(frame[0]?.buffer, topic.partitions[0]?.batch.buffer.buffer)
    t.strictSame(frame[0], reference(options(version), oneBatch(true)))
  }
})

t.test('the room of a batch that was sent before is not touched', async (t) => {
  for (const version of VERSIONS) {
    const [topic] = framed(oneBatch(false)) as [FramedTopic]
    const batch = topic.partitions[0]?.batch as FramedBatch
    const before = Buffer.from(batch.buffer)
    const frame = frameProduceRequest(options(version), [topic])
    t.strictSame(batch.buffer, before, `v${version}`)
    t.strictSame(Buffer.concat(frame), reference(options(version), oneBatch(false)))
  }
})

t.test('a header that the headroom cannot hold is a buffer of its own', async (t) => {
  const shapes = oneBatch(true, 'n'.repeat(249))
  const [topic] = framed(shapes) as [FramedTopic]
  const batch = topic.partitions[0]?.batch as FramedBatch
  const before = Buffer.from(batch.buffer)
  const frame = frameProduceRequest(options(9), [topic])
  t.equal(frame.length, 2)
  t.strictSame(batch.buffer.subarray(0, batch.end), before.subarray(0, batch.end))
  t.strictSame(Buffer.concat(frame), reference(options(9), shapes))
})

t.test('the header fits into headroom of exactly its size, and not into one byte less', async (t) => {
  const bytes = Buffer.from('batch')
  const whole = reference(options(7), [{ name: 'x', topicId: ID, partitions: [{ index: 0, bytes, mayUseRoom: true }] }])
  const gapBytes = whole.length - bytes.length
  for (const [headroom, buffers] of [[gapBytes, 1], [gapBytes - 1, 2]] as const) {
    const partitions = [{ index: 0, batch: roomy(bytes, true, headroom) }]
    const frame = frameProduceRequest(options(7), [{ name: 'x', topicId: ID, partitions }])
    t.equal(frame.length, buffers)
    t.strictSame(Buffer.concat(frame), whole)
  }
}) // prettier-ignore

t.test('the last tags fit into tailroom of exactly their size, and not into less', async (t) => {
  const bytes = Buffer.from('batch')
  const whole = reference(options(9), [{ name: 'x', topicId: ID, partitions: [{ index: 0, bytes, mayUseRoom: true }] }])
  for (const [tailroom, buffers] of [[3, 1], [2, 2], [0, 2]] as const) {
    const partitions = [{ index: 0, batch: roomy(bytes, true, HEADROOM_BYTES, tailroom) }]
    const frame = frameProduceRequest(options(9), [{ name: 'x', topicId: ID, partitions }])
    t.equal(frame.length, buffers)
    t.strictSame(Buffer.concat(frame), whole)
  }
}) // prettier-ignore

t.test('no buffer of a frame is empty', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VERSIONS),
      fc.array(shape, { minLength: 1, maxLength: 3 }),
      (version, topics) =>
        frameProduceRequest(options(version), framed(topics)).every(({ length }) => length > 0),
    ),
  )
})

t.test('a request without a batch is our own mistake', async (t) => {
  t.throws(() => frameProduceRequest(options(9), []), { message: /needs a batch/ })
})
