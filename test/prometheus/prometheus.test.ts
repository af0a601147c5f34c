/**
 * What prom-client makes of a producer's metrics: its text is read as a scraper reads it, in both formats.
 */
import { AggregatorRegistry, Counter, Registry, register } from 'prom-client'
import t, { type Test } from 'tap'
import { ConfigError } from '../../src/index.js'
import { FIGURES } from '../../src/prometheus/figures.js'
import { collectMetrics } from '../../src/prometheus/prometheus.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { Producer, TransactionalProducer } from '../../src/index.js'
import { checkHistograms, parse, valueOf, type Exposition } from './support/exposition.js'
import { BROKER, histogramOf, MadeUpProducer, TOPIC } from './support/snapshot.js'

const P = 'ottla_producer_'

async function scrape(registry: { metrics(): Promise<string> }): Promise<Exposition> {
  return parse(await registry.metrics())
}

function shown(t: Test, ...producers: MadeUpProducer[]): Registry {
  const registry = new Registry()
  for (const producer of producers) t.teardown(collectMetrics(producer, { registry }))
  return registry
}

t.test('seconds, bytes, ratios and totals, with the labels of the producer', async (t) => {
  const found = await scrape(shown(t, new MadeUpProducer()))
  const labels = { client_id: 'shop' }
  t.equal(valueOf(found, `${P}records_acknowledged_total`, labels), 7)
  t.equal(valueOf(found, `${P}compression_ratio`), 0.5)
  t.equal(valueOf(found, `${P}buffer_size_bytes`), 1024)
  t.equal(valueOf(found, `${P}metadata_age_seconds`), 1.5)
  t.equal(valueOf(found, `${P}start_time_seconds`), 1_700_000_000)
  t.equal(valueOf(found, `${P}authentications_failed_total`), 2)
  t.equal(valueOf(found, `${P}ready`), 1)
  t.equal(valueOf(found, `${P}oldest_unsettled_seconds`), 0.25)
  t.equal(valueOf(found, `${P}topic_records_failed_total`, { topic: 'orders', ...labels }), 1)
  t.equal(valueOf(found, `${P}broker_requests_in_flight`, { broker: '1', ...labels }), 2)
  t.equal(found.types.get(`${P}records_acknowledged_total`), 'counter')
  t.equal(found.types.get(`${P}waiting_sends`), 'gauge')
})

t.test('names keep to the conventions, and there is no label of a partition or key', async (t) => {
  const found = await scrape(shown(t, new MadeUpProducer()))
  t.equal(found.types.size, FIGURES.length)
  for (const { name, type, help } of FIGURES) {
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.match(help, /^[A-Z0-9].*\.$/, 'a sentence')
    t.notMatch(name, /_ms\b|_count$|_sum$|_bucket$|_created$|_info$/)
  }
  const labels = new Set(found.series.flatMap((one) => Object.keys(one.labels)))
  t.strictSame([...labels].sort(), ['broker', 'client_id', 'le', 'topic'])
})

t.test('histograms: cumulative counts, a sum and a count', async (t) => {
  const requestLatencyMs = histogramOf(0.4, 1, 1.5, 40, 40, 900, 500_000)
  const found = await scrape(shown(t, new MadeUpProducer('shop', { requestLatencyMs })))
  t.ok(checkHistograms(found) > 10)
  const name = `${P}request_latency_seconds`
  const upTo = (le: string): number | undefined => valueOf(found, `${name}_bucket`, { le })
  t.strictSame(
    ['0.001', '0.002', '0.02', '0.05', '1', '120', '+Inf'].map(upTo),
    [2, 3, 3, 5, 6, 6, 7],
  )
  t.equal(valueOf(found, `${name}_sum`), (0.4 + 1 + 1.5 + 80 + 900 + 500_000) / 1000)
  t.equal(valueOf(found, `${name}_count`), 7)
  t.equal(valueOf(found, `${P}broker_request_latency_seconds_count`, { broker: '1' }), 2)
})

t.test('a bucket across a bound counts above it', async (t) => {
  const queueTimeMs = { ...histogramOf(), count: 3, sum: 3, buckets: [{ upTo: 1.04, count: 3 }] }
  const found = await scrape(shown(t, new MadeUpProducer('shop', { queueTimeMs })))
  const upTo = (le: string): unknown => valueOf(found, `${P}queue_time_seconds_bucket`, { le })
  t.strictSame([upTo('0.001'), upTo('0.002')], [0, 3])
})

