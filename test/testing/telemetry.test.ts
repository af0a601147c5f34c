/** A producer that pushes its metrics to the test cluster, on a virtual clock. */
import t from 'tap'
import { getTelemetrySubscriptions } from '../../src/protocol/messages/get-telemetry-subscriptions.js'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import type { PushTelemetryRequest } from '../../src/protocol/messages/push-telemetry.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { readOtlp, valuesOf } from '../producer/telemetry/support/read-otlp.js'
import { ask } from '../broker/ask.js'
import { MAX_BYTES, playTelemetry, PUSHED, VERDICTS } from './support/telemetry-script.js'
import { simulate, type Simulation } from './support/simulation.js'

const TOPICS = { topics: { orders: {} } }
const INTERVAL_MS = 10_000
const SENT = 'org.apache.kafka.producer.record.send.total'

const send = (it: Simulation): Promise<unknown> =>
  it.run(it.producer.send({ topic: 'orders', value: 'x' }))

const totals = ({ cluster }: Simulation): (number | undefined)[] =>
  cluster.telemetry.pushes.map(({ metrics }) => valuesOf(readOtlp(metrics))[SENT])

const asked = ({ cluster }: Simulation): string[] =>
  cluster.requests.map(({ api }) => api).filter((api) => api.includes('Telemetry'))

t.test('metrics are pushed each interval, and at the end', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: { pushIntervalMs: INTERVAL_MS } })
  await send(it)
  await it.clock.advanceSettled(INTERVAL_MS)
  await send(it)
  await send(it)
  await it.clock.advanceSettled(INTERVAL_MS)
  await send(it)
  await it.run(it.producer.close())
  const { pushes } = it.cluster.telemetry
  t.strictSame(totals(it), [1, 2, 1])
  t.strictSame(
    pushes.map(({ terminating }) => terminating),
    [false, false, true],
  )
  t.strictSame(
    pushes.map(({ compression }) => compression),
    ['zstd', 'zstd', 'zstd'],
  )
  t.equal(pushes[0]?.clientId, 'ottla')
  t.equal(it.clock.timerCount, 0)
})

t.test('the id is what the cluster gave, in 22 characters', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: {} })
  const id = await it.run(it.producer.clientInstanceId())
  t.match(id, /^[\w-]{22}$/)
  const pushes = it.cluster.requests.filter(({ api }) => api === 'GetTelemetrySubscriptions')
  t.equal((pushes[0]?.body as PushTelemetryRequest).clientInstanceId, ZERO_UUID)
  t.equal(await it.run(it.producer.clientInstanceId({ timeoutMs: 0 })), id)
  await it.run(it.producer.close())
  t.equal(it.cluster.telemetry.pushes[0]?.clientInstanceId, id)
  await t.rejects(it.producer.clientInstanceId(), { code: 'ERR_OTTLA_CLOSED' })
})

t.test('a cluster without a plug-in is never asked, and close waits for nothing', async (t) => {
  const it = await simulate(TOPICS)
  await send(it)
  const waiting = it.run(it.producer.clientInstanceId({ timeoutMs: 50 }))
  await t.rejects(waiting, { code: 'ERR_OTTLA_TIMEOUT', message: /no broker connected to so far/ })
  await it.clock.advanceSettled(600_000)
  await it.run(it.producer.close())
  t.strictSame(asked(it), [])
  t.throws(() => it.cluster.telemetry, /without `telemetry`/)
})

t.test('with metricsPush: false nothing is asked, and there is no id', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: {} }, { metricsPush: false })
  await send(it)
  await it.clock.advanceSettled(600_000)
  t.strictSame(asked(it), [])
  await t.rejects(it.producer.clientInstanceId(), { code: 'ERR_OTTLA_CONFIG' })
  await it.run(it.producer.close())
})

t.test('options of clientInstanceId are checked', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: {} })
  const wrong = it.producer.clientInstanceId({ timeoutMs: -1 })
  await t.rejects(wrong, { code: 'ERR_OTTLA_CONFIG', message: /^clientInstanceId was given/ })
  await it.run(it.producer.close())
})

t.test('no connection is made for it', async (t) => {
  const both = []
  for (const telemetry of [undefined, { pushIntervalMs: INTERVAL_MS }]) {
    const it = await simulate({ ...TOPICS, brokers: 3, telemetry })
    await send(it)
    await it.clock.advanceSettled(3 * INTERVAL_MS)
    both.push(it.cluster.connectionCount)
    await it.run(it.producer.close())
  }
  t.equal(both[1], both[0])
})

