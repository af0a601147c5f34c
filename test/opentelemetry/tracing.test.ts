/**
 * Spans of `ottla/opentelemetry` as OpenTelemetry's SDK records them, and the headers as the brokers
 * have them.
 */
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { AlwaysOffSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import t from 'tap'
import {
  int32,
  json,
  Producer,
  SendAllError,
  string,
  type Headers,
  type Serialized,
} from '../../src/index.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { operationMetrics, tracing } from '../../src/opentelemetry/opentelemetry.js'
import {
  headersOf,
  linked,
  newProducer,
  register,
  Spans,
  startCluster,
  traceparent,
  withBaggage,
} from './world.js'

const GIVEN = '00-11111111111111111111111111111111-2222222222222222-01'
const OTHER_TOPICS = { topics: { orders: {}, bills: {} } }

register(t)

t.test('a send is a PRODUCER span, and its context travels in the record', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const tracer = spans.provider.getTracer('test')
  const producer = newProducer(t, cluster, [
    tracing({
      tracerProvider: spans.provider,
      clientId: 'shop',
      attributes: { 'server.address': 'kafka' },
    }),
  ])
  const record = { topic: 'orders', key: 'user-1', value: 'an order' }
  await tracer.startActiveSpan('handle', async (parent) => {
    await producer.send(record)
    parent.end()
  })
  const span = spans.named('send orders')
  t.equal(span.kind, SpanKind.PRODUCER)
  t.equal(span.parentSpanContext?.spanId, spans.named('handle').spanContext().spanId)
  t.equal(span.status.code, SpanStatusCode.UNSET)
  t.strictSame(span.attributes, {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.client.id': 'shop',
    'server.address': 'kafka',
    'kafka.message.key': 'user-1',
    'messaging.destination.partition.id': '0',
    'kafka.offset': 0,
  })
  t.strictSame(span.instrumentationScope.name, 'ottla')
  t.strictSame(headersOf(cluster, 'orders'), [{ traceparent: traceparent(span.spanContext()) }])
  t.strictSame(record, { topic: 'orders', key: 'user-1', value: 'an order' }, 'as it was')
})

t.test('so does baggage; headers keep their form, and the user his own', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  const asObject = Object.freeze({ source: 'web', baggage: 'mine=1' })
  const asPairs = Object.freeze([Object.freeze(['twice', '1']), Object.freeze(['twice', '2'])])
  await context.with(withBaggage(ROOT_CONTEXT, 'user', '7'), async () => {
    await producer.send({ topic: 'orders', value: 'none' })
    await producer.send({ topic: 'orders', value: 'object', headers: asObject })
    await producer.send({ topic: 'orders', value: 'pairs', headers: asPairs as unknown as Headers })
  })
  const headers = cluster
    .records('orders')
    .map((record) => record.headers.map(({ name, value }) => `${name}=${value?.toString()}`))
  const parents = spans.ended.map((span) => `traceparent=${traceparent(span.spanContext())}`)
  t.strictSame(headers, [
    [parents[0], 'baggage=user=7'],
    ['source=web', 'baggage=mine=1', parents[1]],
    ['twice=1', 'twice=2', parents[2], 'baggage=user=7'],
  ])
})

t.test('a record that has a context keeps it, and the span links to that', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  const forms: Headers[] = [
    { traceparent: GIVEN },
    { traceparent: Buffer.from(GIVEN) },
    [['traceparent', GIVEN]],
  ]
  for (const headers of forms) await producer.send({ topic: 'orders', value: 'v', headers })
  t.strictSame(headersOf(cluster, 'orders'), [
    { traceparent: GIVEN },
    { traceparent: GIVEN },
    { traceparent: GIVEN },
  ])
  for (const span of spans.ended) {
    t.equal(span.kind, SpanKind.CLIENT)
    t.strictSame(linked(span), ['2222222222222222'])
  }
})

