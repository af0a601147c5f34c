/**
 * A whole producer against a cluster that changes under it, on a virtual clock: what metadata,
 * leaders, versions and addresses may do to records that are waiting or under way.
 */
import t from 'tap'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, type Simulation } from '../testing/support/simulation.js'

const SHORT = { deliveryTimeoutMs: 3000, requestTimeoutMs: 1000 }
const HTTP = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
const TLS_ALERT = Buffer.from([0x15, 3, 3, 0, 2, 2, 70])
const THREE = { brokers: 3, topics: { orders: {} } }

const send = (it: Simulation, value: string): Promise<bigint> =>
  it.producer.send({ topic: 'orders', partition: 0, value }).then(({ offset }) => offset)

/** Moves time on by `ms`, in steps, so that what happens in between can go on. */
async function pass(it: Simulation, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) await it.clock.advanceSettled(100)
}

t.test(
  'a topic with records under way is asked for, however long nobody wrote to it',
  async (t) => {
    const it = await simulate(THREE, { metadataMaxIdleMs: 1000 })
    await it.run(send(it, 'a'))
    it.cluster.partition('orders', 0).removeLeader()
    const sent = send(it, 'b')
    await pass(it, 5000)
    it.cluster.partition('orders', 0).moveLeader(2)
    t.equal(await it.run(sent), 1n)
    t.ok(it.clock.monotonicMs() < 8000, `${it.clock.monotonicMs()} virtual ms`)
    await it.run(it.producer.close())
  },
)

t.test(
  'a topic that records wait for is asked for until they have waited long enough',
  async (t) => {
    const it = await simulate({ autoCreateTopics: false }, { metadataMaxIdleMs: 1000 })
    const sent = send(it, 'a')
    const partitions = it.producer.partitionsFor('orders')
    await pass(it, 5000)
    it.cluster.createTopic('orders')
    t.equal(await it.run(sent), 0n)
    t.equal((await it.run(partitions)).length, 1)
    t.ok(it.clock.monotonicMs() < 8000, `${it.clock.monotonicMs()} virtual ms`)
    await it.run(it.producer.close())
  },
)

t.test(
  'with createTopics false a topic that is not there is not made, and its records say so',
  async (t) => {
    const it = await simulate({ topics: { orders: {} } }, { createTopics: false, maxBlockMs: 2000 })
    t.equal(await it.run(send(it, 'a')), 0n)
    const typo = { topic: 'ordres', value: 'x' }
    const refused = {
      code: 'ERR_OTTLA_TOPIC_UNAVAILABLE',
      outcome: 'not-written',
      message: /"ordres".*createTopics/,
    }
    await t.rejects(it.run(it.producer.send(typo)), refused)
    await t.rejects(it.run(it.producer.partitionsFor('ordres')), refused)
    const later = it.producer.send(typo)
    await pass(it, 500)
    it.cluster.createTopic('ordres')
    t.equal((await it.run(later)).offset, 0n, 'somebody made it: it is found')
    await it.run(it.producer.close())

    const makes = await simulate({}, { maxBlockMs: 2000 })
    t.equal((await makes.run(makes.producer.send(typo))).offset, 0n, 'by default it is made')
    await makes.run(makes.producer.close())
  },
)

t.test('a partition that a record waits for is asked for, however long', async (t) => {
  const it = await simulate(THREE, { metadataMaxIdleMs: 1000, metadataMaxAgeMs: 500 })
  const sent = it.producer.send({ topic: 'orders', partition: 1, value: 'a' })
  await pass(it, 5000)
  it.cluster.addPartitions('orders', 1)
  t.equal((await it.run(sent)).offset, 0n)
  await it.run(it.producer.close())
})

for (const [name, answerBytes, message] of [
  ['HTTP', HTTP, /HTTP/],
  ['TLS', TLS_ALERT, /TLS/],
] as const) {
  t.test(`where ${name} is spoken on every port, the first send says so at once`, async (t) => {
    const it = await simulate({ brokers: 2 })
    it.cluster.failNext('ApiVersions', { answerBytes, times: Infinity })
    const refused = { code: 'ERR_OTTLA_TOPIC_UNAVAILABLE', outcome: 'not-written', message }
    await t.rejects(it.run(send(it, 'a')), refused)
    await t.rejects(it.run(it.producer.partitionsFor('orders')), refused)
    await t.rejects(it.run(it.producer.connect()), { message })
    t.ok(it.clock.monotonicMs() < 2000, `${it.clock.monotonicMs()} virtual ms`)
    it.cluster.clearFaults()
    t.equal(await it.run(send(it, 'b')), 0n, 'and the next one tries again')
    await it.run(it.producer.close())
    t.equal(it.clock.timerCount, 0)
  })
}

t.test('where one of the addresses is Kafka, the others may be anything', async (t) => {
  const it = await simulate({ brokers: 2 })
  it.cluster.failNext('ApiVersions', { answerBytes: HTTP, times: Infinity, broker: 1 })
  await it.run(it.producer.connect())
  t.equal((await it.run(it.producer.partitionsFor('orders'))).length, 1)
  await it.run(it.producer.close({ timeoutMs: 0 }))
})

t.test('one garbled answer of a cluster that has answered before fails nobody', async (t) => {
  const it = await simulate({ topics: { orders: {}, others: {} } })
  await it.run(send(it, 'a'))
  it.cluster.failNext('Metadata', { answerBytes: HTTP })
  t.equal((await it.run(it.producer.send({ topic: 'others', value: 'b' }))).offset, 0n)
  await it.run(it.producer.close())
})

