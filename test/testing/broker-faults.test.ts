/**
 * What a test can do to brokers, leaders and metadata, and that our producer comes through: each
 * record stored once, at the offset told.
 */
import t from 'tap'
import { Producer } from '../../src/index.js'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import type { MetadataRequest } from '../../src/protocol/messages/metadata.js'
import { simulate, values, type Simulation } from './support/simulation.js'

const send = (it: Simulation, value: string, partition = 0): Promise<bigint> =>
  it.run(it.producer.send({ topic: 'orders', partition, value }).then(({ offset }) => offset))

/** Without moving time on. */
const submit = (it: Simulation, value: string): Promise<bigint> =>
  it.producer.send({ topic: 'orders', partition: 0, value }).then(({ offset }) => offset)

const THREE = { brokers: 3, topics: { orders: {} } }

const MOVES: Record<string, (cluster: TestCluster) => void | Promise<void>> = {
  'a leader that moves, and says so': (cluster) => cluster.partition('orders', 0).moveLeader(2),
  'a leader that moves without a hint': (cluster) =>
    cluster.partition('orders', 0).moveLeader(3, { hint: false }),
  'a leader that comes back': (cluster) => {
    cluster.partition('orders', 0).moveLeader(2)
    cluster.partition('orders', 0).moveLeader(1)
  },
  'a broker at another port': (cluster) => cluster.broker(1).startElsewhere(),
  'another broker at the port': async (cluster) => {
    const successor = await cluster.broker(1).replaceWith(7)
    t.equal(successor.id, 7)
    t.equal(cluster.partition('orders', 0).leader, 7)
  },
  'a frozen leader that others replace': (cluster) => cluster.broker(1).freeze({ failover: true }),
  'a connection that is cut': (cluster) => cluster.broker(1).disconnect(),
  'older brokers': (cluster) => {
    for (const broker of cluster.brokers) {
      broker.limitVersions({ Produce: 3, Metadata: 1, InitProducerId: 0, ApiVersions: 0 })
      broker.disconnect()
    }
  },
  REBOOTSTRAP_REQUIRED: (cluster) => {
    cluster.failNext('Metadata', { errorCode: ErrorCodes.REBOOTSTRAP_REQUIRED })
    cluster.partition('orders', 0).moveLeader(2, { hint: false })
  },
  'partitions added': (cluster) => cluster.addPartitions('orders', 2),
  'a topic made anew': (cluster) => {
    cluster.deleteTopic('orders')
    cluster.createTopic('orders', { partitions: 2 })
  },
}

for (const [name, move] of Object.entries(MOVES)) {
  t.test(`a producer goes on after ${name}`, async (t) => {
    const it = await simulate(THREE)
    t.equal(await send(it, 'a'), 0n)
    await move(it.cluster)
    const offset = await send(it, 'b')
    const isNew = name.includes('anew')
    t.equal(offset, isNew ? 0n : 1n)
    t.strictSame(values(it.cluster, 'orders'), isNew ? ['b'] : ['a', 'b'])
    t.ok(it.clock.monotonicMs() < 20_000, `${it.clock.monotonicMs()} virtual ms`)
    await it.run(it.producer.close())
  })
}

t.test('a cluster that has moved as a whole is found again by its name', async (t) => {
  const it = await simulate(THREE, { brokers: 'kafka.test:9092' })
  it.network.alias('kafka.test:9092', it.cluster.broker(1).address)
  await send(it, 'a')
  for (const broker of it.cluster.brokers) await broker.stop({ failover: false })
  for (const broker of it.cluster.brokers) await broker.startElsewhere()
  it.network.alias('kafka.test:9092', it.cluster.broker(3).address)
  t.equal(await send(it, 'b'), 1n)
})

t.test('a partition without a leader takes nothing until it has one', async (t) => {
  const it = await simulate(THREE)
  await send(it, 'a')
  const partition = it.cluster.partition('orders', 0)
  partition.removeLeader()
  t.equal(partition.leader, -1)
  const sent = submit(it, 'b')
  await it.clock.advanceSettled(3000)
  t.equal(partition.endOffset, 1n)
  partition.moveLeader(3)
  t.equal(partition.leaderEpoch, 2)
  t.equal(await it.run(sent), 1n)
})

t.test('a broker that stops unnoticed is named as leader until it is moved', async (t) => {
  const it = await simulate(THREE)
  await send(it, 'a')
  await it.cluster.broker(1).stop({ failover: false })
  const partition = it.cluster.partition('orders', 0)
  t.equal(partition.leader, 1)
  const sent = submit(it, 'b')
  await it.clock.advanceSettled(2000)
  t.equal(partition.endOffset, 1n)
  await it.cluster.broker(1).start()
  t.equal(await it.run(sent), 1n)
})