t.test('each of interleaved calls has the context that was active during it', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const tracer = spans.provider.getTracer('test')
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  const handle = (name: string): Promise<void> =>
    tracer.startActiveSpan(name, async (span) => {
      await Promise.resolve()
      const sent = producer.send({ topic: 'orders', key: name, value: 'first' })
      await Promise.resolve()
      producer.enqueue({ topic: 'orders', key: name, value: 'second' })
      await sent
      span.end()
    })
  await Promise.all(['a', 'b', 'c'].map(handle))
  await producer.flush()
  const sends = spans.ended.filter(({ name }) => name === 'send orders')
  t.equal(sends.length, 6)
  for (const send of sends) {
    const parent = spans.named(String(send.attributes['kafka.message.key']))
    t.equal(send.parentSpanContext?.spanId, parent.spanContext().spanId)
    t.equal(send.spanContext().traceId, parent.spanContext().traceId)
  }
})

t.test('sendAll has a create span for each record, and one send that links to them', async (t) => {
  const cluster = await startCluster(t, OTHER_TOPICS)
  const spans = new Spans()
  const tracer = spans.provider.getTracer('test')
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await tracer.startActiveSpan('handle', async (span) => {
    await producer.sendAll([
      { topic: 'orders', key: 'a', value: '1' },
      { topic: 'orders', key: 'b', value: null },
      { topic: 'orders', value: '3', headers: { traceparent: GIVEN } },
    ])
    span.end()
  })
  const handle = spans.named('handle').spanContext()
  const creates = spans.ended.filter(({ name }) => name === 'create orders')
  const send = spans.named('send orders')
  t.equal(send.kind, SpanKind.CLIENT)
  t.equal(send.parentSpanContext?.spanId, handle.spanId)
  t.equal(creates.length, 2)
  for (const create of creates) {
    t.equal(create.kind, SpanKind.PRODUCER)
    t.equal(create.parentSpanContext?.spanId, handle.spanId)
  }
  t.match(creates[1]?.attributes, {
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
    'messaging.destination.name': 'orders',
    'kafka.message.key': 'b',
    'kafka.message.tombstone': true,
  })
  t.strictSame(
    headersOf(cluster, 'orders').map((headers) => headers['traceparent']),
    [...creates.map((create) => traceparent(create.spanContext())), GIVEN],
  )
  t.strictSame(linked(send), [...creates.map((it) => it.spanContext().spanId), '2222222222222222'])
  t.strictSame(
    send.links.map(({ attributes }) => attributes),
    [0, 1, 2].map((offset) => ({
      'messaging.destination.partition.id': '0',
      'kafka.offset': offset,
    })),
  )
  t.match(send.attributes, {
    'messaging.batch.message_count': 3,
    'messaging.destination.name': 'orders',
  })
})

t.test('where it has several topics, the links have them', async (t) => {
  const cluster = await startCluster(t, OTHER_TOPICS)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await producer.sendAll(['orders', 'bills'].map((topic) => ({ topic, value: topic })))
  const send = spans.named('send')
  t.notOk('messaging.destination.name' in send.attributes)
  t.strictSame(
    send.links.map(({ attributes }) => attributes?.['messaging.destination.name']),
    ['orders', 'bills'],
  )
})

t.test('without create spans, the send span is the PRODUCER of them all', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [
    tracing({ tracerProvider: spans.provider, createSpans: false }),
  ])
  const values = ['1', '2', '3']
  await producer.sendAll(values.map((value) => ({ topic: 'orders', value })))
  t.equal(spans.ended.length, 1)
  const send = spans.named('send orders')
  t.equal(send.kind, SpanKind.PRODUCER)
  t.match(send.attributes, {
    'messaging.batch.message_count': 3,
    'messaging.destination.name': 'orders',
  })
  const header = traceparent(send.spanContext())
  t.strictSame(headersOf(cluster, 'orders'), values.map(() => ({ traceparent: header }))) // prettier-ignore
})

