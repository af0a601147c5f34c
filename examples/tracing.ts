/**
 * Traces through Kafka, with OpenTelemetry: the spans of a send and of a `sendAll`, and their context in
 * the headers. An application has NodeSDK of @opentelemetry/sdk-node in the place of the first part.
 */
import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
// Elsewhere these are 'ottla' and 'ottla/opentelemetry'; in this repository they mean dist/.
import { Producer } from '../src/index.js'
import { tracing } from '../src/opentelemetry/opentelemetry.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

/** Prints each span that ends, in the place of an exporter. */
const printer = {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
    for (const { name, kind, links, attributes, parentSpanContext: parent } of spans) {
      const offset = attributes['kafka.offset'] ?? '-'
      const of = parent === undefined ? 'a trace begins' : `within ${parent.traceId.slice(0, 8)}…`
      console.log(
        `${SpanKind[kind]} ${name}: ${of}, ${links.length} links, offset ${String(offset)}`,
      )
    }
    done({ code: 0 })
  },
  shutdown: () => Promise.resolve(),
}
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(printer)] }),
)

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'tracing',
  interceptors: [tracing({ clientId: 'tracing' })],
})

await trace.getTracer('shop').startActiveSpan('checkout', async (checkout) => {
  await producer.send({ topic: TOPIC, key: 'user-1', value: 'an order' })
  await producer.sendAll([
    { topic: TOPIC, key: 'user-1', value: 'a bill' },
    { topic: TOPIC, key: 'user-1', value: 'a parcel' },
  ])
  checkout.end()
})