t.test('the last in-sync replica keeps its place while it is down', async (t) => {
  const { cluster } = await simulate(THREE)
  const partition = cluster.partition('orders', 0)
  for (const id of [1, 2, 3]) await cluster.broker(id).stop()
  t.equal(partition.leader, -1)
  t.strictSame(partition.inSyncReplicas, [3])
  await cluster.broker(1).start()
  t.equal(partition.leader, -1, 'it was not in sync')
  await cluster.broker(3).start()
  t.equal(partition.leader, 3)
})

t.test('a frozen broker answers when it is let go', async (t) => {
  const it = await simulate({ topics: { orders: {} } })
  await send(it, 'a')
  it.cluster.broker(1).freeze()
  const sent = submit(it, 'b')
  await it.clock.advanceSettled(5000)
  t.equal(it.cluster.partition('orders', 0).endOffset, 1n, 'it has not even read it')
  it.cluster.broker(1).unfreeze()
  t.equal(await it.run(sent), 1n)
  t.ok(it.clock.monotonicMs() < 6000)
})

t.test('held metadata is old until it is released', async (t) => {
  const it = await simulate(THREE)
  await send(it, 'a')
  const release = it.cluster.holdMetadata()
  it.cluster.partition('orders', 0).moveLeader(2, { hint: false })
  const sent = submit(it, 'b')
  await it.clock.advanceSettled(3000)
  t.equal(it.cluster.partition('orders', 0).endOffset, 1n)
  release()
  t.equal(await it.run(sent), 1n)
})

t.test('a topic that metadata leaves out for a while is waited for', async (t) => {
  const it = await simulate(THREE)
  it.cluster.failNext('Metadata', { omitted: true, topic: 'orders', times: 3 })
  t.equal(await send(it, 'a'), 0n)
  const asked = it.cluster.requests.filter(
    ({ api, body }) => api === 'Metadata' && (body as MetadataRequest).topics?.length === 1,
  )
  t.ok(asked.length > 3)
})

t.test('too few replicas in sync refuse acks=all until there are enough', async (t) => {
  const topics = { orders: { config: { 'min.insync.replicas': '2' } } }
  const it = await simulate({ brokers: 3, topics })
  await send(it, 'a')
  const partition = it.cluster.partition('orders', 0)
  partition.setInSyncReplicas([1])
  const sent = submit(it, 'b')
  await it.clock.advanceSettled(1000)
  t.equal(partition.endOffset, 1n)
  partition.setInSyncReplicas([1, 2])
  t.equal(await it.run(sent), 1n)
})

t.test('a fault happens as often, there and then as it was scripted', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: { partitions: 2 } } })
  const errorCode = ErrorCodes.TOPIC_AUTHORIZATION_FAILED
  it.cluster.failNext('Produce', { errorCode, broker: 2, times: 2 })
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD, topic: 'others' })
  t.equal(await send(it, 'a', 0), 0n, 'broker 1 has no fault')
  for (const value of ['b', 'c']) {
    await t.rejects(send(it, value, 1), /TOPIC_AUTHORIZATION_FAILED/)
  }
  t.equal(await send(it, 'd', 1), 0n, 'it was two times')
  it.cluster.failNext('Produce', { errorCode, times: Infinity })
  await t.rejects(send(it, 'e', 1), /TOPIC_AUTHORIZATION_FAILED/)
  it.cluster.clearFaults()
  t.equal(await send(it, 'f', 1), 1n)
})

t.test('a cluster whose brokers are exchanged one by one keeps its records', async (t) => {
  const it = await simulate({ ...THREE, topics: { orders: { partitions: 3 } } })
  let sent = 0
  const sendToAll = async (): Promise<void> => {
    for (const partition of [0, 1, 2]) t.equal(await send(it, `${sent}`, partition), BigInt(sent))
    sent++
  }
  await sendToAll()
  for (const gone of [1, 2, 3]) {
    const added = await it.cluster.addBroker()
    t.equal(added.id, gone + 3)
    await it.cluster.broker(gone).remove()
    await sendToAll() // the bootstrap addresses go with their brokers
  }
  t.strictSame(it.cluster.brokers.map(({ id }) => id), [4, 5, 6]) // prettier-ignore
  t.strictSame(it.cluster.partition('orders', 0).inSyncReplicas.toSorted(), [4, 5, 6])
  t.equal(it.cluster.records('orders').length, 12)
  it.cluster.createTopic('others', { partitions: 3 })
  t.strictSame(it.cluster.partitions('others').map(({ leader }) => leader), [4, 5, 6]) // prettier-ignore
  t.strictSame(it.cluster.topics, ['orders', 'others'])
  await it.run(it.producer.close())
  await it.cluster.broker(5).remove()
  await it.cluster.broker(6).remove()
  t.strictSame(it.cluster.partition('orders', 2).inSyncReplicas, [4])
  t.equal(it.cluster.records('orders').length, 12)
  await t.rejects(it.cluster.broker(4).remove(), { message: 'the last broker cannot be removed' })
  await t.rejects(it.cluster.addBroker(4), /has a broker 4 already/)
})

