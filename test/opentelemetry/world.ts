/**
 * OpenTelemetry's own SDK in memory, and a producer with a cluster of `ottla/testing`: what the tests of
 * `ottla/opentelemetry` begin with.
 */
import {
  context,
  propagation,
  type Context,
  type Link,
  type SpanContext,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import type { Test } from 'tap'
import { Producer, type ProducerOptions, type Serialized } from '../../src/index.js'
import { TestCluster, type TestClusterOptions } from '../../src/testing/cluster.js'

/** What an application registers: W3C headers, and contexts that follow its awaits. */
export function register(t: Test): void {
  const propagator: TextMapPropagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  })
  const manager = new AsyncLocalStorageContextManager().enable()
  propagation.setGlobalPropagator(propagator)
  context.setGlobalContextManager(manager)
  t.teardown(() => {
    propagation.disable()
    context.disable()
  })
}

/** Keeps every span that has ended. */
export class Spans {
  readonly #exporter = new InMemorySpanExporter()
  readonly provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
  })

  /** All, in the order in which they ended. */
  get ended(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  /** The only one of this name. */
  named(name: string): ReadableSpan {
    const [span, ...others] = this.ended.filter((it) => it.name === name)
    if (span === undefined || others.length > 0) {
      throw new Error(`${name}: not one of ${this.ended.map((it) => it.name).join()}`)
    }
    return span
  }
}

/** A cluster with a topic `orders` of one partition, closed when the test ends. */
export async function startCluster(
  t: Test,
  options: TestClusterOptions = { topics: { orders: { partitions: 1 } } },
): Promise<TestCluster> {
  const cluster = await TestCluster.start(options)
  t.teardown(() => cluster.close())
  return cluster
}

/** A producer with interceptors, given up when the test ends. */
export function newProducer<K = Serialized, V = Serialized>(
  t: Test,
  cluster: TestCluster,
  interceptors: ProducerOptions<K, V>['interceptors'],
  options: Omit<ProducerOptions<K, V>, 'brokers' | 'interceptors'> = {},
): Producer<K, V> {
  const producer = new Producer<K, V>({ brokers: cluster.bootstrap, interceptors, ...options })
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  return producer
}

/** Headers as text, by name. */
export function headersOf(
  cluster: TestCluster,
  topic: string,
): Record<string, string | undefined>[] {
  return cluster
    .records(topic)
    .map(({ headers }) =>
      Object.fromEntries(headers.map(({ name, value }) => [name, value?.toString()])),
    )
}

/** What W3C's header says of a span. */
export function traceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags}`
}

/** The ids of what a span links to. */
export function linked({ links }: { links: readonly Link[] }): string[] {
  return links.map(({ context: { spanId } }) => spanId)
}

/** A context with baggage. */
export function withBaggage(base: Context, name: string, value: string): Context {
  return propagation.setBaggage(base, propagation.createBaggage({ [name]: { value } }))
}
