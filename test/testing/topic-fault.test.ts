/** Topics that Kafka does not make, and those that are its own: on every way to one. */
import t from 'tap'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { ask } from '../broker/ask.js'
import { makeBatch } from './support/batches.js'
import { rawProduce } from './support/raw-produce.js'

const WRONG: readonly (readonly [
  name: string,
  options: { readonly partitions?: number; readonly replicationFactor?: number },
  errorCode: number,
  says: RegExp,
])[] = [
  ['no / topic', {}, ErrorCodes.INVALID_TOPIC_EXCEPTION, /invalid/],
  ['shop_orders', {}, ErrorCodes.TOPIC_ALREADY_EXISTS, /already exists/],
  ['shop.orders', {}, ErrorCodes.INVALID_TOPIC_EXCEPTION, /collides .* shop_orders/],
  ['a', { partitions: 0 }, ErrorCodes.INVALID_PARTITIONS, /larger than 0/],
  ['a', { replicationFactor: 3 }, ErrorCodes.INVALID_REPLICATION_FACTOR, /only 2 broker/],
]

t.test('what Kafka refuses is refused, by request and by hand', async (t) => {
  const cluster = await TestCluster.start({ brokers: 2, topics: { shop_orders: {} } })
  t.teardown(() => cluster.close())
  for (const [name, options, errorCode, message] of WRONG) {
    t.throws(() => cluster.createTopic(name, options), { name: 'RangeError', message })
    const plan = { numPartitions: options.partitions ?? -1, replicationFactor: options.replicationFactor ?? -1 } // prettier-ignore
    const topic = { name, ...plan, assignments: [], configs: [] }
    const request = { topics: [topic], timeoutMs: 5000, validateOnly: false }
    const answer = await ask(cluster.bootstrap[0] ?? '', createTopics, 7, request)
    t.match(answer.topics[0], { errorCode, errorMessage: message })
  }
  await t.rejects(TestCluster.start({ topics: { 'a.b': {}, a_b: {} } }), { name: 'RangeError', message: /collides/ }) // prettier-ignore
  t.strictSame(cluster.topics, ['shop_orders'])
})

async function described(cluster: TestCluster, name: string) {
  const { topics } = await ask(cluster.bootstrap[0] ?? '', metadata, 12, {
    topics: [{ name, topicId: ZERO_UUID }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return topics[0]
}

t.test('metadata makes none either', async (t) => {
  const cluster = await TestCluster.start({ topics: { shop_orders: {} } })
  t.teardown(() => cluster.close())
  for (let i = 0; i < 2; i++) {
    const topic = await described(cluster, 'shop.orders')
    t.equal(topic?.errorCode, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
  }
})

t.test('fewer brokers than the replicas of before: by default as many as there are', async (t) => {
  const cluster = await TestCluster.start({ brokers: 3 })
  t.teardown(() => cluster.close())
  await cluster.broker(3).remove()
  cluster.createTopic('orders')
  t.equal(cluster.partition('orders', 0).inSyncReplicas.length, 2)
})

t.test("topics of the brokers' own take no records from clients", async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  for (const topic of ['__consumer_offsets', '__transaction_state']) {
    await described(cluster, topic)
    t.match(await described(cluster, topic), { errorCode: 0, isInternal: true })
    const seen = await rawProduce(cluster.bootstrap[0] ?? '', { topic, records: makeBatch() })
    t.match(seen, [{ error: 'INVALID_TOPIC_EXCEPTION' }])
    t.equal(cluster.records(topic).length, 0)
  }
  t.match(await described(cluster, 'orders'), { isInternal: false })
})
