import fc from 'fast-check'
import t from 'tap'
import { tableCrc32c } from '../../src/protocol/crc32c.js'
import {
  bufferSizeFor,
  HEADROOM_BYTES,
  NO_PRODUCER,
  quickSizeUpperBound,
  RECORD_BATCH_HEADER_BYTES,
  RecordBatchBuilder,
  recordSizeUpperBound,
  sealBatch,
  TAILROOM_BYTES,
  type BatchRecord,
  type ProducerStamp,
} from '../../src/protocol/record-batch.js'
import { decodeBatch, decodeRecords } from '../../src/protocol/record-batch-reader.js'
import { batchRecord, wireHeaders, type NamedHeader } from './support/batch-record.js'
import { hex } from './support/codec.js'
import { wrapCompressed } from './support/wrap-compressed.js'

interface Input {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: string | Uint8Array | null
  readonly headers: readonly NamedHeader[] | null
}

const STAMP = { producerId: 2n ** 60n + 1n, producerEpoch: 7, baseSequence: 2 ** 31 - 2 }
const GUARD = 0xc3

function builder(batchBytes: number): RecordBatchBuilder {
  return new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(batchBytes), GUARD))
}

function recordOf({ headers = null, ...input }: Partial<Input>): BatchRecord {
  return batchRecord({ ...input, headers: wireHeaders(headers) })
}

function append(batch: RecordBatchBuilder, input: Partial<Input>): boolean {
  return batch.append(recordOf(input))
}

/** Appends, growing by `growthBytes` as often as it takes. */
function appendGrowing(batch: RecordBatchBuilder, input: Input, growthBytes: number): void {
  for (let tries = 0; !append(batch, input); tries++) {
    if (tries > 10_000) throw new Error('growing does not help')
    batch.growInto(Buffer.alloc(batch.buffer.length + growthBytes, GUARD))
  }
}

function records(batch: RecordBatchBuilder): ReturnType<typeof decodeRecords> {
  batch.seal(NO_PRODUCER)
  return decodeRecords(decodeBatch(batch.buffer.subarray(batch.start, batch.end)))
}

function bytesOf(value: string | Uint8Array | null): Buffer | null {
  if (value === null) return null
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value)
}

const text = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }), // code points of one to four bytes
  fc.array(fc.integer({ min: 0xd700, max: 0xe100 }), { maxLength: 40 }) // and lone surrogates
    .map((units) => String.fromCharCode(...units)),
) // prettier-ignore
const bytesOfText = text.map((name) => Buffer.from(name))
const bytes = fc.uint8Array({ maxLength: 90 })
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null, freq: 4 })
const input: fc.Arbitrary<Input> = fc.record({
  timestamp: fc.oneof(fc.nat({ max: 100 }), fc.maxSafeInteger().map(Math.abs)),
  key: nullable(bytes),
  value: nullable(fc.oneof(text, bytes)),
  headers: nullable(
    fc.array(
      fc.record({ name: fc.oneof(text, bytesOfText), value: nullable(fc.oneof(text, bytes)) }),
      { maxLength: 4 },
    ),
  ),
}) // prettier-ignore

t.test('a batch of one record is the bytes that Kafka’s format says', async (t) => {
  const batch = builder(200)
  const headers = [{ name: Buffer.from('h'), value: null }]
  append(batch, { timestamp: 0x0102030405, key: Buffer.from('k'), value: 'v', headers })
  batch.seal({ producerId: 9n, producerEpoch: 2, baseSequence: 3 })
  const expected = hex(`
    0000000000000000 0000003d ffffffff 02 00000000 0000 00000000
    0000000102030405 0000000102030405 0000000000000009 0002 00000003 00000001
    16 00 00 00 02 6b 02 76 02 02 68 01`)
  expected.writeUInt32BE(tableCrc32c(expected.subarray(21)), 17)
  t.strictSame(batch.buffer.subarray(batch.start, batch.end), expected)
})