t.test('one snapshot of each producer a scrape, none without', async (t) => {
  const producers = [new MadeUpProducer('a'), new MadeUpProducer('b')]
  const registry = shown(t, ...producers)
  t.strictSame(producers.map(({ asked }) => asked), [0, 0]) // prettier-ignore
  await registry.metrics()
  t.strictSame(producers.map(({ asked }) => asked), [1, 1]) // prettier-ignore
  await registry.getMetricsAsJSON()
  t.strictSame(producers.map(({ asked }) => asked), [2, 2]) // prettier-ignore
})

t.test('several producers in one registry, told apart by client_id', async (t) => {
  const [a, b] = [new MadeUpProducer('a'), new MadeUpProducer('b', { recordsAcknowledged: 9 })]
  const registry = new Registry()
  const removeA = collectMetrics(a, { registry })
  const removeB = collectMetrics(b, { registry, labels: { pod: 3 } })
  const name = `${P}records_acknowledged_total`
  const both = await scrape(registry)
  t.equal(valueOf(both, name, { client_id: 'a' }), 7)
  t.equal(valueOf(both, name, { client_id: 'b', pod: '3' }), 9)
  removeA()
  removeA()
  const one = await scrape(registry)
  t.equal(valueOf(one, name, { client_id: 'a' }), undefined)
  t.equal(valueOf(one, name, { client_id: 'b' }), 9)
  removeB()
  t.equal((await registry.metrics()).trim(), '', 'nothing is left behind')
})

t.test('the same labels twice are refused, unless the other is closed', async (t) => {
  const registry = new Registry()
  const first = new MadeUpProducer()
  collectMetrics(first, { registry })
  const second = new MadeUpProducer('shop', { recordsAcknowledged: 1 })
  t.throws(() => collectMetrics(second, { registry }), {
    name: 'ConfigError',
    message: /client_id.*shop.*clientId of its own/,
  })
  first.status = 'closed'
  const closed = await scrape(registry)
  t.equal(valueOf(closed, `${P}records_acknowledged_total`), 7, 'its last figures stay')
  collectMetrics(second, { registry })
  t.equal(valueOf(await scrape(registry), `${P}records_acknowledged_total`), 1)
})

t.test('OpenMetrics: counters named without _total, and an end; and back', async (t) => {
  const registry = shown(t, new MadeUpProducer())
  const asAny =
    registry as unknown as Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>
  for (let round = 0; round < 2; round++) {
    asAny.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const text = await registry.metrics()
    t.ok(text.endsWith('\n# EOF\n'))
    const open = parse(text)
    t.equal(open.types.get(`${P}records_acknowledged`), 'counter')
    t.equal(valueOf(open, `${P}records_acknowledged_total`), 7)
    t.ok(checkHistograms(open) > 10)
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE)
    const plain = await scrape(registry)
    t.equal(plain.types.get(`${P}records_acknowledged_total`), 'counter')
    t.equal(valueOf(plain, `${P}records_acknowledged_total`), 7)
  }
})

t.test('by topic and by broker may be left out', async (t) => {
  const registry = new Registry()
  t.teardown(collectMetrics(new MadeUpProducer(), { registry, byTopic: false, byBroker: false }))
  const { series } = await scrape(registry)
  t.strictSame(series.filter(({ labels }) => 'topic' in labels || 'broker' in labels), []) // prettier-ignore
})

t.test('labels of a topic are escaped, and default labels of the registry stay', async (t) => {
  const topics = { 'a"b\\c\nd': TOPIC }
  const registry = shown(t, new MadeUpProducer('shop', { topics, brokers: { 7: BROKER } }))
  registry.setDefaultLabels({ app: 'web' })
  const found = await scrape(registry)
  const labels = { topic: 'a"b\\c\nd', app: 'web' }
  t.equal(valueOf(found, `${P}topic_records_acknowledged_total`, labels), 7)
  t.equal(valueOf(found, `${P}broker_requests_sent_total`, { broker: '7', app: 'web' }), 5)
})

t.test('transactions are shown where there are any', async (t) => {
  const none = histogramOf()
  const transactions = {
    ...{ begun: 5, committed: 2, aborted: 1, unknown: 1, fenced: 1, initTimeMs: none },
    ...{ sendOffsetsTimeMs: none, commitTimeMs: histogramOf(30), abortTimeMs: none },
  }
  const found = await scrape(shown(t, new MadeUpProducer('shop', { transactions })))
  t.equal(valueOf(found, `${P}transactions_committed_total`), 2)
  t.equal(valueOf(found, `${P}transaction_commit_time_seconds_bucket`, { le: '0.05' }), 1)
  const without = await scrape(shown(t, new MadeUpProducer()))
  t.equal(valueOf(without, `${P}transactions_committed_total`), undefined)
})

