/**
 * What is pushed: Kafka's names for what a snapshot of metrics has, out of two snapshots.
 *
 *   sums      `…total`: since the beginning, or since the last push (delta temporality)
 *   rates     `…rate`: a second, since the last push
 *   windows   `…avg`, `…max`: of what was counted since the last push; absent where nothing was
 *   gauges    the rest: as it is now
 *
 * Java's averages and maxima are of sliding windows of 30 s; these are of the interval between two pushes.
 * A maximum comes from the histogram's buckets: it is the upper end of the highest one that has grown, so
 * at most 7 % too high, and never above the highest value ever seen.
 *
 * Names: `org.apache.kafka.` + the group of Java's metric without "-metrics" + its name, with dots.
 *
 * Spec: KIP-714; Kafka's TelemetryMetricNamingConvention, KafkaMetricsCollector, SenderMetricsRegistry.
 * Neighbours: ../metrics.ts is read; telemetry-reporter.ts pushes what comes of it.
 */
import type {
  BrokerMetrics,
  MetricsHistogram,
  ProducerMetrics,
  TopicMetrics,
  TransactionMetrics,
} from '../metrics.js'
import type { Attributes, Metric } from './otlp.js'

/** A snapshot and when it was taken: in ms since 1970, and on the clock that never jumps. */
export interface Reading {
  readonly timeMs: number
  readonly monotonicMs: number
  /** null: the beginning, when everything was 0. */
  readonly metrics: ProducerMetrics | null
}

/** From when to when, and how sums are told. */
export interface Interval {
  /** When the producer was made. */
  readonly beginning: Reading
  /** The last push. */
  readonly before: Reading
  readonly now: Reading & { readonly metrics: ProducerMetrics }
  readonly isDelta: boolean
}

/** How the metrics of one noun are read off its snapshot, by the end of their names. */
interface Readers<Snapshot> {
  /** What the names begin with: Kafka's group of them. */
  readonly group: string
  readonly sums: Readonly<Record<string, (it: Snapshot) => number>>
  readonly rates: Readonly<Record<string, (it: Snapshot) => number>>
  readonly windows: Readonly<Record<string, (it: Snapshot) => MetricsHistogram>>
  /** Windows of which Java tells no maximum. */
  readonly averages: Readonly<Record<string, (it: Snapshot) => MetricsHistogram>>
  readonly gauges: Readonly<Record<string, (it: Snapshot) => number | null>>
}

const NONE = { sums: {}, rates: {}, windows: {}, averages: {}, gauges: {} }

const NANOSECONDS_PER_MS = 1_000_000

const PRODUCER: Readers<ProducerMetrics> = {
  group: 'org.apache.kafka.producer.',
  sums: {
    'connection.creation.total': ({ connections }) => connections.opened,
    'successful.authentication.total': ({ connections }) => connections.authenticated,
    'successful.reauthentication.total': ({ connections }) => connections.reauthenticated,
    'failed.authentication.total': ({ connections }) => connections.authenticationsFailed,
    // Java counts a record that is sent and then fails in both.
    'record.send.total': (it) => it.recordsAcknowledged + it.recordsFailed,
    'record.error.total': (it) => it.recordsFailed,
    'record.retry.total': (it) => it.recordsRetried,
    'batch.split.total': (it) => it.batchesSplit,
    'request.total': (it) => it.requestsSent,
    'flush.time.ns.total': (it) => it.flushTimeMs.sum * NANOSECONDS_PER_MS,
  },
  rates: {
    'connection.creation.rate': ({ connections }) => connections.opened,
    'record.send.rate': (it) => it.recordsAcknowledged + it.recordsFailed,
    'record.error.rate': (it) => it.recordsFailed,
    'record.retry.rate': (it) => it.recordsRetried,
    'request.rate': (it) => it.requestsSent,
  },
  windows: {
    'record.queue.time': (it) => it.queueTimeMs,
    'request.latency': (it) => it.requestLatencyMs,
    'produce.throttle.time': (it) => it.throttleTimeMs,
    'batch.size': (it) => it.batchSizeBytes,
    'request.size': (it) => it.requestSizeBytes,
  },
  averages: { 'records.per.request.avg': (it) => it.recordsPerRequest },
  gauges: {
    'connection.count': ({ connections }) => connections.open,
    'compression.rate.avg': (it) => it.compressionRatio,
    'requests.in.flight': (it) => it.requestsInFlight,
    'metadata.age': ({ metadataAgeMs }) => (metadataAgeMs === null ? null : metadataAgeMs / 1000),
    'waiting.threads': (it) => it.waitingSends,
    'buffer.available.bytes': (it) => it.bufferAvailableBytes,
    'buffer.total.bytes': (it) => it.bufferTotalBytes,
  },
}

const TRANSACTIONS: Readers<TransactionMetrics> = {
  ...NONE,
  group: 'org.apache.kafka.producer.',
  sums: {
    'txn.init.time.ns.total': (it) => it.initTimeMs.sum * NANOSECONDS_PER_MS,
    'txn.send.offsets.time.ns.total': (it) => it.sendOffsetsTimeMs.sum * NANOSECONDS_PER_MS,
    'txn.commit.time.ns.total': (it) => it.commitTimeMs.sum * NANOSECONDS_PER_MS,
    'txn.abort.time.ns.total': (it) => it.abortTimeMs.sum * NANOSECONDS_PER_MS,
  },
}

