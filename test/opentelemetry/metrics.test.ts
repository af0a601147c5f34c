/**
 * Metrics of `ottla/opentelemetry` as OpenTelemetry's SDK collects them.
 */
import {
  MeterProvider,
  MetricReader,
  type DataPoint,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics'
import t, { type Test } from 'tap'
import type { MetricsHistogram, ProducerMetrics } from '../../src/index.js'
import { observeMetrics, operationMetrics, tracing } from '../../src/opentelemetry/opentelemetry.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { newProducer, startCluster } from './world.js'

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** A meter provider whose metrics are read when a test asks. */
class Metrics {
  readonly #reader = new ManualReader()
  readonly provider = new MeterProvider({ readers: [this.#reader] })

  async read(): Promise<Map<string, MetricData>> {
    const { resourceMetrics, errors } = await this.#reader.collect()
    if (errors.length > 0) throw errors[0]
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return new Map(all.map((data) => [data.descriptor.name, data]))
  }
}

function points(data: MetricData | undefined): DataPoint<number>[] {
  return (data?.dataPoints ?? []) as DataPoint<number>[]
}

/** The one value of an instrument. */
function valueOf(metrics: ReadonlyMap<string, MetricData>, name: string): number | undefined {
  return points(metrics.get(name))[0]?.value
}

function histogram(count: number, sum = 0, max = 0): MetricsHistogram {
  const [min, mean] = [0, count === 0 ? 0 : sum / count]
  return { count, sum, min, max, mean, p50: max / 2, p95: max, p99: max, buckets: [] }
}

/** A snapshot, as another producer would have it; each call counts. */
function snapshotOf(reads: { count: number }): ProducerMetrics {
  reads.count++
  const none = histogram(0)
  const broker = {
    ...{ requestsSent: 5, answersLost: 1, bytesSent: 500, requestsInFlight: 2 },
    ...{ requestLatencyMs: histogram(5, 250, 100), throttleTimeMs: none },
  }
  const topic = {
    ...{ recordsAcknowledged: 40, recordsFailed: 2, recordsRetried: 3, batchesSent: 6 },
    ...{ bytesSent: 500, compressionRatio: 0.25 },
  }
  return {
    ...{ createdAtMs: 0, readAtMs: 1000, recordsAcknowledged: 40, recordsFailed: 2 },
    recordsNotAppended: 5,
    ...{ recordsRetried: 3, batchesSent: 6, batchesRetried: 1, batchesSplit: 1, bytesSent: 500 },
    ...{ requestsSent: 5, answersLost: 1, compressionRatio: 0.25, compressionChoices: {} },
    ...{ bufferAvailableBytes: 900, bufferTotalBytes: 1000, bufferExhausted: 4, waitingSends: 7 },
    ...{ batchesIncomplete: 2, requestsInFlight: 2, metadataAgeMs: 1500 },
    ...{ queueTimeMs: histogram(6, 60, 20), requestLatencyMs: none, acknowledgeTimeMs: none },
    ...{ batchSizeBytes: histogram(6, 500, 200), recordsPerBatch: none, recordsPerRequest: none },
    ...{ requestSizeBytes: none, throttleTimeMs: none, flushTimeMs: none },
    connections: {
      ...{ open: 3, opened: 4, lost: 1, failed: 2 },
      ...{ authenticated: 0, reauthenticated: 0, authenticationsFailed: 0 },
    },
    topics: { orders: topic },
    brokers: { 1: broker },
    transactions: null,
  }
}

t.test('a snapshot is read once for each collection, into all instruments', async (t) => {
  const metrics = new Metrics()
  const reads = { count: 0 }
  const producer = { metrics: () => snapshotOf(reads), clientId: 'shop' }
  observeMetrics(producer, { meter: metrics.provider, attributes: { zone: 'b' } })
  const first = await metrics.read()
  t.equal(reads.count, 1)
  const common = { 'messaging.system.name': 'kafka', 'messaging.client.id': 'shop', zone: 'b' }
  t.match(points(first.get('messaging.client.sent.messages')), [
    { value: 40, attributes: { ...common, 'messaging.destination.name': 'orders' } },
  ])
  t.match(points(first.get('ottla.producer.requests.lost')), [
    { value: 1, attributes: { ...common, 'ottla.broker.id': 1 } },
  ])
  t.strictSame(points(first.get('ottla.producer.buffer.available'))[0]?.attributes, common)
  t.equal(valueOf(first, 'ottla.producer.buffer.available'), 900)
  t.equal(valueOf(first, 'ottla.producer.metadata.age'), 1.5)
  t.equal(valueOf(first, 'ottla.producer.connections.failed'), 2)
  t.equal(first.get('ottla.producer.transactions.begun'), undefined, 'it has none')
  await metrics.read()
  t.equal(reads.count, 2)
})

t.test('a histogram becomes count, sum and quantiles, times in seconds', async (t) => {
  const metrics = new Metrics()
  observeMetrics({ metrics: () => snapshotOf({ count: 0 }) }, { meter: metrics.provider })
  const all = await metrics.read()
  t.equal(valueOf(all, 'ottla.producer.queue.time.count'), 6)
  t.equal(valueOf(all, 'ottla.producer.queue.time.sum'), 0.06)
  t.equal(all.get('ottla.producer.queue.time')?.descriptor.unit, 's')
  t.strictSame(
    points(all.get('ottla.producer.queue.time')).map(({ attributes, value }) => [
      ...[attributes['quantile'], value],
    ]),
    [
      ['0.5', 0.01],
      ['0.95', 0.02],
      ['0.99', 0.02],
      ['1', 0.02],
    ],
  )
  t.equal(valueOf(all, 'ottla.producer.batch.size.sum'), 500)
  t.equal(valueOf(all, 'ottla.producer.request.latency.sum'), 0.25)
  t.equal(all.get('ottla.producer.flush.time'), undefined, 'no quantiles of nothing')
})

t.test('a producer is taken off again', async (t) => {
  const metrics = new Metrics()
  const reads = { count: 0 }
  const remove = observeMetrics(
    { metrics: () => snapshotOf(reads) },
    { meter: metrics.provider.getMeter('mine') },
  )
  await metrics.read()
  remove()
  await metrics.read()
  t.equal(reads.count, 1)
})

t.test('two producers of one meter are told apart, or the second is refused', async (t) => {
  const metrics = new Metrics()
  const meter = metrics.provider
  const reads = { count: 0 }
  const source = { metrics: () => snapshotOf(reads), clientId: 'shop', status: 'ok' }
  const shop = { ...source, health: () => ({ status: source.status }) }
  const stop = observeMetrics(shop, { meter })
  const refusal = { name: 'ConfigError', message: /"messaging.client.id":"shop".*a clientId of its own/ }
  t.throws(() => observeMetrics({ ...shop }, { meter }), refusal)
  t.throws(() => observeMetrics({ ...shop }, { meter, clientId: undefined }), refusal)
  observeMetrics(shop, { meter, attributes: { pool: 1 } })
  observeMetrics({ ...source, clientId: 'web' }, { meter })
  const observedCount = async (): Promise<number> => {
    reads.count = 0
    await metrics.read()
    return reads.count
  }
  t.equal(await observedCount(), 3)
  const sent = points((await metrics.read()).get('messaging.client.sent.messages'))
  t.strictSame(new Set(sent.map((it) => it.attributes['messaging.client.id'])), new Set(['shop', 'web']))
  source.status = 'closed'
  const stopNext = observeMetrics({ ...source }, { meter })
  t.equal(await observedCount(), 3, 'it has taken the place of the closed one')
  stop()
  t.equal(await observedCount(), 3, 'which is gone already')
  stopNext()
  t.equal(await observedCount(), 2)
  observeMetrics({ ...source }, { meter })
}) // prettier-ignore

t.test('without an SDK nothing is read', async (t) => {
  const reads = { count: 0 }
  observeMetrics({ metrics: () => snapshotOf(reads) })()
  t.equal(reads.count, 0)
})

/** What was recorded of operations. */
async function durations(metrics: Metrics): Promise<DataPoint<Histogram>[]> {
  const all = await metrics.read()
  return (all.get('messaging.client.operation.duration')?.dataPoints ??
    []) as DataPoint<Histogram>[]
}

async function measured(t: Test) {
  const cluster = await startCluster(t)
  const metrics = new Metrics()
  const options = { meter: metrics.provider, clientId: 'shop' }
  return { cluster, metrics, producer: newProducer(t, cluster, [operationMetrics(options)]) }
}

t.test('each call is one operation, however many its records', async (t) => {
  const { metrics, producer } = await measured(t)
  await producer.send({ topic: 'orders', value: 'v' })
  producer.enqueue({ topic: 'orders', value: 'v' })
  await producer.sendAll(['1', '2'].map((value) => ({ topic: 'orders', value })))
  const [operations, ...others] = await durations(metrics)
  t.strictSame(others, [])
  t.equal(operations?.value.count, 3)
  t.ok((operations?.value.sum ?? 0) > 0 && (operations?.value.sum ?? 0) < 60, 'in seconds')
  t.equal(operations?.value.buckets.boundaries[0], 0.005)
  t.strictSame(operations?.attributes, {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.client.id': 'shop',
  })
})

t.test('one that failed has the error, a sendAll that of the first', async (t) => {
  const { cluster, metrics, producer } = await measured(t)
  cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  await t.rejects(producer.send({ topic: 'orders', value: 'v' }))
  const records = ['1', 2].map((value) => ({ topic: 'orders', value: value as string }))
  await t.rejects(producer.sendAll(records))
  await t.rejects(producer.send(null as never))
  t.strictSame(
    (await durations(metrics)).map(({ attributes }) => [
      ...[attributes['messaging.destination.name'], attributes['error.type']],
    ]),
    [
      ['orders', 'INVALID_RECORD'],
      ['orders', 'ERR_OTTLA_SERIALIZATION'],
      [undefined, 'ERR_OTTLA_INVALID_RECORD'],
    ],
  )
})

t.test('options that there are not are refused by name', async (t) => {
  const wrong = { foo: 1 }
  const source = { metrics: (): ProducerMetrics => ({}) as ProducerMetrics }
  const refused = (message: RegExp) => ({ name: 'ConfigError', message })
  t.throws(() => tracing(wrong as object), refused(/unknown option "foo" of tracing: it takes tracerProvider, /))
  t.throws(() => tracing(null as unknown as object), refused(/^tracing takes an object/))
  t.throws(() => operationMetrics(wrong as object), refused(/"foo" of operationMetrics: it takes meter, /))
  t.throws(() => observeMetrics(source, wrong as object), refused(/"foo" of observeMetrics/))
}) // prettier-ignore
