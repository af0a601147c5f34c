import { inspect } from 'node:util'
import t from 'tap'
import type { RecordMetadata } from '../../../src/index.js'
import {
  BatchRecordMetadata,
  type BatchResult,
} from '../../../src/producer/batching/record-metadata.js'

function metadata(index: number, result: Partial<BatchResult> = {}): BatchRecordMetadata {
  const defaults = { topic: 'orders', partition: 3, baseOffset: 40n, logAppendTimeMs: -1, timestampRuns: [0, 500] }
  return new BatchRecordMetadata({ ...defaults, ...result }, index)
} // prettier-ignore

t.test('an offset is the batch’s and the record’s place in it, beyond 2^53 too', async (t) => {
  t.equal(metadata(0).offset, 40n)
  t.equal(metadata(7).offset, 47n)
  t.equal(metadata(3, { baseOffset: 2n ** 62n }).offset, 2n ** 62n + 3n)
})

t.test('where the broker tells no offset, every record’s is -1', async (t) => {
  t.equal(metadata(0, { baseOffset: -1n }).offset, -1n)
  t.equal(metadata(9, { baseOffset: -1n }).offset, -1n)
})

t.test('a timestamp is the record’s own', async (t) => {
  const timestampRuns = [0, 500, 2, 400, 3, 900, 10, 901]
  const expected = [500, 500, 400, 900, 900, 900, 900, 900, 900, 900, 901, 901]
  const found = expected.map((_, index) => metadata(index, { timestampRuns }).timestamp)
  t.strictSame(found, expected)
})

t.test('with log-append time it is the broker’s, midnight of 1970 included', async (t) => {
  t.equal(metadata(1, { logAppendTimeMs: 777 }).timestamp, 777)
  t.equal(metadata(1, { logAppendTimeMs: 0 }).timestamp, 0)
})

t.test('an object with its fields is one: what a mock of a producer resolves to', async (t) => {
  const mock: RecordMetadata = { topic: 'orders', partition: 0, offset: 7n, timestamp: 500 }
  const real: RecordMetadata = metadata(1)
  t.strictSame(real.toJSON?.(), { topic: 'orders', partition: 3, offset: '41', timestamp: 500 })
  t.equal(mock.toJSON, undefined)
})

t.test('it prints and serialises as four plain fields', async (t) => {
  const json = { topic: 'orders', partition: 3, offset: '41', timestamp: 500 }
  t.strictSame(JSON.parse(JSON.stringify(metadata(1))), json)
  t.match(inspect(metadata(1)), /topic: 'orders'.*partition: 3.*offset: 41n.*timestamp: 500/s)
})