t.test('the sealed header says what the batch is', async (t) => {
  const batch = builder(500)
  for (const timestamp of [5000, 4000, 9000, 8000]) append(batch, { timestamp, value: 'x' })
  batch.seal(STAMP)
  const decoded = decodeBatch(batch.buffer.subarray(batch.start, batch.end))
  t.equal(decoded.baseOffset, 0n)
  t.equal(decoded.partitionLeaderEpoch, -1)
  t.equal(decoded.codecId, 0)
  t.equal(decoded.hasLogAppendTime || decoded.isTransactional || decoded.isControl, false)
  t.equal(decoded.lastOffsetDelta, 3)
  t.equal(decoded.baseTimestamp, 5000)
  t.equal(decoded.maxTimestamp, 9000)
  t.equal(decoded.producerId, STAMP.producerId)
  t.equal(decoded.producerEpoch, 7)
  t.equal(decoded.baseSequence, 2 ** 31 - 2)
  t.equal(decoded.recordCount, 4)
  t.equal(decoded.sizeBytes, batch.sizeBytes)
  t.strictSame(
    decodeRecords(decoded).map(({ timestamp }) => timestamp),
    [5000, 4000, 9000, 8000],
  )
})

t.test('a batch of a transaction says so beside its codec, and else nothing', async (t) => {
  const attributes = (stamp: ProducerStamp, codecId: number): number => {
    const wrapped = wrapCompressed(Buffer.of(1, 2, 3))
    const header = { codecId, baseTimestamp: 1, maxTimestamp: 1, recordCount: 1, stamp }
    sealBatch(wrapped, header)
    const decoded = decodeBatch(wrapped.buffer.subarray(wrapped.start, wrapped.end))
    t.match(decoded, { codecId, isTransactional: stamp.isTransactional === true, isControl: false })
    return wrapped.buffer.readInt16BE(wrapped.start + 21)
  }
  for (const codecId of [0, 1, 4]) {
    t.equal(attributes({ ...STAMP, isTransactional: true }, codecId), 0x10 | codecId)
    t.equal(attributes({ ...STAMP, isTransactional: false }, codecId), codecId)
    t.equal(attributes(STAMP, codecId), codecId)
  }
  const batch = builder(100)
  append(batch, { value: 'x' })
  const sealed = (stamp: ProducerStamp) => {
    batch.seal(stamp)
    return Buffer.from(batch.buffer.subarray(batch.start, batch.end))
  }
  const plain = sealed(STAMP)
  t.notSame(sealed({ ...STAMP, isTransactional: true }), plain)
  t.strictSame(sealed(STAMP), plain, 'sealed again without it')
})

t.test('without a producer id the stamp is all -1', async (t) => {
  const batch = builder(100)
  append(batch, {})
  batch.seal(NO_PRODUCER)
  const decoded = decodeBatch(batch.buffer.subarray(batch.start, batch.end))
  t.equal(decoded.producerId, -1n)
  t.equal(decoded.producerEpoch, -1)
  t.equal(decoded.baseSequence, -1)
})

t.test('a batch sealed again under other numbers differs in these and the checksum', async (t) => {
  const batch = builder(100)
  append(batch, { value: 'x' })
  batch.seal(NO_PRODUCER)
  const before = Buffer.from(batch.buffer.subarray(batch.start, batch.end))
  batch.seal(STAMP)
  const after = batch.buffer.subarray(batch.start, batch.end)
  t.equal(decodeBatch(after).baseSequence, STAMP.baseSequence)
  for (const [from, to] of [[0, 17], [21, 43], [57, after.length]] as const) {
    t.strictSame(after.subarray(from, to), before.subarray(from, to))
  } // prettier-ignore
})

t.test('whatever is appended is read back, through growth of every size', async () => {
  fc.assert(
    fc.property(
      fc.array(input, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: RECORD_BATCH_HEADER_BYTES, max: 200 }),
      fc.integer({ min: 1, max: 300 }),
      (inputs, firstBytes, growthBytes) => {
        const batch = builder(firstBytes)
        for (const each of inputs) appendGrowing(batch, each, growthBytes)
        const found = records(batch)
        return (
          found.length === inputs.length &&
          inputs.every((each, i) => isSame(each, found[i], BigInt(i)))
        )
      },
    ),
    { numRuns: 300 },
  )
})

