/** `producer.metrics()`: each field by what has happened, on a virtual clock and network. */
import t, { type Test } from 'tap'
import { Producer } from '../../src/index.js'
import type { ProducerMetrics } from '../../src/producer/metrics.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { checkCounted } from '../simulation/counted.js'
import { simulate, type Simulation } from '../testing/support/simulation.js'

/** One way. */
const HOP_MS = 5
const delayMs = (): number => HOP_MS
const TOPICS = { topics: { orders: {}, clicks: {} } }

const send = (it: Simulation, value = 'a', topic = 'orders'): Promise<unknown> =>
  it.producer.send({ topic, value })

/** Closes, and returns what was counted, which must hold together. */
async function closed(test: Test, it: Simulation): Promise<ProducerMetrics> {
  await it.run(it.producer.close())
  await it.clock.settle()
  const metrics = it.producer.metrics()
  test.strictSame(checkCounted(metrics), [])
  return metrics
}

t.test('a new producer', async (t) => {
  const it = await simulate(TOPICS)
  const metrics = it.producer.metrics()
  t.match(metrics, {
    createdAtMs: it.clock.now(),
    readAtMs: it.clock.now(),
    ...{ recordsAcknowledged: 0, requestsSent: 0, compressionRatio: 1, metadataAgeMs: null },
    connections: { open: 0, opened: 0 },
    transactions: null,
  })
  t.strictSame([metrics.topics, metrics.brokers], [{}, {}])
  t.equal(metrics.queueTimeMs.count, 0)
  t.strictSame(JSON.parse(JSON.stringify(metrics)), metrics, 'it is plain data')
  await it.clock.advanceSettled(50)
  t.match(it.producer.metrics(), { createdAtMs: it.clock.now() - 50, readAtMs: it.clock.now() })
})

t.test('records that are acknowledged, by topic and broker', async (t) => {
  const it = await simulate(TOPICS, { lingerMs: 20 }, delayMs)
  await it.run(Promise.all([send(it), send(it), send(it, 'a', 'clicks')]))
  const metrics = it.producer.metrics()
  t.match(metrics, { recordsAcknowledged: 3, recordsFailed: 0, recordsRetried: 0 })
  t.match(metrics, { batchesSent: 2, batchesRetried: 0, answersLost: 0 })
  t.match(metrics.topics, {
    orders: { recordsAcknowledged: 2, recordsFailed: 0, batchesSent: 1 },
    clicks: { recordsAcknowledged: 1, recordsFailed: 0, batchesSent: 1 },
  })
  const [broker] = Object.values(metrics.brokers)
  t.match(broker, { requestsSent: metrics.requestsSent, bytesSent: metrics.bytesSent })
  t.match(metrics.requestLatencyMs, { count: metrics.requestsSent, min: 2 * HOP_MS })
  t.match(broker?.requestLatencyMs, { min: 2 * HOP_MS, max: 2 * HOP_MS })
  t.match(metrics.recordsPerBatch, { count: 2, min: 1, max: 2, sum: 3 })
  t.match(metrics.batchSizeBytes, { count: 2, sum: metrics.bytesSent })
  t.ok(metrics.requestSizeBytes.sum > metrics.bytesSent)
  t.match(metrics.acknowledgeTimeMs, { count: 2 })
  t.ok(metrics.queueTimeMs.max <= metrics.acknowledgeTimeMs.max - 2 * HOP_MS)
  await closed(t, it)
})

t.test('the queue time is linger, where nothing else keeps a batch', async (t) => {
  const it = await simulate(TOPICS, { lingerMs: 20 })
  await it.run(send(it))
  await it.run(send(it))
  t.match(it.producer.metrics().queueTimeMs, { count: 2, max: 20, p50: 20 })
  t.match(it.producer.metrics().acknowledgeTimeMs, { count: 2, max: 20 })
})

t.test('what is held, and in flight', async (t) => {
  const it = await simulate(TOPICS, {}, delayMs)
  await it.run(send(it))
  const idle = it.producer.metrics()
  t.match(idle, { requestsInFlight: 0, batchesIncomplete: 0, waitingSends: 0 })
  t.equal(idle.bufferAvailableBytes, idle.bufferTotalBytes)
  const sent = send(it)
  await it.clock.advanceSettled(1)
  const busy = it.producer.metrics()
  t.match(busy, { requestsInFlight: 1, batchesIncomplete: 1 })
  t.match(Object.values(busy.brokers), [{ requestsInFlight: 1 }])
  t.ok(busy.bufferAvailableBytes < busy.bufferTotalBytes)
  await it.run(sent)
  await closed(t, it)
})