t.test('a fault that could never happen is refused', async (t) => {
  const { cluster } = await simulate(THREE)
  const wrong = (value: unknown): never => value as never
  const fail = (api: unknown, fault: unknown) => () => cluster.failNext(wrong(api), wrong(fault))
  t.throws(fail('Prodcue', { silent: true }), /no API "Prodcue": it has Produce, Metadata/)
  t.throws(fail('Produce', {}), /not none/)
  t.throws(fail('Produce', { errorcode: 6 }), /not none/)
  t.throws(fail('Produce', { silent: true, delayMs: 3 }), /not silent and delayMs/)
  t.throws(fail('Produce', { silent: true, times: 0 }), /at least once/)
  t.throws(fail('Produce', { silent: true, partition: 0 }), /no topic/)
  t.throws(() => cluster.createTopic('orders'), /'orders' already exists/)
  t.throws(() => cluster.createTopic('my orders'), /name is invalid/)
  t.throws(
    () => cluster.createTopic('empty', { partitions: 0 }),
    /partitions of 'empty' must be larger than 0/,
  )
})

t.test('names what there is when it is asked for what there is not', async (t) => {
  const { cluster } = await simulate(THREE)
  t.throws(() => cluster.broker(9), { message: /no broker 9: it has 1, 2, 3/ })
  t.throws(() => cluster.partition('order', 0), { message: /no topic "order": it has orders/ })
  t.throws(() => cluster.partition('orders', 5), { message: /no partition 5: it has 1/ })
  t.throws(() => cluster.createTopic('x', { config: { 'retention.m': '1' } }), RangeError)
  await t.rejects(TestCluster.start({ brokers: 0 }), RangeError)
})

t.test('options that there are not are refused, at any depth', async (t) => {
  const wrong: [options: unknown, message: RegExp][] = [
    [{ broker: 3 }, /unknown option "broker" of a test cluster: did you mean brokers\?/],
    [{ topics: ['orders'] }, /topics by name: \{ orders: /],
    [{ topics: null }, /topics by name/],
    [{ topics: { orders: 3 } }, /topic "orders" of a test cluster takes an object/],
    [{ topics: { orders: { partition: 3 } } }, /topic "orders" of a test cluster: did you mean partitions/],
    [{ tls: { host: ['a'] } }, /option tls of a test cluster: did you mean hosts/],
    [{ sasl: { user: {} } }, /option sasl of a test cluster: did you mean users/],
    [{ transactions: { zebra: 1 } }, /option transactions of a test cluster: it takes logWriteDelayMs, /],
    [{ telemetry: { zebra: 1 } }, /option telemetry of a test cluster: it takes pushIntervalMs, /],
    [null, /a test cluster takes an object/],
  ] // prettier-ignore
  for (const [options, message] of wrong) {
    await t.rejects(TestCluster.start(options as object), { name: 'TypeError', message })
  }
  const cluster = await TestCluster.start({ topics: undefined, tls: undefined })
  t.teardown(() => cluster.close())
  t.throws(
    () => cluster.createTopic('orders', { partition: 3 } as object),
    /did you mean partitions/,
  )
})

t.test('a batch lost with the tail of a log is not answered for by another at its offset', async (t) => {
  const it = await simulate({ topics: { orders: {} }, brokers: 2, replicationDelayMs: 500 })
  const environment = { clock: it.clock, random: () => 0.5, dial: it.network.dial }
  const other = new Producer({ brokers: it.cluster.bootstrap }, environment)
  await it.run(Promise.all([it.producer.partitionsFor('orders'), other.connect()]))
  const partition = it.cluster.partition('orders', 0)
  const ours = submit(it, 'ours')
  while (partition.endOffset === 0n) await it.clock.advanceSettled(10)
  partition.moveLeader(partition.leader, { tail: 'lose', hint: false })
  const theirs = it.run(other.send({ topic: 'orders', value: 'theirs' }))
  const offsets = [await it.run(ours), (await theirs).offset]
  const stored = values(it.cluster, 'orders')
  t.strictSame(
    offsets.map((offset) => stored[Number(offset)]),
    ['ours', 'theirs'],
  )
  await it.run(Promise.all([it.producer.close(), other.close()]))
}) // prettier-ignore
