/**
 * What `health` says while things go wrong, each as a whole producer on a virtual clock: the status, what
 * waits, since when and why; and that probes made of it do what probes should.
 */
import t, { type Test } from 'tap'
import {
  TransactionalProducer,
  type ProducerHealth,
  type ProducerOptions,
} from '../../src/index.js'
import { Producer } from '../../src/producer/producer.js'
import { TestCluster, type TestClusterOptions } from '../../src/testing/cluster.js'
import { VirtualNetwork } from '../../src/testing/virtual-network.js'
import { ManualClock } from '../support/manual-clock.js'
import { simulate, type Simulation } from '../testing/support/simulation.js'

const ONE = { topics: { t: {} } }
const TWO = { brokers: 2, topics: { t: { partitions: 2, replicationFactor: 1 } } }
const LIMIT_MS = 30_000 // requestTimeoutMs as it is by default

interface Watched extends Simulation {
  look(): ProducerHealth
  /** Lets time pass, and says which statuses there were. */
  pass(ms: number): Promise<string[]>
}

async function start(
  t: Test,
  cluster: TestClusterOptions = ONE,
  options: Partial<ProducerOptions> = {},
): Promise<Watched> {
  const it = await simulate(cluster, options)
  t.teardown(() => it.run(it.producer.close({ timeoutMs: 0 })))
  const look = (): ProducerHealth => it.producer.health()
  const pass = async (ms: number): Promise<string[]> => {
    const statuses: string[] = []
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      await it.clock.advanceSettled(100)
      const { status } = look()
      if (statuses.at(-1) !== status) statuses.push(status)
    }
    return statuses
  }
  return { ...it, look, pass }
}

const send = (it: Simulation, record: object = {}): Promise<unknown> =>
  it.producer.send({ topic: 't', value: 'x', ...record }).catch((error: unknown) => error)

const ledBy = ({ cluster }: Simulation, nodeId: number): number =>
  cluster.partitions('t').findIndex(({ leader }) => leader === nodeId)

async function stopAll({ cluster }: Simulation): Promise<void> {
  for (const broker of cluster.brokers) await broker.stop({ failover: false })
}

t.test('a life without a fault', async (t) => {
  const it = await start(t, ONE, { clientId: 'shop' })
  t.match(it.look(), {
    ...{ status: 'starting', reason: null, isReady: false, isAlive: true, isConnected: false },
    ...{ clientId: 'shop', lastAcknowledgedAtMs: null, lastFailure: null, oldestUnsettledMs: 0 },
    ...{ isAuthenticated: null, waitingSends: 0, overdue: [] },
  })
  await it.run(it.producer.connect())
  t.match(it.look(), { status: 'idle', isReady: true, isConnected: true, reason: null })
  const sent = send(it)
  t.equal(it.look().status, 'ok', 'a record is on its way')
  await it.run(sent)
  const { status, lastAcknowledgedAtMs } = it.look()
  t.equal(status, 'idle')
  t.equal(lastAcknowledgedAtMs, it.clock.now())
  t.strictSame(JSON.parse(JSON.stringify(it.look())), it.look(), 'plain data')
  const closing = it.producer.close()
  t.match(it.look(), { status: 'closing', isReady: false, isAlive: true })
  await it.run(closing)
  t.match(it.look(), {
    status: 'closed',
    isReady: false,
    isAlive: true,
    isConnected: false,
    reason: null,
  })
})

t.test('never connected: starting, then stuck; alive all the while', async (t) => {
  const it = await start(t)
  await stopAll(it)
  void send(it)
  t.strictSame(await it.pass(LIMIT_MS), ['starting'])
  t.match(it.look(), { isReady: false, isAlive: true, reason: /no broker answers/ })
  t.strictSame(await it.pass(2000), ['stuck'])
  const { overdue, isAlive, isReady } = it.look()
  t.match(overdue, [{ topic: 't', partition: null, reason: /no broker answers/ }])
  t.ok((overdue[0]?.ageMs ?? 0) > LIMIT_MS)
  t.strictSame([isAlive, isReady], [true, false])
  await it.cluster.broker(1).start()
  t.equal((await it.pass(5000)).at(-1), 'idle')
  t.equal(it.look().isReady, true)
})