function isSame(
  expected: Input,
  found: ReturnType<typeof decodeRecords>[number] | undefined,
  offset: bigint,
): boolean {
  if (found === undefined || found.offset !== offset) return false
  if (found.timestamp !== expected.timestamp) return false
  if (!isSameBytes(found.key, bytesOf(expected.key))) return false
  if (!isSameBytes(found.value, bytesOf(expected.value))) return false
  const headers = expected.headers ?? []
  if (found.headers.length !== headers.length) return false
  return headers.every(({ name, value }, i) => {
    const other = found.headers[i]
    if (other === undefined || other.name !== bytesOf(name)?.toString()) return false
    return isSameBytes(other.value, bytesOf(value))
  })
}

function isSameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

t.test('an append that does not fit changes nothing that counts', async () => {
  fc.assert(
    fc.property(
      fc.array(input, { maxLength: 5 }),
      input,
      fc.integer({ min: 1, max: 60 }),
      (before, last, missingBytes) => {
        const grown = builder(20_000)
        for (const each of before) append(grown, each)
        const usedBytes = grown.sizeBytes
        append(grown, last)
        const neededBytes = grown.sizeBytes
        const tight = builder(Math.max(usedBytes, neededBytes - missingBytes))
        for (const each of before) if (!append(tight, each)) return false
        const state = [tight.end, tight.recordCount, tight.baseTimestamp, tight.maxTimestamp]
        const written = Buffer.from(tight.buffer.subarray(0, tight.end))
        if (append(tight, last)) return false
        const after = [tight.end, tight.recordCount, tight.baseTimestamp, tight.maxTimestamp]
        if (String(state) !== String(after)) return false
        return tight.buffer.subarray(0, tight.end).equals(written)
      },
    ),
    { numRuns: 300 },
  )
})

t.test('a record that fits to the byte is taken, of any kind of text', async (t) => {
  const texts = ['', 'x', 'short', 'x'.repeat(24), 'x'.repeat(25), 'x'.repeat(300), 'é', 'ŧ'.repeat(24), '\ud800', 'xx\udc00', '😀', '😀'.repeat(20), 'a'.repeat(60) + '€'] // prettier-ignore
  for (const value of texts) {
    for (const first of ['ascii', 'ünïcöde']) {
      const roomy = builder(5000)
      append(roomy, { value: first })
      append(roomy, { value })
      const tight = builder(roomy.sizeBytes)
      append(tight, { value: first })
      t.equal(append(tight, { value }), true, JSON.stringify(value))
      t.equal(tight.end, tight.buffer.length - TAILROOM_BYTES)
      t.strictSame(records(tight)[1]?.value, Buffer.from(value))
    }
  }
})

t.test('text is never written behind the buffer’s tailroom, nor cut', async (t) => {
  for (let units = 1; units < 60; units++) {
    for (const character of ['x', 'é', '€', '😀', '\ud83d']) {
      const value = character.repeat(units)
      const batch = builder(RECORD_BATCH_HEADER_BYTES + units + 20)
      if (append(batch, { value })) {
        t.strictSame(records(batch)[0]?.value, Buffer.from(value), `${units} of ${character}`)
        t.ok(batch.end <= batch.buffer.length - TAILROOM_BYTES)
      } else {
        t.equal(batch.recordCount, 0)
        t.ok(Buffer.byteLength(value) > units, `${units} of ${character} should have fitted`)
      }
    }
  }
})

t.test('of a longer key buffer only the first bytes count', async (t) => {
  const batch = builder(300)
  batch.append(batchRecord({ key: Buffer.from('key and rubbish'), keyLength: 3 }))
  batch.append(batchRecord({ key: Buffer.from('rubbish'), keyLength: 0 }))
  t.strictSame(
    records(batch).map(({ key }) => key?.toString()),
    ['key', ''],
  )
})

t.test('null and empty are told apart in key, value and header', async (t) => {
  const batch = builder(300)
  const empty = Buffer.alloc(0)
  append(batch, { key: null, value: null, headers: [{ name: empty, value: null }] })
  append(batch, { key: empty, value: '', headers: [{ name: empty, value: empty }] })
  const [nulls, empties] = records(batch)
  t.strictSame(
    [nulls?.key, nulls?.value, nulls?.headers],
    [null, null, [{ name: '', value: null }]],
  )
  t.strictSame([empties?.key, empties?.value], [empty, empty])
  t.strictSame(empties?.headers, [{ name: '', value: empty }])
})

