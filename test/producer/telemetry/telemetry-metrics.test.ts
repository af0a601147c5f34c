/** Kafka's names and values out of two snapshots. */
import t from 'tap'
import { metricsOf, type Reading } from '../../../src/producer/telemetry/telemetry-metrics.js'
import type { Metric } from '../../../src/producer/telemetry/otlp.js'
import type { ProducerMetrics } from '../../../src/producer/metrics.js'
import { histogram, snapshot } from './support/snapshots.js'

const GROUP = 'org.apache.kafka.producer.'
const BEGINNING: Reading = { timeMs: 1000, monotonicMs: 0, metrics: null }

const reading = <M extends ProducerMetrics | null>(
  monotonicMs: number,
  metrics: M,
): Reading & { readonly metrics: M } => ({ timeMs: 1000 + monotonicMs, monotonicMs, metrics })

function measured(
  before: Reading,
  now: ProducerMetrics,
  { isDelta = true, wants = (_name: string): boolean => true, atMs = 30_000 } = {},
): Metric[] {
  return metricsOf({ beginning: BEGINNING, before, now: reading(atMs, now), isDelta }, wants)
}

function point(metrics: readonly Metric[], name: string): Metric['points'][number] | undefined {
  return metrics.find((metric) => metric.name === GROUP + name)?.points[0]
}

const value = (metrics: readonly Metric[], name: string): number | undefined =>
  point(metrics, name)?.value

t.test("Kafka's standard set is there, by its names", async (t) => {
  const latency = histogram(30, { 10: 1, 20: 1 })
  const now = snapshot({
    connections: { ...snapshot().connections, opened: 3 },
    ...{ queueTimeMs: latency, requestLatencyMs: latency, throttleTimeMs: latency },
    brokers: {
      2: {
        ...{ requestsSent: 2, answersLost: 0, bytesSent: 9, requestsInFlight: 0 },
        ...{ requestLatencyMs: latency, throttleTimeMs: latency },
      },
    },
  })
  const metrics = measured(BEGINNING, now)
  t.equal(value(metrics, 'connection.creation.total'), 3)
  t.equal(value(metrics, 'connection.creation.rate'), 0.1)
  for (const name of ['record.queue.time', 'request.latency', 'produce.throttle.time']) {
    t.equal(value(metrics, `${name}.avg`), 15, name)
    t.equal(value(metrics, `${name}.max`), 20, name)
  }
  t.strictSame(point(metrics, 'node.request.latency.avg'), {
    ...{ value: 15, attributes: { node_id: 'node-2' }, startMs: 0 },
  })
  t.equal(value(metrics, 'node.request.latency.max'), 20)
})

t.test('totals: since the last push, or since the beginning', async (t) => {
  const before = reading(20_000, snapshot({ recordsAcknowledged: 10, recordsFailed: 1 }))
  const now = snapshot({ recordsAcknowledged: 17, recordsFailed: 3 })
  const delta = measured(before, now)
  t.strictSame(point(delta, 'record.send.total'), { value: 9, attributes: {}, startMs: 21_000 })
  t.equal(value(delta, 'record.error.total'), 2)
  const cumulative = measured(before, now, { isDelta: false })
  const total = { value: 20, attributes: {}, startMs: BEGINNING.timeMs }
  t.strictSame(point(cumulative, 'record.send.total'), total)
  t.equal(value(cumulative, 'record.error.total'), 3)
  t.equal(value(delta, 'record.send.rate'), 0.9)
  t.equal(value(cumulative, 'record.send.rate'), 0.9, 'a rate is of the interval either way')
})

t.test('the first delta is all there was since the beginning', async (t) => {
  const metrics = measured(BEGINNING, snapshot({ requestsSent: 4 }))
  t.strictSame(point(metrics, 'request.total'), { value: 4, attributes: {}, startMs: 1000 })
})

t.test('averages and maxima are of what was counted in between', async (t) => {
  const before = reading(20_000, snapshot({ requestLatencyMs: histogram(1000, { 10: 5, 950: 1 }) }))
  const now = snapshot({ requestLatencyMs: histogram(1070, { 10: 6, 64: 1, 950: 1 }) })
  const metrics = measured(before, now)
  t.equal(value(metrics, 'request.latency.avg'), 35)
  t.equal(value(metrics, 'request.latency.max'), 64, 'not the 950 of before')
})

t.test('a maximum is never above the highest value seen', async (t) => {
  const metrics = measured(BEGINNING, snapshot({ batchSizeBytes: histogram(61, { 64: 1 }, 61) }))
  t.equal(value(metrics, 'batch.size.max'), 61)
})

t.test('where nothing was counted there is no average, and no maximum', async (t) => {
  const latency = histogram(30, { 10: 1, 20: 1 })
  const metrics = measured(
    reading(20_000, snapshot({ requestLatencyMs: latency })),
    snapshot({ requestLatencyMs: latency }),
  )
  t.equal(value(metrics, 'request.latency.avg'), undefined)
  t.equal(value(metrics, 'request.latency.max'), undefined)
})

t.test('two readings at one time have no rates', async (t) => {
  const metrics = measured(reading(30_000, snapshot()), snapshot({ requestsSent: 4 }))
  t.equal(value(metrics, 'request.rate'), undefined)
  t.equal(value(metrics, 'request.total'), 4)
})

t.test('topics have an attribute, and one that is new begins at 0', async (t) => {
  const topic = {
    ...{ recordsAcknowledged: 5, recordsFailed: 0, recordsRetried: 1 },
    ...{ batchesSent: 2, bytesSent: 300, compressionRatio: 0.5 },
  }
  const before = reading(20_000, snapshot({ topics: { a: topic } }))
  const grown = { ...topic, recordsAcknowledged: 8 }
  const metrics = measured(before, snapshot({ topics: { a: grown, b: topic } }))
  const sent = metrics.find(({ name }) => name === `${GROUP}topic.record.send.total`)
  t.strictSame(sent?.points, [
    { value: 3, attributes: { topic: 'a' }, startMs: 21_000 },
    { value: 5, attributes: { topic: 'b' }, startMs: 21_000 },
  ])
  t.equal(value(metrics, 'topic.compression.rate'), 0.5)
})

t.test('times of transactions are in nanoseconds, as in Java', async (t) => {
  const none = histogram(0, {})
  const transactions = {
    ...{ begun: 1, committed: 1, aborted: 0, unknown: 0, fenced: 0 },
    ...{ initTimeMs: histogram(3, { 3: 1 }) },
    ...{ sendOffsetsTimeMs: none, commitTimeMs: histogram(2.5, { 3: 1 }), abortTimeMs: none },
  }
  const metrics = measured(BEGINNING, snapshot({ transactions }))
  t.equal(value(metrics, 'txn.init.time.ns.total'), 3_000_000)
  t.equal(value(metrics, 'txn.commit.time.ns.total'), 2_500_000)
  t.equal(value(metrics, 'txn.abort.time.ns.total'), 0)
})

t.test('only what is wanted', async (t) => {
  const wants = (name: string): boolean => name.startsWith(`${GROUP}record.`)
  const metrics = measured(BEGINNING, snapshot(), { wants })
  t.ok(metrics.length > 3)
  t.ok(metrics.every(({ name }) => name.startsWith(`${GROUP}record.`)))
})