t.test('brokers that go away, and nothing to send: degraded, not ready', async (t) => {
  const it = await start(t, ONE, { metadataMaxAgeMs: 10_000 })
  await it.run(send(it))
  await stopAll(it)
  t.equal((await it.pass(30_000)).at(-1), 'degraded')
  t.match(it.look(), { isReady: false, isAlive: true, isConnected: false, overdue: [] })
  t.match(it.look().reason, /no broker answers/)
  await it.cluster.broker(1).start()
  t.equal((await it.pass(5000)).at(-1), 'idle')
})

t.test('a login that is refused', async (t) => {
  const sasl = { mechanism: 'PLAIN', username: 'shop', password: 'wrong' } as const
  const users = { shop: 'right' }
  const it = await start(t, { ...ONE, sasl: { users, failureDelayMs: 0 } }, { sasl })
  t.equal(it.look().isAuthenticated, null)
  const connected = it.producer.connect().catch((error: unknown) => error)
  await it.pass(5000)
  await it.run(connected)
  t.match(it.look(), { status: 'starting', isAuthenticated: false, isReady: false, isAlive: true })
  t.match(it.look().reason, /refused|SASL|login/i)
  t.notMatch(JSON.stringify(it.look()), 'wrong')
})

t.test('a login that works', async (t) => {
  const sasl = { mechanism: 'PLAIN', username: 'shop', password: 'right' } as const
  const users = { shop: 'right' }
  const it = await start(t, { ...ONE, sasl: { users, failureDelayMs: 0 } }, { sasl })
  await it.run(it.producer.connect())
  t.match(it.look(), { status: 'idle', isAuthenticated: true, isReady: true })
})

t.test('a dead leader: degraded soon, stuck once nothing else is acknowledged', async (t) => {
  const it = await start(t, TWO)
  await it.run(send(it, { partition: ledBy(it, 1) }))
  const partition = ledBy(it, 2)
  await it.cluster.broker(2).stop({ failover: false })
  void send(it, { partition })
  t.strictSame(await it.pass(2900), ['ok'])
  t.strictSame(await it.pass(1000), ['ok', 'degraded'])
  const { overdue, isReady } = it.look()
  t.match(overdue, [{ topic: 't', partition, reason: /broker 2 at \S+ cannot be reached/ }])
  t.equal(isReady, true, 'other partitions may be fine')
  t.equal((await it.pass(LIMIT_MS)).at(-1), 'stuck')
  t.match(it.look(), { isReady: false, isAlive: true, isConnected: true })
  await it.run(send(it, { partition: ledBy(it, 1) }))
  t.equal(it.look().status, 'degraded', 'the other one works')
})

t.test('a broker that is silent', async (t) => {
  const it = await start(t)
  await it.run(send(it))
  it.cluster.broker(1).freeze()
  void send(it)
  await it.pass(4000)
  t.match(it.look(), {
    status: 'degraded',
    overdue: [{ topic: 't', partition: 0, reason: /broker 1 has answered nothing for \d+ ms/ }],
  })
  it.cluster.broker(1).unfreeze()
  t.equal((await it.pass(1000)).at(-1), 'idle')
})

t.test('a full buffer says who waits, and for what', async (t) => {
  const small = { bufferMemoryBytes: 32 * 1024, batchSizeBytes: 16 * 1024 }
  const it = await start(t, TWO, small)
  const partition = ledBy(it, 2)
  await it.run(it.producer.connect())
  await it.cluster.broker(2).stop({ failover: false })
  const value = Buffer.alloc(15_000)
  while (it.producer.enqueue({ topic: 't', partition, value })) await it.clock.advanceSettled(20)
  for (let sends = 0; sends < 3; sends++) void send(it, { partition, value })
  await it.pass(4000)
  const { waitingSends, status, overdue } = it.look()
  t.strictSame([waitingSends, status], [3, 'degraded'])
  t.equal(overdue.length, 1, 'each partition once')
  t.match(overdue[0]?.reason, /broker 2/)
})