t.test('the age of metadata', async (t) => {
  const it = await simulate(TOPICS)
  await it.run(it.producer.connect())
  t.equal(it.producer.metrics().metadataAgeMs, 0)
  await it.clock.advanceSettled(700)
  t.equal(it.producer.metrics().metadataAgeMs, 700)
  await it.run(send(it))
  t.ok((it.producer.metrics().metadataAgeMs ?? 700) < 700, 'a new topic was asked for')
})

t.test('a lost answer, and a retry', async (t) => {
  const it = await simulate(TOPICS, {}, delayMs)
  await it.run(send(it))
  it.cluster.failNext('Produce', { disconnect: 'after' })
  await it.run(send(it))
  const metrics = await closed(t, it)
  t.match(metrics, { recordsAcknowledged: 2, recordsRetried: 1, batchesRetried: 1 })
  t.match(metrics, { answersLost: 1, requestsSent: 3, batchesSent: 3 })
  t.match(Object.values(metrics.brokers), [{ requestsSent: 3, answersLost: 1 }])
  t.match(metrics.topics, { orders: { recordsRetried: 1 } })
  t.match(metrics.connections, { lost: 1, failed: 0 })
  t.match([metrics.queueTimeMs.count, metrics.requestLatencyMs.count], [2, 2])
})

t.test('records that fail', async (t) => {
  const it = await simulate(TOPICS)
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD, topic: 'clicks' })
  await it.run(Promise.all([send(it), t.rejects(send(it, 'a', 'clicks'))]))
  const metrics = await closed(t, it)
  t.match(metrics, { recordsAcknowledged: 1, recordsFailed: 1 })
  t.match(metrics.topics, { orders: { recordsFailed: 0 }, clicks: { recordsFailed: 1 } })
  t.equal(metrics.acknowledgeTimeMs.count, 1, 'that one was not acknowledged')
})

t.test(
  'records that fail before they are in a batch: each once, but for mistakes of the call',
  async (t) => {
    const it = await simulate(
      { ...TOPICS, autoCreateTopics: false },
      { createTopics: false, maxBlockMs: 500, bufferMemoryBytes: 40_000, batchSizeBytes: 16_384 },
    )
    const missing = { topic: 'missing', value: 'a' }
    for (let i = 0; i < 3; i++) it.producer.enqueue(missing, () => {})
    await it.run(
      Promise.all([missing, missing].map((record) => t.rejects(it.producer.send(record)))),
    )
    await it.run(t.rejects(it.producer.sendAll([missing, missing])))
    t.match(it.producer.metrics(), { recordsNotAppended: 7, recordsFailed: 0 })
    const controller = new AbortController()
    const aborted = it.producer.send(missing, { signal: controller.signal })
    controller.abort()
    await it.run(t.rejects(aborted))
    await it.run(t.rejects(send(it, 'a'.repeat(2_000_000))))
    await it.run(t.rejects(it.producer.send({ topic: 'orders', value: 5 as never })))
    t.match(it.producer.metrics(), { recordsNotAppended: 7 })
    await it.run(send(it))
    it.cluster.brokers[0]?.freeze()
    const records = Array.from({ length: 10 }, () => ({
      topic: 'orders',
      value: 'a'.repeat(9_000),
    }))
    const all = it.producer.sendAll(records).catch((error: unknown) => error)
    await it.run(it.producer.close({ timeoutMs: 100 }))
    await it.run(all)
    const { recordsFailed, recordsNotAppended } = it.producer.metrics()
    t.equal(recordsFailed + recordsNotAppended, 7 + 10)
    t.ok(recordsFailed > 0 && recordsNotAppended > 7)
  },
)

t.test('a batch that is split', async (t) => {
  const it = await simulate(TOPICS, { lingerMs: 5 })
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
  await it.run(Promise.all(Array.from({ length: 8 }, () => send(it, 'a'.repeat(1000)))))
  const metrics = await closed(t, it)
  t.match(metrics, { recordsAcknowledged: 8, batchesSplit: 1 })
  t.match(metrics.topics, { orders: { recordsAcknowledged: 8 } })
})

t.test('pauses that a broker asks for', async (t) => {
  const it = await simulate(TOPICS)
  it.cluster.failNext('Produce', { throttleMs: 300 })
  await it.run(send(it))
  await it.run(send(it))
  const metrics = await closed(t, it)
  t.match(metrics.throttleTimeMs, { count: 1, sum: 300 })
  t.match(Object.values(metrics.brokers), [{ throttleTimeMs: { count: 1, sum: 300 } }])
})

