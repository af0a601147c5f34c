/** What a cluster can forget: a producer's state, one scripted fault, and everything at once. */
import t from 'tap'
import { Producer, TransactionalProducer } from '../../src/index.js'
import { decodeBatch } from '../../src/protocol/record-batch-reader.js'
import type { ProduceRequest } from '../../src/protocol/messages/produce.js'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import { simulate, values, type Simulation } from './support/simulation.js'

const send = (it: Simulation, value: string, timestamp?: number): Promise<unknown> =>
  it.run(
    it.producer.send({
      topic: 'orders',
      value,
      ...(timestamp === undefined ? {} : { timestamp }),
    }),
  )

/** Producer ids of the Produce requests. */
const ids = ({ cluster }: Simulation): bigint[] =>
  cluster.requests
    .filter(({ api }) => api === 'Produce')
    .flatMap(({ body }) => (body as ProduceRequest).topicData)
    .flatMap(({ partitionData }) => partitionData)
    .map(({ records }) => decodeBatch(Buffer.from(records ?? [])).producerId)

t.test('a wiped cluster has nothing, another name, and gives the same producer ids', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: {} } })
  const { cluster } = it
  const addresses = cluster.bootstrap
  const first = cluster.clusterId
  await send(it, 'a')
  await send(it, 'b')
  cluster.wipe()
  t.not(cluster.clusterId, first)
  t.strictSame(cluster.topics, [])
  t.strictSame(cluster.bootstrap, addresses)
  t.equal(cluster.connectionCount, 0)
  cluster.createTopic('orders')
  const environment = { clock: it.clock, random: () => 0.5, dial: it.network.dial }
  const young = new Producer({ brokers: addresses }, environment)
  await it.run(young.send({ topic: 'orders', value: 'c' }))
  t.strictSame(values(cluster, 'orders'), ['c'])
  t.equal(ids(it).at(-1), ids(it)[0], 'the id of the first producer of the first life')
  const second = cluster.clusterId
  cluster.wipe()
  t.equal(new Set([first, second, cluster.clusterId]).size, 3)
  await it.run(young.close())
})

t.test('clusters have different ids, and so have their topics', async (t) => {
  const topicIds = async (clusterId?: string): Promise<string> => {
    const it = await simulate({ topics: { orders: {} }, ...(clusterId ? { clusterId } : {}) })
    await send(it, 'a')
    const request = it.cluster.requests.find(({ api }) => api === 'Produce')
    return (request?.body as ProduceRequest).topicData[0]?.topicId ?? ''
  }
  t.not(await topicIds(), await topicIds())
  t.equal(await topicIds('one'), await topicIds('one'))
  const both = [await TestCluster.start(), await TestCluster.start()]
  t.not(both[0]?.clusterId, both[1]?.clusterId)
  for (const cluster of both) await cluster.close()
})

t.test('a partition forgets producers by the timestamps of their records', async (t) => {
  const it = await simulate({ topics: { orders: {} } }, {}, () => 5)
  const partition = it.cluster.partition('orders', 0)
  await send(it, 'new')
  /** Of several batches in flight the first is refused: the next is taken by who does not know them. */
  const firstIsRefused = async (): Promise<string[]> => {
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS })
    const sizes = ['x', 'y', 'z'].map((value) => value.repeat(600_000))
    const sent = sizes.map((value) => it.producer.send({ topic: 'orders', value }))
    const results = await it.run(Promise.allSettled(sent))
    return results.map(({ status }) => status)
  }
  partition.expireProducers()
  t.strictSame(await firstIsRefused(), ['fulfilled', 'fulfilled', 'fulfilled'])
  await send(it, 'old', 1000)
  partition.expireProducers()
  t.strictSame(await firstIsRefused(), ['rejected', 'fulfilled', 'fulfilled'])
})

t.test('a fault can be taken back', async (t) => {
  const it = await simulate({ topics: { orders: {} } })
  await send(it, 'a')
  const withdraw = it.cluster.failNext('Produce', {
    errorCode: ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
    times: Infinity,
  })
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD, topic: 'orders' })
  await t.rejects(send(it, 'b'), { message: /TOPIC_AUTHORIZATION_FAILED/ })
  withdraw()
  await t.rejects(send(it, 'c'), { message: /INVALID_RECORD/ })
  await send(it, 'd')
  withdraw()
  t.strictSame(values(it.cluster, 'orders'), ['a', 'd'])
})

t.test('a wipe while a coordinator writes its log: the next transactions end', async (t) => {
  const transactions = { logWriteDelayMs: 3_600_000 }
  const cluster = await TestCluster.start({ topics: { orders: {} }, transactions })
  t.teardown(() => cluster.close())
  const make = (transactionalId: string): TransactionalProducer =>
    new TransactionalProducer({ brokers: cluster.bootstrap, transactionalId, requestTimeoutMs: 2_000, deliveryTimeoutMs: 2_000 }) // prettier-ignore
  const write = (producer: TransactionalProducer): Promise<unknown> =>
    producer.transaction((txn) => txn.send({ topic: 'orders', value: 'x' }))
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  }
  cluster.transactions.logWriteDelayMs = 0
  const [one, two] = [make('a'), make('b')]
  await write(one)
  cluster.transactions.logWriteDelayMs = 3_600_000
  const isAsked = (): boolean => cluster.requests.filter(({ api }) => api === 'Produce').length > 1
  const first = write(one).catch(() => {})
  await until(isAsked) // and so has its leader asked the coordinator
  cluster.wipe()
  cluster.transactions.logWriteDelayMs = 0
  cluster.createTopic('orders')
  await write(two)
  t.equal(cluster.records('orders', { isolation: 'read_committed' }).length, 1)
  await Promise.all([one, two].map((it) => it.close({ timeoutMs: 0 }).catch(() => {})))
  await first
})
