/**
 * Subject: Ottla while somebody looks at it, in the way that the environment's SURFACE names. What is
 * collected is thrown away: its sending to a server is not Ottla's.
 */
import { subscribe } from 'node:diagnostics_channel'
import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-base'
import { Registry } from 'prom-client'
import type { Interceptor, Producer } from '../../src/index.js'
import { observeMetrics, operationMetrics, tracing } from '../../src/opentelemetry/opentelemetry.js'
import * as prometheus from '../../src/prometheus/prometheus.js'
import { CHANNELS } from '../../src/producer/diagnostics/channels.js'
import { OttlaClient } from '../support/ottla-client.js'
import { runSubject } from '../support/subject.js'
import type { SurfaceName } from '../support/surfaces.js'
import { runWorkload } from '../support/workload.js'

type CollectMetrics = (producer: Producer, options: { registry: Registry }) => unknown

const EVERY_MS = 1000

/** What is given to the producer, and what is done once it is there. */
interface Surface {
  readonly interceptors?: () => Interceptor[]
  readonly start?: (producer: Producer) => void
}

const SURFACES: Readonly<Record<SurfaceName, Surface>> = {
  nothing: {},
  'an interceptor that does nothing': {
    interceptors: () => [{ onSend: () => undefined, onOutcome: () => {} }],
  },
  'metrics() every second': { start: (producer) => repeat(() => producer.metrics()) },
  'Prometheus every second': { start: scrape },
  'OpenTelemetry metrics every second': {
    start(producer) {
      const { provider, collect } = meters()
      observeMetrics(producer, { meter: provider })
      repeat(collect)
    },
  },
  'OpenTelemetry operation metrics': {
    interceptors() {
      const { provider, collect } = meters()
      repeat(collect)
      return [operationMetrics({ meter: provider })]
    },
  },
  'tracing without an SDK': { interceptors: () => [tracing()] },
  'tracing, 1 % sampled': { interceptors: () => traced(new TraceIdRatioBasedSampler(0.01)) },
  'tracing, all recorded': { interceptors: () => traced(new AlwaysOnSampler()) },
  'diagnostics: batches and requests': {
    start: () => listen(Object.keys(CHANNELS)),
  },
  'diagnostics: sends': {
    start: () => {
      const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
      listen(events.map((event) => `tracing:ottla:producer:send:${event}`))
    },
  },
}

function repeat(look: () => unknown): void {
  setInterval(look, EVERY_MS).unref()
}

function scrape(producer: Producer): void {
  const { collectMetrics } = prometheus as { collectMetrics?: CollectMetrics }
  if (collectMetrics === undefined) throw new Error('ottla/prometheus cannot do it yet')
  const registry = new Registry()
  collectMetrics(producer, { registry })
  repeat(() => registry.metrics())
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

function meters(): { provider: MeterProvider; collect: () => Promise<unknown> } {
  const reader = new Reader()
  return { provider: new MeterProvider({ readers: [reader] }), collect: () => reader.collect() }
}

/** As an application registers it: spans in batches, W3C headers, contexts that follow its awaits. */
function traced(sampler: Sampler): Interceptor[] {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve(),
  }
  const spanProcessors = [new BatchSpanProcessor(exporter)]
  return [tracing({ tracerProvider: new BasicTracerProvider({ sampler, spanProcessors }) })]
}

let events = 0

function listen(channels: readonly string[]): void {
  for (const name of channels) subscribe(name, () => void events++)
}

runSubject(async (task) => {
  const name = (process.env['SURFACE'] ?? 'nothing') as SurfaceName
  const { interceptors, start } = SURFACES[name]
  const client = new OttlaClient(task, undefined, { interceptors: interceptors?.() ?? [] })
  start?.(client.producer)
  const report = await runWorkload(task, client)
  if (name.startsWith('diagnostics') && events === 0) throw new Error('nothing was published')
  return report
})