t.test('flushes', async (t) => {
  const it = await simulate(TOPICS, { lingerMs: 1000 }, delayMs)
  await it.run(it.producer.flush())
  t.match(it.producer.metrics().flushTimeMs, { count: 1, max: 0 })
  await it.run(send(it))
  void send(it)
  await it.run(it.producer.flush())
  t.match(it.producer.metrics().flushTimeMs, { count: 2, max: 2 * HOP_MS })
  await closed(t, it)
  t.equal(it.producer.metrics().flushTimeMs.count, 2, 'close is none')
})

t.test('calls that find no room', async (t) => {
  const it = await simulate(TOPICS, { bufferMemoryBytes: 40_000, batchSizeBytes: 16_384 })
  await it.run(send(it))
  it.cluster.brokers[0]?.freeze()
  const value = 'a'.repeat(15_000)
  while (it.producer.enqueue({ topic: 'orders', value })) continue
  t.match(it.producer.metrics(), { bufferExhausted: 1, waitingSends: 0 })
  const waiting = send(it, value)
  t.match(it.producer.metrics(), { bufferExhausted: 2, waitingSends: 1 })
  it.cluster.brokers[0]?.unfreeze()
  await it.run(waiting)
  t.match(await closed(t, it), { bufferExhausted: 2, waitingSends: 0, recordsFailed: 0 })
})

t.test('compression, by topic', async (t) => {
  const it = await simulate(TOPICS, { compression: 'gzip' })
  await it.run(Promise.all([send(it, 'a'.repeat(5000)), send(it, 'b', 'clicks')]))
  const { compressionRatio, topics } = await closed(t, it)
  t.ok(compressionRatio < 0.1, `${compressionRatio}`)
  t.ok((topics['orders']?.compressionRatio ?? 1) < compressionRatio)
  t.equal(topics['clicks']?.compressionRatio, 1, 'one that does not get smaller stays as it is')
})

t.test('without acknowledgements there is no latency', async (t) => {
  const it = await simulate(TOPICS, { acks: 0, idempotence: false })
  await it.run(send(it))
  await it.run(it.producer.close())
  const metrics = it.producer.metrics()
  t.strictSame(checkCounted(metrics, false), [])
  t.match(metrics, { recordsAcknowledged: 1, requestsSent: 1, requestLatencyMs: { count: 0 } })
})

t.test('connections, of every kind', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: { partitions: 2 } } }, {}, delayMs)
  const both = [0, 1].map((partition) =>
    it.producer.send({ topic: 'orders', partition, value: 'a' }),
  )
  await it.run(Promise.all(both))
  const { connections } = it.producer.metrics()
  t.equal(connections.open, it.cluster.connectionCount)
  t.match(connections, { opened: connections.open, lost: 0, failed: 0, authenticated: 0 })
  t.ok(connections.open >= 3, 'one for metadata, and one to each leader')
  for (const broker of it.cluster.brokers) broker.disconnect()
  await it.clock.advanceSettled(100)
  t.equal(it.producer.metrics().connections.lost, connections.opened)
  const after = await closed(t, it)
  t.equal(after.connections.lost, connections.opened, 'those that close() closes are not lost')
})

t.test('attempts to connect that come to nothing', async (t) => {
  const it = await simulate(TOPICS)
  await it.cluster.brokers[0]?.stop()
  await t.rejects(it.run(it.producer.connect()))
  const { connections } = await closed(t, it)
  t.ok(connections.failed > 1)
  t.match(connections, { open: 0, opened: 0, lost: 0 })
})

t.test('logins, and later ones', async (t) => {
  const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'secret' } as const
  const users = { alice: 'secret' }
  const cluster = { ...TOPICS, sasl: { users, sessionLifetimeMs: 10_000 } }
  const it = await simulate(cluster, { sasl }, delayMs)
  await it.run(send(it))
  const first = it.producer.metrics().connections
  t.match(first, { authenticated: first.opened, reauthenticated: 0, authenticationsFailed: 0 })
  for (let ms = 0; ms < 10_000; ms += 100) await it.clock.advanceSettled(100)
  await it.run(send(it))
  const then = await closed(t, it)
  t.equal(then.connections.reauthenticated, first.opened, 'each has logged in once more')
  t.equal(then.connections.opened, first.opened)
  const wrong = { ...sasl, password: 'wrong' }
  const environment = { clock: it.clock, random: () => 0.5, dial: it.network.dial }
  const refused = new Producer({ brokers: it.cluster.bootstrap, sasl: wrong }, environment)
  await t.rejects(it.run(refused.connect()))
  t.match(refused.metrics().connections, { authenticated: 0, opened: 0 })
  t.ok(refused.metrics().connections.authenticationsFailed > 0)
  t.equal(refused.metrics().connections.failed, refused.metrics().connections.authenticationsFailed)
  await it.run(refused.close())
})