t.test('the workers of a cluster are summed up', async (t) => {
  const workers = [3, 5].map((recordsAcknowledged) => {
    return shown(t, new MadeUpProducer('shop', { recordsAcknowledged, metadataAgeMs: recordsAcknowledged * 1000 }))
  }) // prettier-ignore
  const asJson = await Promise.all(workers.map((registry) => registry.getMetricsAsJSON()))
  const sum = await scrape(AggregatorRegistry.aggregate(asJson))
  t.equal(valueOf(sum, `${P}records_acknowledged_total`), 8)
  t.equal(valueOf(sum, `${P}metadata_age_seconds`), 5, 'the oldest')
  t.equal(valueOf(sum, `${P}compression_ratio`), 0.5, 'the mean')
  t.equal(valueOf(sum, `${P}ready`), 1)
  const le = '0.05'
  t.equal(valueOf(sum, `${P}request_latency_seconds_bucket`, { le, client_id: 'shop' }), 4)
  t.equal(valueOf(sum, `${P}broker_request_latency_seconds_count`, { broker: '1' }), 4)
})

t.test('merged registries, and one that is reset or cleared', async (t) => {
  const registry = shown(t, new MadeUpProducer('a'))
  const merged = Registry.merge([registry, new Registry()])
  t.equal(valueOf(await scrape(merged), `${P}records_acknowledged_total`), 7)
  registry.resetMetrics()
  t.equal(
    valueOf(await scrape(registry), `${P}records_acknowledged_total`),
    7,
    'they are the producer’s',
  )
  registry.clear()
  t.teardown(collectMetrics(new MadeUpProducer('b'), { registry }))
  t.equal((await scrape(registry)).types.size, FIGURES.length, 'registered anew')
  const text = await registry.getSingleMetricAsString(`${P}waiting_sends`)
  t.equal(parse(text).series.length, 2)
})

t.test('without options: prom-client’s own registry', async (t) => {
  const remove = collectMetrics(new MadeUpProducer())
  t.equal(valueOf(await scrape(register), `${P}records_acknowledged_total`), 7)
  remove()
  t.equal(register.getSingleMetric(`${P}records_acknowledged_total`), undefined)
})

t.test('a name that is taken: nothing of ours is left in the registry', async (t) => {
  const registry = new Registry()
  const name = `${P}records_failed_total`
  new Counter({ name, help: 'mine', registers: [registry] })
  t.throws(() => collectMetrics(new MadeUpProducer(), { registry }), ConfigError)
  t.equal(registry.getMetricsAsArray().length, 1)
  const remove = collectMetrics(new MadeUpProducer(), { registry, prefix: 'kafka_' })
  t.ok((await registry.metrics()).includes('kafka_records_failed_total'))
  remove()
  t.equal(registry.getMetricsAsArray().length, 1, 'the other one stays')
})

t.test('options that are none', async (t) => {
  const producer = new MadeUpProducer()
  const wrong: [object, RegExp][] = [
    [{ registery: register }, /unknown option "registery"/],
    [{ registry: {} }, /no Registry/],
    [{ registry: null }, /no Registry/],
    [null as unknown as object, /takes an object of options: \{ registry, /],
    [{ prefix: null }, /option prefix/],
    [{ labels: null }, /option labels/],
    [{ prefix: '1-' }, /option prefix/],
    [{ labels: { topic: 'x' } }, /"topic", which Ottla sets/],
    [{ labels: { 'a-b': 'x' } }, /no name of a label/],
    [{ labels: { __a: 'x' } }, /no name of a label/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => collectMetrics(producer, options), { name: 'ConfigError', message })
  }
})

t.test('real producers, against a cluster', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const brokers = cluster.bootstrap
  const registry = new Registry()
  await using producer = new Producer({ brokers, clientId: 'web' })
  await using transactional = new TransactionalProducer({
    brokers,
    transactionalId: 'a',
    clientId: 'jobs',
  })
  for (const one of [producer, transactional]) collectMetrics(one, { registry })
  await producer.sendAll([1, 2, 3].map((n) => ({ topic: 'orders', value: String(n) })))
  await transactional.transaction((it) => it.send({ topic: 'orders', value: 'x' }))
  const found = await scrape(registry)
  t.ok(checkHistograms(found) > 10)
  const acknowledged = (client_id: string): unknown =>
    valueOf(found, `${P}records_acknowledged_total`, { client_id })
  t.strictSame([acknowledged('web'), acknowledged('jobs')], [3, 1])
  t.equal(valueOf(found, `${P}ready`, { client_id: 'web' }), 1)
  await producer.close()
  t.equal(valueOf(await scrape(registry), `${P}ready`, { client_id: 'web' }), 0)
})