t.test('room is kept in front of the batch and behind it', async (t) => {
  const batch = builder(120)
  while (append(batch, { value: 'some text' }));
  batch.seal(NO_PRODUCER)
  t.equal(batch.start, HEADROOM_BYTES)
  t.ok(batch.buffer.length - batch.end >= TAILROOM_BYTES)
  t.ok(batch.buffer.subarray(0, batch.start).every((byte) => byte === GUARD))
  t.ok(batch.buffer.subarray(batch.buffer.length - TAILROOM_BYTES).every((byte) => byte === GUARD))
})

t.test(
  'a limit fills the batch before its buffer is full, and only after one record',
  async (t) => {
    const batch = builder(1000)
    batch.limitBytes = 100
    t.equal(append(batch, { value: 'x'.repeat(500) }), true, 'a record above the limit goes alone')
    t.equal(append(batch, { value: null }), false)
    const other = builder(1000)
    other.limitBytes = 100
    while (append(other, { value: 'ten bytes!' }));
    t.ok(other.sizeBytes <= 100)
    t.ok(other.sizeBytes > 100 - 20)
  },
)

t.test('the limit outlives growth', async (t) => {
  const batch = builder(70)
  batch.limitBytes = 100
  batch.growInto(Buffer.alloc(bufferSizeFor(1000)))
  while (append(batch, { value: 'ten bytes!' }));
  t.ok(batch.sizeBytes <= 100)
})

t.test('the upper bound of a record’s size is one', async () => {
  fc.assert(
    fc.property(fc.array(input, { minLength: 1, maxLength: 8 }), (inputs) => {
      const batch = builder(50_000)
      return inputs.every((each) => {
        const before = batch.sizeBytes
        append(batch, each)
        const boundBytes = recordSizeUpperBound(recordOf(each))
        if (quickSizeUpperBound(recordOf(each)) < boundBytes) return false
        return batch.sizeBytes - before <= boundBytes
      })
    }),
  )
})

/** Lengths on both sides of every step of their varints. */
const STEPS_BYTES = [0, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576]

t.test('it is one for every length and any timestamp, so that room for it is room', async (t) => {
  const firsts = [0, 2 ** 52]
  for (const [first, timestamp] of [firsts, firsts.toReversed()] as [number, number][]) {
    for (const key of STEPS_BYTES) {
      for (const value of STEPS_BYTES) {
        const record = { timestamp, key: Buffer.alloc(key), value: Buffer.alloc(value) }
        const boundBytes = recordSizeUpperBound(batchRecord(record))
        const batch = builder(200 + boundBytes)
        append(batch, { timestamp: first, value: null })
        batch.limitBytes = batch.sizeBytes + boundBytes
        t.ok(append(batch, record), `${key} and ${value} bytes, ${first} to ${timestamp}`)
      }
    }
  }
})

t.test(
  'compressed bytes stand where records do, under a header that names the codec',
  async (t) => {
    const wrapped = wrapCompressed(Buffer.from('squeezed'))
    t.equal(wrapped.start, HEADROOM_BYTES)
    t.equal(wrapped.buffer.length - wrapped.end, TAILROOM_BYTES)
    sealBatch(wrapped, {
      codecId: 4,
      baseTimestamp: 5,
      maxTimestamp: 6,
      recordCount: 3,
      stamp: STAMP,
    })
    const decoded = decodeBatch(wrapped.buffer.subarray(wrapped.start, wrapped.end))
    t.equal(decoded.codecId, 4)
    t.equal(decoded.recordCount, 3)
    t.equal(decoded.lastOffsetDelta, 2)
    t.strictSame([decoded.baseTimestamp, decoded.maxTimestamp], [5, 6])
    t.strictSame(decoded.recordBytes, Buffer.from('squeezed'))
  },
)

t.test('the bytes for a codec are the records without the header', async (t) => {
  const batch = builder(300)
  append(batch, { value: 'x' })
  t.strictSame(batch.recordBytes, hex('0e 00 00 00 01 02 78 00'))
})