t.test('sendAll of one record is one span, with its count', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await producer.sendAll([{ topic: 'orders', value: 'one' }])
  t.equal(spans.ended.length, 1)
  const send = spans.named('send orders')
  t.equal(send.kind, SpanKind.PRODUCER)
  t.equal(send.attributes['messaging.batch.message_count'], 1)
})

t.test('a failure has the name of the error that Kafka gave it', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  await t.rejects(producer.send({ topic: 'orders', value: 'v' }))
  const span = spans.named('send orders')
  t.equal(span.status.code, SpanStatusCode.ERROR)
  t.match(span.status.message, /INVALID_RECORD/)
  t.match(span.attributes, {
    'error.type': 'INVALID_RECORD',
    'ottla.delivery.outcome': 'rejected',
    'messaging.destination.partition.id': '0',
  })
})

t.test('one that never left has our code, whatever it was given', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await t.rejects(producer.send({ topic: 'orders', value: 1 as unknown as string }))
  await t.rejects(producer.send({ topic: 'no topic', value: 'v' }))
  await t.rejects(producer.send({ topic: 'orders', value: 'v', headers: null as never }))
  await t.rejects(producer.send(null as never))
  await producer.close()
  await t.rejects(producer.send({ topic: 'orders', value: 'v' }))
  t.strictSame(
    spans.ended.map(({ name, attributes, status }) => [
      ...[name, attributes['error.type'], attributes['ottla.delivery.outcome'], status.code],
    ]),
    [
      ['send orders', 'ERR_OTTLA_SERIALIZATION', 'not-written', SpanStatusCode.ERROR],
      ['send no topic', 'ERR_OTTLA_INVALID_RECORD', 'not-written', SpanStatusCode.ERROR],
      ['send orders', 'ERR_OTTLA_INVALID_RECORD', 'not-written', SpanStatusCode.ERROR],
      ['send orders', 'ERR_OTTLA_CLOSED', 'not-written', SpanStatusCode.ERROR],
    ],
  )
})

t.test('where some of a sendAll fail, the send span says so, and their links why', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  const records = ['1', 2, '3'].map((value) => ({ topic: 'orders', value: value as string }))
  await t.rejects(producer.sendAll([...records, null as never]), SendAllError)
  const send = spans.named('send orders')
  t.match(send.status, { code: SpanStatusCode.ERROR, message: /^1 of 3 records; the first: / })
  t.equal(send.attributes['error.type'], 'ERR_OTTLA_SERIALIZATION')
  t.match(
    send.links.map(({ attributes }) => attributes),
    [
      { 'kafka.offset': 0 },
      { 'error.type': 'ERR_OTTLA_SERIALIZATION', 'ottla.delivery.outcome': 'not-written' },
      { 'kafka.offset': 1 },
    ],
  )
})

t.test('records that another interceptor refuses are not waited for', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const picky = {
    onSend({ value }: { value: unknown }): undefined {
      if (value === 'bad') throw new Error('refused')
    },
  }
  const producer = newProducer(t, cluster, [picky, tracing({ tracerProvider: spans.provider })])
  const values = ['good', 'bad', 'good', 'bad']
  await t.rejects(producer.sendAll(values.map((value) => ({ topic: 'orders', value }))))
  t.equal(spans.named('send orders').links.length, 2)
})

t.test('keys that are numbers are told as text, bytes are not told', async (t) => {
  const cluster = await startCluster(t)
  const spans = new Spans()
  const interceptors = [tracing({ tracerProvider: spans.provider })]
  const numbers = newProducer(t, cluster, interceptors, { serializers: { key: int32() } })
  await numbers.send({ topic: 'orders', key: 7, value: 'v' })
  const bytes = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await bytes.send({ topic: 'orders', key: Buffer.of(1), value: 'v' })
  t.strictSame(spans.ended.map(({ attributes }) => attributes['kafka.message.key']), ['7', undefined]) // prettier-ignore
})