const TOPIC: Readers<TopicMetrics> = {
  ...NONE,
  group: 'org.apache.kafka.producer.topic.',
  sums: {
    'record.send.total': (it) => it.recordsAcknowledged + it.recordsFailed,
    'record.error.total': (it) => it.recordsFailed,
    'record.retry.total': (it) => it.recordsRetried,
    'byte.total': (it) => it.bytesSent,
  },
  gauges: { 'compression.rate': (it) => it.compressionRatio },
}

const NODE: Readers<BrokerMetrics> = {
  ...NONE,
  group: 'org.apache.kafka.producer.node.',
  windows: { 'request.latency': (it) => it.requestLatencyMs },
}

/** The metrics of an interval whose names are wanted. */
export function metricsOf(interval: Interval, wants: (name: string) => boolean): Metric[] {
  const { before, now } = interval
  const found = new MetricList(interval, wants)
  found.add(PRODUCER, {}, before.metrics, now.metrics)
  const { transactions } = now.metrics
  if (transactions !== null) {
    found.add(TRANSACTIONS, {}, before.metrics?.transactions ?? null, transactions)
  }
  for (const [topic, metrics] of Object.entries(now.metrics.topics)) {
    found.add(TOPIC, { topic }, before.metrics?.topics[topic] ?? null, metrics)
  }
  for (const [nodeId, metrics] of Object.entries(now.metrics.brokers)) {
    const earlier = before.metrics?.brokers[Number(nodeId)] ?? null
    found.add(NODE, { node_id: `node-${nodeId}` }, earlier, metrics) // as Java names it
  }
  return found.metrics
}

/** Metrics by name, each with a number for each of what it is about. */
class MetricList {
  readonly #interval: Interval
  readonly #wants: (name: string) => boolean
  readonly #byName = new Map<string, Metric & { readonly points: Metric['points'][number][] }>()

  constructor(interval: Interval, wants: (name: string) => boolean) {
    this.#interval = interval
    this.#wants = wants
  }

  get metrics(): Metric[] {
    return [...this.#byName.values()]
  }

  add<It>(readers: Readers<It>, attributes: Attributes, before: It | null, now: It): void {
    const { group, sums, rates, windows, averages, gauges } = readers
    const earlier = (read: (it: It) => number): number => (before === null ? 0 : read(before))
    const window = (read: (it: It) => MetricsHistogram): Window | null =>
      windowOf(before === null ? null : read(before), read(now))
    for (const [name, read] of Object.entries(sums)) {
      this.#sum(group + name, attributes, read(now), earlier(read))
    }
    for (const [name, read] of Object.entries(rates)) {
      this.#gauge(group + name, attributes, this.#perSecond(read(now) - earlier(read)))
    }
    for (const [name, read] of Object.entries(windows)) {
      const { avg = null, max = null } = window(read) ?? {}
      this.#gauge(`${group}${name}.avg`, attributes, avg)
      this.#gauge(`${group}${name}.max`, attributes, max)
    }
    for (const [name, read] of Object.entries(averages)) {
      this.#gauge(group + name, attributes, window(read)?.avg ?? null)
    }
    for (const [name, read] of Object.entries(gauges)) {
      this.#gauge(group + name, attributes, read(now))
    }
  }

  #sum(name: string, attributes: Attributes, total: number, earlier: number): void {
    const { isDelta, before, beginning } = this.#interval
    const startMs = (isDelta ? before : beginning).timeMs
    const value = isDelta ? Math.max(0, total - earlier) : total
    this.#put(name, 'sum', { value, attributes, startMs })
  }

  #gauge(name: string, attributes: Attributes, value: number | null): void {
    if (value !== null) this.#put(name, 'gauge', { value, attributes, startMs: 0 })
  }

  #put(name: string, kind: Metric['kind'], point: Metric['points'][number]): void {
    if (!this.#wants(name)) return
    const metric = this.#byName.get(name) ?? { name, kind, points: [] }
    metric.points.push(point)
    this.#byName.set(name, metric)
  }

  #perSecond(count: number): number | null {
    const { before, now } = this.#interval
    const seconds = (now.monotonicMs - before.monotonicMs) / 1000
    return seconds > 0 ? Math.max(0, count) / seconds : null
  }
}

interface Window {
  readonly avg: number
  readonly max: number
}

/** Average and maximum of what was counted between two snapshots; null where nothing was. */
function windowOf(before: MetricsHistogram | null, now: MetricsHistogram): Window | null {
  const count = now.count - (before?.count ?? 0)
  if (count <= 0) return null
  const earlier = new Map(before?.buckets.map((bucket) => [bucket.upTo, bucket.count]))
  const highest = now.buckets.findLast(({ upTo, count }) => count > (earlier.get(upTo) ?? 0))
  const max = highest === undefined ? now.max : Math.min(highest.upTo, now.max)
  return { avg: (now.sum - (before?.sum ?? 0)) / count, max }
}
