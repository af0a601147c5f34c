import fc from 'fast-check'
import t from 'tap'
import { ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { CallbackRunner } from '../../../src/producer/batching/batch-waiters.js'
import type { RecordMetadata } from '../../../src/record-metadata.js'
import { splitBatch } from '../../../src/producer/batching/split-batch.js'
import {
  decodeBatch,
  decodeRecords,
  type Decompress,
  type DecodedRecord,
} from '../../../src/protocol/record-batch-reader.js'
import { bufferSizeFor } from '../../../src/protocol/record-batch.js'
import { appendable, queueOf } from '../support/pieces.js'
import { wrapCompressed } from '../../protocol/support/wrap-compressed.js'

const run: CallbackRunner = (callback, error, metadata) => callback(error, metadata)
const noCodec: Decompress = () => {
  throw new Error('nothing here is compressed')
}
const STAMP = { producerId: 7n, producerEpoch: 1, baseSequence: 2 ** 31 - 3 }

interface Input {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: (Uint8Array | null)[] | null
}

const bytes = fc.uint8Array({ maxLength: 80 })
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null, freq: 4 })
const input: fc.Arbitrary<Input> = fc.record({
  timestamp: fc.nat(),
  key: nullable(bytes),
  value: nullable(bytes),
  headers: nullable(
    fc.array(
      fc.tuple(fc.string({ unit: 'binary' }).map((name) => Buffer.from(name)), nullable(bytes)),
      { minLength: 1, maxLength: 3 },
    ).map((headers) => headers.flat()),
  ),
}) // prettier-ignore

function sealed(batch: ProducerBatch): DecodedRecord[] {
  batch.seal()
  const { buffer, start, end } = batch.wire
  return decodeRecords(decodeBatch(buffer.subarray(start, end)))
}

/** A sent batch of these records, and the offsets that each is told. */
function parentOf(inputs: readonly Input[]): { parent: ProducerBatch; told: unknown[] } {
  const parent = new ProducerBatch(queueOf(), 123, Buffer.alloc(bufferSizeFor(50_000)))
  const told: unknown[] = []
  inputs.forEach(({ timestamp, key, value, headers }, i) => {
    const callback = (_: unknown, metadata: RecordMetadata | null) => told.push([i, metadata?.offset])
    parent.append(appendable({ timestamp, key, value, headers, callback }))
  })
  parent.close()
  parent.number(STAMP)
  parent.seal()
  parent.attempted(1, 0)
  return { parent, told }
} // prettier-ignore

t.test('the children hold the parent’s records, in order, under its numbers', async () => {
  fc.assert(
    fc.property(
      fc.array(input, { minLength: 2, maxLength: 20 }),
      fc.integer({ min: 61, max: 3000 }),
      (inputs, maxBytes) => {
        const { parent, told } = parentOf(inputs)
        const records = sealed(parent)
        const children = splitBatch(parent, maxBytes, noCodec)
        parent.becomeSplit(children)
        let from = 0
        for (const child of children) {
          const { baseSequence, producerId, producerEpoch } = child.stamp
          if (baseSequence !== (STAMP.baseSequence + from) % 2 ** 31) return false
          if (producerId !== 7n || producerEpoch !== 1) return false
          if (child.recordCount > 1 && child.sizeBytes > maxBytes) return false
          if (child.state !== 'closed' || child.createdMs !== 123 || child.attempts !== 0) return false
          from += child.recordCount
        }
        const found = children.flatMap((child) => sealed(child).map(({ offset: _, ...rest }) => rest))
        const expected = records.map(({ offset: _, ...rest }) => rest)
        if (fc.stringify(found) !== fc.stringify(expected)) return false
        for (const child of children) child.acknowledge(0n, -1, run)
        return children.length >= 2 && told.length === inputs.length
      },
    ),
    { numRuns: 150 },
  ) // prettier-ignore
})

t.test('however much fits one child, there are two', async (t) => {
  const { parent } = parentOf([1, 2].map((timestamp) => ({ timestamp, key: null, value: null, headers: null })))
  t.strictSame(splitBatch(parent, 1_000_000, noCodec).map(({ recordCount }) => recordCount), [1, 1])
}) // prettier-ignore

t.test('without idempotence the children have no numbers either', async (t) => {
  const parent = new ProducerBatch(queueOf(), 0, Buffer.alloc(bufferSizeFor(1000)))
  for (let i = 0; i < 4; i++) parent.append(appendable({ timestamp: i, value: 'x' }))
  parent.close()
  parent.seal()
  for (const { stamp } of splitBatch(parent, 100, noCodec)) t.equal(stamp.producerId, -1n)
})

t.test('a compressed parent is read through its codec; the children are plain', async (t) => {
  const { parent } = parentOf(
    ['a', 'b', 'c'].map((text, timestamp) => ({ timestamp, key: null, value: Buffer.from(text), headers: null })),
  )
  const plain = Buffer.from(parent.records.recordBytes)
  parent.adoptCompressed(wrapCompressed(Buffer.from('squeezed')), 4)
  parent.renumber(STAMP)
  parent.seal()
  const children = splitBatch(parent, 1_000_000, (squeezed, codecId) => {
    t.equal(Buffer.from(squeezed).toString(), 'squeezed')
    t.equal(codecId, 4)
    return plain
  })
  t.ok(children.length >= 2)
  t.strictSame(children.flatMap(sealed).map(({ value }) => value?.toString()), ['a', 'b', 'c'])
  t.ok(children.every(({ codecId }) => codecId === 0))
}) // prettier-ignore