t.test(
  'the names from before 1.45 stand beside the new ones, where that is asked for',
  async (t) => {
    const cluster = await startCluster(t)
    const spans = new Spans()
    const producer = newProducer(t, cluster, [
      tracing({ tracerProvider: spans.provider, formerNames: true }),
    ])
    await producer.send({ topic: 'orders', key: 'k', value: null })
    t.match(spans.named('send orders').attributes, {
      'messaging.system': 'kafka',
      'messaging.system.name': 'kafka',
      'messaging.kafka.message.key': 'k',
      'messaging.kafka.message.tombstone': true,
      'messaging.kafka.offset': 0,
      'kafka.offset': 0,
    })
  },
)

t.test('spans that do not record cost no headers where nothing is to be told', async (t) => {
  const cluster = await startCluster(t)
  const producer = newProducer(t, cluster, [tracing()])
  await producer.send({ topic: 'orders', value: 'no SDK' })
  await producer.sendAll(['1', '2'].map((value) => ({ topic: 'orders', value })))
  const spans = new Spans()
  const traced = newProducer(t, cluster, [tracing({ tracerProvider: spans.provider })])
  await context.with(suppressTracing(ROOT_CONTEXT), () =>
    traced.send({ topic: 'orders', value: 'suppressed' }),
  )
  t.strictSame(headersOf(cluster, 'orders'), [{}, {}, {}, {}])
  t.strictSame(spans.ended, [])
})

t.test(
  'a span that is not sampled still travels, so that nobody downstream samples it',
  async (t) => {
    const cluster = await startCluster(t)
    const provider = new BasicTracerProvider({ sampler: new AlwaysOffSampler() })
    const producer = newProducer(t, cluster, [tracing({ tracerProvider: provider })])
    await producer.send({ topic: 'orders', value: 'v' })
    t.match(headersOf(cluster, 'orders'), [{ traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/ }])
  },
)

t.test('a sampler sees what it may decide by', async (t) => {
  const cluster = await startCluster(t)
  const seen: unknown[] = []
  const provider = new BasicTracerProvider({
    sampler: {
      shouldSample(_context, _traceId, name, kind, attributes) {
        seen.push({ name, kind, attributes: { ...attributes } })
        return new AlwaysOffSampler().shouldSample()
      },
    },
  })
  const attributes = { 'server.address': 'kafka' }
  const producer = newProducer(t, cluster, [tracing({ tracerProvider: provider, attributes })])
  await producer.send({ topic: 'orders', key: 'k', value: 'v' })
  t.strictSame(seen, [
    {
      name: 'send orders',
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system.name': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
        'server.address': 'kafka',
      },
    },
  ])
})

t.test('it leaves the types of keys and values to the producer', async (t) => {
  interface Order {
    readonly total: number
  }
  const interceptors = [tracing(), operationMetrics()]
  const producers: [Producer, Producer<string, Order>, Producer<Serialized, Order>] = [
    new Producer({ brokers: 'a:1', interceptors }),
    new Producer({
      ...{ brokers: 'a:1', interceptors },
      serializers: { key: string(), value: json<Order>() },
    }),
    new Producer({ brokers: 'a:1', interceptors, serializers: { value: json<Order>() } }),
  ]
  // @ts-expect-error -- a key is text there
  const wrong = () => producers[1].send({ topic: 'orders', key: 1, value: { total: 1 } })
  t.type(wrong, 'function')
  await Promise.all(producers.map((producer) => producer.close()))
})

t.test('the global provider is found, although it is registered later', async (t) => {
  const cluster = await startCluster(t)
  const producer = newProducer(t, cluster, [tracing()])
  const spans = new Spans()
  trace.setGlobalTracerProvider(spans.provider)
  t.teardown(() => trace.disable())
  await producer.send({ topic: 'orders', value: 'v' })
  t.equal(spans.ended.length, 1)
})