t.test('a record that ran out of time before it was sent says what kept it', async (t) => {
  const it = await simulate(THREE, SHORT)
  await it.run(send(it, 'a'))
  it.cluster.partition('orders', 0).removeLeader()
  await pass(it, 1000)
  const leaderless = { outcome: 'unknown', message: /LEADER_NOT_AVAILABLE.*has no leader/ }
  await t.rejects(it.run(send(it, 'b')), leaderless)
  await t.rejects(it.run(send(it, 'c')), { ...leaderless, outcome: 'not-written' })
  it.cluster.partition('orders', 0).moveLeader(2)
  await it.cluster.broker(2).stop({ failover: false })
  await t.rejects(it.run(send(it, 'd')), {
    outcome: 'not-written',
    message: /never sent.*cannot connect to broker-2:9092: connection refused/,
    cause: { code: 'ERR_OTTLA_CONNECTION' },
  })
  await it.run(it.producer.close())
})

t.test('without a producer id a record says so: why there is none, and what to do', async (t) => {
  const it = await simulate(THREE, SHORT)
  const errorCode = ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS
  it.cluster.failNext('InitProducerId', { errorCode, times: Infinity })
  await t.rejects(it.run(send(it, 'a')), {
    outcome: 'not-written',
    message: /never sent.*no producer id: COORDINATOR_LOAD_IN_PROGRESS/,
  })
  it.cluster.clearFaults()
  const refused = ErrorCodes.CLUSTER_AUTHORIZATION_FAILED
  it.cluster.failNext('InitProducerId', { errorCode: refused, times: Infinity })
  await t.rejects(it.run(send(it, 'b')), {
    outcome: 'not-written',
    message: /CLUSTER_AUTHORIZATION_FAILED.*set idempotence: false/,
  })
  it.cluster.clearFaults()
  for (const broker of it.cluster.brokers) {
    broker.limitVersions({ InitProducerId: -1 })
    broker.disconnect()
  }
  await t.rejects(it.run(send(it, 'c')), {
    outcome: 'not-written',
    message: /InitProducerId.*does not have it.*set idempotence: false/,
  })
  for (const broker of it.cluster.brokers) {
    broker.limitVersions({})
    broker.disconnect()
  }
  t.equal(await it.run(send(it, 'd')), 0n, 'no refusal is for good')
  await it.run(it.producer.close())
})

t.test('a partition that waits for its replicas after a failure holds up no other', async (t) => {
  const it = await simulate({ brokers: 3, topics: { orders: { partitions: 2 } } })
  const slow = it.cluster.partition('orders', 0)
  const sound = it.cluster.partition('orders', 1)
  for (const partition of [slow, sound]) partition.moveLeader(1)
  const give = (partition: number): Promise<bigint> =>
    it.producer.send({ topic: 'orders', partition, value: 'v' }).then(({ offset }) => offset)
  await it.run(Promise.all([give(0), give(1)]))
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS })
  slow.pauseReplication()
  const held = give(0)
  await pass(it, 2000)
  const beforeMs = it.clock.monotonicMs()
  t.equal(await it.run(give(1)), 1n)
  t.ok(it.clock.monotonicMs() - beforeMs < 500, 'not after 30 s, which its neighbour would wait')
  slow.resumeReplication()
  t.equal(await it.run(held), 1n)
  t.equal(slow.records().length, 2, 'and its tries were one record')
  await it.run(it.producer.close())
})

for (const fate of ['another one leads', 'its record runs out of time'] as const) {
  t.test(`a broker that is gone leaves an idle producer nothing to do: ${fate}`, async (t) => {
    const it = await simulate(THREE, SHORT)
    await it.run(send(it, 'a'))
    const leader = it.cluster.broker(it.cluster.partition('orders', 0).leader)
    leader.freeze()
    const sent = send(it, 'b')
    await pass(it, 100)
    if (fate === 'another one leads') {
      await leader.remove()
      t.equal(await it.run(sent), 1n)
    } else {
      await leader.stop({ failover: false })
      await t.rejects(it.run(sent), { outcome: 'unknown', message: /deliveryTimeoutMs/ })
    }
    await pass(it, 2000)
    const asked = it.cluster.requests.length
    const { failed } = it.producer.metrics().connections
    await pass(it, 5000)
    t.equal(it.cluster.requests.length, asked, 'nobody is asked')
    t.equal(it.producer.metrics().connections.failed, failed, 'nor dialled')
    t.equal(it.clock.keepAliveTimerCount, 0)
    await it.run(it.producer.close())
  })
}
t.test('a topic made anew by brokers without topic ids is found, though its epochs began anew', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: {} }, apiVersions: { Metadata: 9 } })
  const old = it.cluster.partition('orders', 0)
  for (const to of [2, 1, 2, 1]) if (old.leader !== to) old.moveLeader(to)
  t.equal(old.leader, 1)
  await it.run(send(it, 'old'))
  it.cluster.deleteTopic('orders')
  it.cluster.createTopic('orders')
  const anew = it.cluster.partition('orders', 0)
  if (anew.leader !== 2) anew.moveLeader(2, { hint: false })
  t.equal(await it.run(send(it, 'new')), 0n)
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('one broker that wants a long pause after metadata, and goes, is missed by nobody', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: {}, others: {} } }, SHORT)
  it.cluster.failNext('Metadata', { throttleMs: 3_600_000 })
  await it.run(send(it, 'a'))
  await it.cluster.broker(it.cluster.partition('orders', 0).leader).stop({ failover: true })
  t.equal(await it.run(send(it, 'b')), 1n)
  t.equal((await it.run(it.producer.send({ topic: 'others', value: 'c' }))).offset, 0n)
  await it.run(it.producer.close())
}) // prettier-ignore
