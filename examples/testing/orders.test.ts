/**
 * Unit tests of orders.ts with Node's own runner: each has a Kafka cluster of its own within the
 * process, and the accidents that one would otherwise wait for.
 *
 *   node --test build/examples/testing/orders.test.js
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
// Elsewhere these are 'ottla' and 'ottla/testing'.
import { Producer } from '../../src/index.js'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import { postOrder } from './orders.js'

const ORDER = { id: 7, customer: 'kafka' }

const startCluster = (): Promise<TestCluster> =>
  TestCluster.start({ brokers: 3, topics: { orders: { partitions: 2 } } })

test('an order is stored under its customer', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap })
  assert.equal(await postOrder(producer, ORDER), 'done')
  const [record, ...others] = cluster.records('orders')
  assert.equal(record?.key?.toString(), 'kafka')
  assert.equal(record.value?.toString(), '{"id":7,"customer":"kafka"}')
  assert.deepEqual(record.headers, [{ name: 'source', value: Buffer.from('shop') }])
  assert.equal(others.length, 0)
})

test('orders of one customer stay in order, whoever leads', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap })
  await postOrder(producer, { ...ORDER, id: 1 })
  const { partition = 0 } = cluster.records('orders')[0] ?? {}
  await cluster.broker(cluster.partition('orders', partition).leader).stop()
  await postOrder(producer, { ...ORDER, id: 2 })
  const orders = cluster.records('orders', partition).map(({ value }) => String(value))
  assert.deepEqual(orders, ['{"id":1,"customer":"kafka"}', '{"id":2,"customer":"kafka"}'])
})

test('an order is stored once, although the answer was lost', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap })
  cluster.failNext('Produce', { disconnect: 'after' })
  assert.equal(await postOrder(producer, ORDER), 'done')
  assert.equal(cluster.records('orders').length, 1)
  assert.equal(cluster.requests.filter(({ api }) => api === 'Produce').length, 2, 'sent twice')
})

test('an order that the cluster refuses has to be corrected', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap })
  const errorCode = ErrorCodes.TOPIC_AUTHORIZATION_FAILED
  cluster.failNext('Produce', { errorCode, topic: 'orders' })
  assert.equal(await postOrder(producer, ORDER), 'correct it')
  assert.equal(cluster.records('orders').length, 0)
})

test('an order waits in vain for too few replicas, and may go again later', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap, deliveryTimeoutMs: 500 })
  cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS, times: Infinity })
  assert.equal(await postOrder(producer, ORDER), 'try again later')
})

test('an order that nobody answers for has to be checked', async () => {
  await using cluster = await startCluster()
  await using producer = new Producer({ brokers: cluster.bootstrap, deliveryTimeoutMs: 500 })
  cluster.failNext('Produce', { silent: true, times: Infinity })
  assert.equal(await postOrder(producer, ORDER), 'check')
  assert.equal(cluster.records('orders').length, 1, 'and it is there indeed')
})