t.test('whoever the connection was opened for asks first', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: {} })
  await send(it)
  await it.clock.advanceSettled(10)
  const apis = it.cluster.requests.map(({ api }) => api)
  t.ok(apis.indexOf('Metadata') < apis.indexOf('GetTelemetrySubscriptions'), apis.join())
  await it.run(it.producer.close())
})

t.test('the cluster asks for something else, and for nothing', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: { pushIntervalMs: INTERVAL_MS } })
  await send(it)
  await it.clock.advanceSettled(INTERVAL_MS)
  it.cluster.telemetry.ask({ pushIntervalMs: 1000, requestedMetrics: [SENT] })
  await it.clock.advanceSettled(INTERVAL_MS + 1000)
  const last = it.cluster.telemetry.pushes.at(-1)
  t.strictSame(last && Object.keys(valuesOf(readOtlp(last.metrics))), [SENT])
  const asked = { pushIntervalMs: 1000, requestedMetrics: [SENT] }
  it.cluster.telemetry.ask({ ...asked, acceptedCompressionTypes: ['gzip'] }) // nothing but the codec
  await it.clock.advanceSettled(2500)
  t.equal(it.cluster.telemetry.pushes.at(-1)?.compression, 'gzip')
  it.cluster.telemetry.ask({ pushIntervalMs: 1000, requestedMetrics: [] })
  await it.clock.advanceSettled(2000)
  const count = it.cluster.telemetry.pushes.length
  await it.clock.advanceSettled(10_000)
  await it.run(it.producer.close())
  t.equal(it.cluster.telemetry.pushes.length, count)
})

t.test('a frozen broker holds close up for a second, and a dead one not at all', async (t) => {
  for (const [what, atMostMs] of [['freeze', 1000], ['stop', 0]] as const) {
    const it = await simulate({ ...TOPICS, telemetry: { pushIntervalMs: INTERVAL_MS } })
    await send(it)
    await it.clock.advanceSettled(INTERVAL_MS)
    if (what === 'freeze') it.cluster.broker(1).freeze()
    else await it.cluster.broker(1).stop()
    await it.clock.advanceSettled(10)
    const startedMs = it.clock.monotonicMs()
    await it.run(it.producer.close())
    t.ok(it.clock.monotonicMs() - startedMs <= atMostMs + 50, `${what} ${it.clock.monotonicMs() - startedMs}`)
  }
}) // prettier-ignore

t.test('close({ timeoutMs: 0 }) pushes nothing', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: { pushIntervalMs: INTERVAL_MS } })
  await send(it)
  await it.clock.advanceSettled(10)
  await it.run(it.producer.close({ timeoutMs: 0 }))
  t.strictSame(it.cluster.telemetry.pushes, [])
})

t.test('records are sent while telemetry is refused, slow or silent', async (t) => {
  const it = await simulate({ ...TOPICS, telemetry: { pushIntervalMs: INTERVAL_MS } })
  it.cluster.failNext('GetTelemetrySubscriptions', { silent: true })
  await send(it)
  const startedMs = it.clock.monotonicMs()
  for (let i = 0; i < 5; i++) await send(it)
  t.ok(it.clock.monotonicMs() - startedMs < 100)
  await it.run(it.producer.close())
})

t.test('the brokers judge as Kafka does', async (t) => {
  const cluster = await TestCluster.start({ telemetry: { telemetryMaxBytes: MAX_BYTES } })
  t.teardown(() => cluster.close())
  t.strictSame(await playTelemetry(cluster.bootstrap[0] as string), VERDICTS)
  t.strictSame(
    cluster.telemetry.pushes.map(({ compression }) => compression),
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  )
  for (const { metrics } of cluster.telemetry.pushes)
    t.equal(Buffer.from(metrics).toString(), PUSHED)
})

t.test('a broker forgets a client with its connection', async (t) => {
  const cluster = await TestCluster.start({ telemetry: {} })
  t.teardown(() => cluster.close())
  const [address = ''] = cluster.bootstrap
  const request = { clientInstanceId: 'AAECAwQFBgcICQoLDA0ODw' }
  for (let i = 0; i < 2; i++) {
    const { errorCode } = await ask(address, getTelemetrySubscriptions, 0, request)
    t.equal(errorCode, ErrorCodes.NONE)
    while (cluster.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
  }
})
