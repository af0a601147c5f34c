/** What the test cluster forbids, and grants again, as a producer meets it. */
import t from 'tap'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { ask } from '../broker/ask.js'
import { makeBatch } from './support/batches.js'
import { rawProduce } from './support/raw-produce.js'

const NO_ID = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1 }

async function seen(cluster: TestCluster, topic: string): Promise<unknown[]> {
  const address = cluster.bootstrap[0] ?? ''
  const described = await ask(address, metadata, 12, {
    topics: [{ name: topic, topicId: ZERO_UUID }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  const produced = await rawProduce(address, { topic, records: makeBatch() })
  const code = described.topics[0]?.errorCode
  return [code, produced === 'closed' ? produced : produced[0]?.['error']]
}

const { NONE, TOPIC_AUTHORIZATION_FAILED: REFUSED } = ErrorCodes

t.test('topics, wholly or for one operation', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {}, other: {} } })
  t.teardown(() => cluster.close())
  const grant = cluster.forbid({ topic: 'orders' })
  t.strictSame(await seen(cluster, 'orders'), [REFUSED, 'TOPIC_AUTHORIZATION_FAILED'])
  t.strictSame(await seen(cluster, 'orders'), [REFUSED, 'TOPIC_AUTHORIZATION_FAILED'])
  t.strictSame(await seen(cluster, 'other'), [NONE, 'NONE'])
  t.equal(cluster.records('orders').length, 0)
  grant()
  t.strictSame(await seen(cluster, 'orders'), [NONE, 'NONE'])
  const grantWrite = cluster.forbid({ topic: 'orders', operation: 'Write' })
  t.strictSame(await seen(cluster, 'orders'), [NONE, 'TOPIC_AUTHORIZATION_FAILED'])
  grantWrite()
  cluster.forbid({ topic: 'orders', operation: 'Describe' })
  t.strictSame(await seen(cluster, 'orders'), [REFUSED, 'NONE'])
  cluster.clearFaults()
  t.strictSame(await seen(cluster, 'orders'), [NONE, 'NONE'])
})

t.test('a topic that is forbidden is not made', async (t) => {
  const cluster = await TestCluster.start()
  t.teardown(() => cluster.close())
  cluster.forbid({ topic: 'new' })
  await seen(cluster, 'new')
  t.strictSame(cluster.topics, [])
})

t.test('producer ids', async (t) => {
  const cluster = await TestCluster.start()
  t.teardown(() => cluster.close())
  const get = async (): Promise<number> =>
    (await ask(cluster.bootstrap[0] ?? '', initProducerId, 4, NO_ID)).errorCode
  const grant = cluster.forbid({ operation: 'IdempotentWrite' })
  t.equal(await get(), ErrorCodes.CLUSTER_AUTHORIZATION_FAILED)
  const open = { ...NO_ID, transactionalId: 'shop-0', transactionTimeoutMs: 60_000 }
  const transactional = await ask(cluster.bootstrap[0] ?? '', initProducerId, 4, open)
  t.equal(transactional.errorCode, NONE, 'nobody with a transactional id is asked for it')
  grant()
  t.equal(await get(), NONE)
})