t.test('a quota is no fault: what flows slowly flows', async (t) => {
  const it = await start(t, ONE, { lingerMs: 0 })
  await it.run(send(it))
  it.cluster.quota({ producerByteRate: 1000 })
  const statuses = new Set<string>()
  for (let round = 0; round < 20; round++) {
    void send(it, { value: Buffer.alloc(1000) })
    for (const status of await it.pass(500)) statuses.add(status)
  }
  t.notOk(statuses.has('stuck'))
  t.equal(it.look().isReady, true)
})

t.test('a long pause is told of until it ends, however little of it is left', async (t) => {
  const it = await start(t)
  await it.run(it.producer.send({ topic: 't', value: 'a' }))
  it.cluster.failNext('Produce', { throttleMs: 8000 })
  await it.run(it.producer.send({ topic: 't', value: 'b' }))
  const sent = it.producer.send({ topic: 't', value: 'c' })
  t.strictSame(await it.pass(7900), ['ok', 'degraded'])
  t.match(it.look().reason, /broker 1 wants no request for another .*quota/)
  await it.run(sent)
  t.equal(it.look().reason, null)
})

t.test('a topic that nobody may write to: degraded until another record goes', async (t) => {
  const it = await start(t, { topics: { t: {}, closed: {} } })
  await it.run(send(it))
  it.cluster.forbid({ topic: 'closed' })
  await it.run(send(it, { topic: 'closed' }))
  t.match(it.look(), {
    status: 'degraded',
    isReady: true,
    reason: /closed/,
    lastFailure: { atMs: it.clock.now(), topic: 'closed', reason: /closed/ },
  })
  await it.clock.advanceSettled(10)
  await it.run(send(it))
  t.equal(it.look().status, 'idle')
  t.equal(it.look().lastFailure?.topic, 'closed', 'still to be read')
})

t.test('a topic that is not there', async (t) => {
  const it = await start(t, { topics: { t: {} }, autoCreateTopics: false }, { createTopics: false })
  await it.run(send(it))
  void send(it, { topic: 'missing' })
  await it.pass(4000)
  const { overdue, status } = it.look()
  t.equal(status, 'degraded')
  t.match(overdue, [{ topic: 'missing', partition: null, reason: /UNKNOWN_TOPIC_OR_PARTITION/ }])
})

t.test('a partition that is not there', async (t) => {
  const it = await start(t)
  await it.run(send(it))
  void send(it, { partition: 5 })
  await it.pass(4000)
  t.match(it.look().overdue, [{ topic: 't', partition: 5, reason: 'the topic has 1 partition(s)' }])
})

t.test('a serializer that is not done', async (t) => {
  const value = (): Promise<Uint8Array> => new Promise(() => {})
  const it = await start(t, ONE, { serializers: { value }, maxBlockMs: 60_000 })
  await it.run(it.producer.connect())
  void send(it)
  t.equal((await it.pass(4000)).at(-1), 'degraded')
  t.match(it.look().overdue, [{ topic: 't', reason: 'its serializer is not done' }])
  t.equal((await it.pass(LIMIT_MS)).at(-1), 'stuck')
})

t.test('a record whose own fault it is says nothing of the producer', async (t) => {
  const it = await start(t)
  await it.run(send(it))
  await it.run(send(it, { value: Buffer.alloc(5_000_000) }))
  await it.run(send(it, { value: {} }))
  await it.run(send(it, { topic: 'no / topic' }))
  t.match(it.look(), { status: 'idle', lastFailure: null })
})

t.test('no producer id to be had', async (t) => {
  const it = await start(t)
  it.cluster.broker(1).withholdProducerIds('silent')
  void send(it)
  await it.pass(4000)
  t.match(it.look(), { status: 'degraded', reason: /no producer id/ })
})

