/**
 * Client telemetry (KIP-714) against a real Kafka with a plug-in: what it receives of our producer; that
 * Kafka's own producer sends the same names; and that the test cluster judges as Kafka does.
 */
import { Producer } from '../../src/index.js'
import { metricsOf } from '../../src/producer/telemetry/telemetry-metrics.js'
import { brokerTest } from '../broker/broker-test.js'
import { subscribeTo, telemetryKafka, type ReceivedPush } from '../broker/telemetry.js'
import { waitUntil } from '../broker/wait.js'
import { newTopic } from '../producer/broker/bench.js'
import { fullSnapshot } from '../producer/telemetry/support/snapshots.js'
import { readOtlp, valuesOf } from '../producer/telemetry/support/read-otlp.js'
import { MAX_BYTES, playTelemetry, PUSHED, VERDICTS } from './support/telemetry-script.js'

const INTERVAL_MS = 100
const GROUP = 'org.apache.kafka.producer.'
const SENT = `${GROUP}record.send.total`

const telemetry = telemetryKafka(MAX_BYTES)

async function received(clientId: string): Promise<ReceivedPush[]> {
  return (await telemetry.pushes()).filter((push) => push.clientId === clientId)
}

function values({ metrics }: ReceivedPush): Record<string, number> {
  return valuesOf(readOtlp(metrics))
}

await brokerTest(
  'Kafka judges raw requests as the test cluster does',
  async (t, kafka) => {
    const clientId = 'ottla-test-admin'
    const match = `client_id=${clientId}`
    await subscribeTo(kafka, { name: 'raw', 'interval.ms': 600_000, metrics: '*', match })
    t.strictSame(await playTelemetry(kafka.bootstrap[0] as string), VERDICTS)
    const pushes = await received(clientId)
    t.strictSame(
      pushes.map(({ metrics }) => metrics.toString()),
      ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map(() => PUSHED),
    )
  },
  telemetry.options,
)

await brokerTest(
  'the plug-in receives what the producer has done, and what it did last',
  async (t, kafka) => {
    const clientId = 'ottla-pusher'
    const match = `client_id=${clientId}`
    await subscribeTo(kafka, { name: 'ottla', 'interval.ms': INTERVAL_MS, metrics: '*', match })
    const topic = await newTopic(kafka)
    const producer = new Producer({ brokers: kafka.bootstrap, clientId })
    const id = await producer.clientInstanceId()
    t.match(id, /^[\w-]{22}$/)
    for (let i = 0; i < 50; i++) await producer.send({ topic, value: `record ${i}` })
    const what = 'three pushes'
    await waitUntil(async () => (await received(clientId)).length >= 3, { what, timeoutMs: 30_000 })
    await producer.send({ topic, value: 'the last one' })
    await producer.close()

    const pushes = await received(clientId)
    t.strictSame([...new Set(pushes.map((push) => push.clientInstanceId))], [id])
    const last = pushes.findIndex(({ terminating }) => terminating)
    t.equal(last, pushes.length - 1, 'the last push, and no other, says that it is the last')
    const sent = pushes.map((push) => values(push)[SENT] ?? NaN)
    t.equal(
      sent.reduce((sum, count) => sum + count, 0),
      51,
      'deltas add up to all records',
    )
    const [first] = pushes
    const { metrics, scope } = readOtlp((first as ReceivedPush).metrics)
    t.equal(scope.name, 'ottla')
    t.ok(metrics.every(({ name }) => name.startsWith(GROUP)))
    t.equal(metrics.find(({ name }) => name === SENT)?.temporality, 'delta')
  },
  telemetry.options,
)

await brokerTest(
  'only what was asked for is pushed; for those who want none, nothing',
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const metrics = `${GROUP}record.send.`
    const match = 'client_id=ottla-some'
    await subscribeTo(kafka, { name: 'some', 'interval.ms': INTERVAL_MS, metrics, match })
    for (const [clientId, metricsPush] of [
      ['ottla-some', true],
      ['ottla-none', true],
      ['ottla-off', false],
    ] as const) {
      const producer = new Producer({ brokers: kafka.bootstrap, clientId, metricsPush })
      await producer.send({ topic, value: 'x' })
      if (metricsPush) await producer.clientInstanceId()
      await producer.close()
    }
    const some = await received('ottla-some')
    t.ok(some.length > 0)
    for (const push of some) {
      t.strictSame(Object.keys(values(push)).sort(), [`${GROUP}record.send.rate`, SENT])
    }
    t.strictSame(await received('ottla-none'), [])
    t.strictSame(await received('ottla-off'), [])
  },
  telemetry.options,
)

await brokerTest(
  "every name is one that Kafka's own producer sends",
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const match = 'client_id=name-.*'
    await subscribeTo(kafka, { name: 'names', 'interval.ms': INTERVAL_MS, metrics: '*', match })
    const producer = new Producer({ brokers: kafka.bootstrap, clientId: 'name-ottla' })
    await producer.clientInstanceId()
    await producer.send({ topic, value: 'x' })
    await producer.close()
    t.match(await telemetry.pushWithJava(kafka, topic, 'name-java'), /^[\w-]{22}$/)
    const [sent, javas] = await Promise.all([namesOf('name-ottla'), namesOf('name-java')])
    const ours = [...new Set([...sent, ...allNames()])]
    t.ok(sent.size > 20, `${sent.size} of ours`)
    t.ok(javas.size > ours.length, `${javas.size} of Java's`)
    t.strictSame(
      ours.filter((name) => !javas.has(name)),
      [],
    )
  },
  telemetry.options,
)

async function namesOf(clientId: string): Promise<Set<string>> {
  const pushes = await received(clientId)
  return new Set(pushes.flatMap((push) => namesIn(push.metrics)))
}

/** Whatever a producer may come to have: of topics, brokers and transactions too. */
function allNames(): string[] {
  const beginning = { timeMs: 0, monotonicMs: 0, metrics: null }
  const now = { timeMs: 1, monotonicMs: 1, metrics: fullSnapshot() }
  const interval = { beginning, before: beginning, now, isDelta: true }
  return metricsOf(interval, () => true).map(({ name }) => name)
}

/** Java has a resource of its own for each metric, so that they are sought as text. */
function namesIn(metrics: Buffer): string[] {
  return metrics.toString('latin1').match(/org\.apache\.kafka\.[a-z.]+/g) ?? []
}
