import t from 'tap'
import { ApiVersionTable } from '../../../src/network/connection/api-version-table.js'
import {
  codecUnknown,
  isCodecKnown,
  ProduceRequest,
  produceVersion,
  type ProduceListener,
} from '../../../src/producer/sending/produce-request.js'
import type { ProducerBatch } from '../../../src/producer/batching/batch.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { batchOf, TOPIC_ID, topicOf } from '../support/pieces.js'
import { wrapCompressed } from '../../protocol/support/wrap-compressed.js'

const listener: ProduceListener = { onAnswer: () => {}, onLost: () => {} }

function requestOf(version: number): ProduceRequest {
  const facts = { nodeId: 1, sentAtMs: 0, version, isProbe: false, replicationTimeoutMs: 30_000 }
  return new ProduceRequest(facts, listener)
}

function table(maxVersion: number, minVersion = 0): ApiVersionTable {
  return new ApiVersionTable([{ apiKey: 0, minVersion, maxVersion }], {}, 'kafka:9092')
}

for (const version of [9, 13]) {
  t.test(`an answer of version ${version} finds each batch once`, async (t) => {
    const topic = topicOf([1, 1])
    const request = requestOf(version)
    const batches = topic.partitions.map((queue) => batchOf(queue))
    for (const batch of batches) request.add(batch)
    t.strictSame([...request.batches()], batches)
    const named = version < 13 ? { name: 'orders', topicId: ZERO_UUID } : { name: '', topicId: TOPIC_ID }
    t.equal(request.takeBatch(named, 1), batches[1])
    t.equal(request.takeBatch(named, 1), undefined)
    t.equal(request.takeBatch({ name: 'other', topicId: 'other' }, 0), undefined)
    t.equal(request.hasBatches, true)
    t.equal(request.takeBatch(named, 0), batches[0])
    t.equal(request.hasBatches, false)
  })
} // prettier-ignore

t.test(
  'a topic made anew while the request is on its way is still found (KAFKA-19397)',
  async (t) => {
    const topic = topicOf([1])
    const request = requestOf(13)
    const [queue] = topic.partitions
    if (queue === undefined) throw new Error('a topic has a partition')
    const batch = batchOf(queue)
    request.add(batch)
    topic.topicId = 'another id'
    t.equal(request.takeBatch({ name: '', topicId: TOPIC_ID }, 0), batch)
  },
)

t.test('topic ids are spoken only where every topic has one', async (t) => {
  const old = topicOf([1], { name: 'old' })
  old.topicId = ZERO_UUID
  const [known, unknown] = [topicOf([1]), old].map(({ partitions: [queue] }) => {
    if (queue === undefined) throw new Error('a topic has a partition')
    return batchOf(queue)
  }) as [ProducerBatch, ProducerBatch]
  t.equal(produceVersion(table(13), [known]), 13)
  t.equal(produceVersion(table(13), [known, unknown]), 12)
  t.equal(produceVersion(table(8), [unknown]), 8)
  t.throws(() => produceVersion(table(2), [known]), { name: 'BrokerError' })
  t.throws(() => produceVersion(table(13, 13), [unknown]), { name: 'BrokerError' })
})

t.test('zstd is not sent to a broker that does not know it', async (t) => {
  const [queue] = topicOf([1]).partitions
  if (queue === undefined) throw new Error('a topic has a partition')
  const [plain, zstd] = [batchOf(queue), batchOf(queue)]
  zstd.adoptCompressed(wrapCompressed(Buffer.from('x')), 4)
  t.equal(isCodecKnown(7, zstd), true)
  t.equal(isCodecKnown(6, zstd), false)
  t.equal(isCodecKnown(3, plain), true)
  t.match(codecUnknown(6), { name: 'BrokerError', errorName: 'UNSUPPORTED_COMPRESSION_TYPE' })
})