t.test('what is overdue is bounded, oldest first', async (t) => {
  const it = await start(t, { topics: { t: { partitions: 50 } } })
  await it.run(it.producer.connect())
  await it.run(it.producer.partitionsFor('t'))
  await stopAll(it)
  for (let partition = 49; partition >= 0; partition--) {
    void send(it, { partition })
    await it.clock.advanceSettled(10)
  }
  await it.pass(5000)
  const { overdue, oldestUnsettledMs } = it.look()
  t.equal(overdue.length, 10)
  t.strictSame(overdue.map(({ partition }) => partition), [49, 48, 47, 46, 45, 44, 43, 42, 41, 40]) // prettier-ignore
  t.equal(oldestUnsettledMs, overdue[0]?.ageMs)
})

t.test('a record that lingers is not late', async (t) => {
  const it = await start(t, ONE, { lingerMs: 60_000, deliveryTimeoutMs: 200_000 })
  await it.run(it.producer.connect())
  void send(it)
  t.strictSame(await it.pass(59_000), ['ok'])
  t.equal(it.look().oldestUnsettledMs > LIMIT_MS, true)
})

/** Two transactional producers of one id, on one virtual clock. */
async function transactional(): Promise<{
  clock: ManualClock
  cluster: TestCluster
  make(): TransactionalProducer
  run<T>(promise: Promise<T>): Promise<T>
}> {
  const clock = new ManualClock()
  const network = new VirtualNetwork({ clock })
  const cluster = await TestCluster.start({ ...ONE, network })
  const environment = { clock, random: () => 0.5, dial: network.dial }
  const make = (): TransactionalProducer =>
    new TransactionalProducer({ brokers: cluster.bootstrap, transactionalId: 'a' }, environment)
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    const isPending = (): boolean => !isSettled
    promise.then(settle, settle)
    for (let round = 0; round < 2000 && isPending(); round++) await clock.advanceSettled(10)
    return promise
  }
  return { clock, cluster, make, run }
}

t.test('a transactional producer that is fenced has failed: only a new one can help', async (t) => {
  const { make, run } = await transactional()
  const [older, newer] = [make(), make()]
  await run(older.connect())
  t.match(older.health(), { status: 'idle', isReady: true, isAlive: true })
  await run(newer.connect())
  await run(older.transaction((it) => it.send({ topic: 't', value: 'x' })).catch(() => {}))
  t.match(older.health(), {
    status: 'failed',
    isReady: false,
    isAlive: false,
    reason: /fenced|newer/,
  })
  t.equal(newer.health().status, 'idle')
  const closing = newer.close()
  t.equal(newer.health().status, 'closing')
  await run(closing)
  t.equal(newer.health().status, 'closed')
  await run(older.close())
  t.equal(older.health().status, 'failed', 'to the end')
})

t.test('a coordinator that does not answer', async (t) => {
  const { make, run, clock, cluster } = await transactional()
  const producer = make()
  await run(producer.connect())
  const transaction = await run(producer.begin())
  await run(transaction.send({ topic: 't', value: 'x' }))
  cluster.failNext('EndTxn', { errorCode: 15, times: Infinity })
  const committed = transaction.commit().catch((error: unknown) => error)
  for (let round = 0; round < 50; round++) await clock.advanceSettled(100)
  t.match(producer.health(), {
    status: 'degraded',
    reason: /COORDINATOR_NOT_AVAILABLE/,
    isAlive: true,
  })
  cluster.clearFaults()
  await run(committed)
  t.equal(producer.health().status, 'idle')
  await run(producer.close())
})

t.test('a defect of ours: failed, and not alive', async (t) => {
  const it = await start(t)
  await it.run(send(it))
  Producer.pipelineOf(it.producer).onBroken(new Error('a defect'))
  t.match(it.look(), { status: 'failed', isAlive: false, isReady: false, reason: 'a defect' })
})
