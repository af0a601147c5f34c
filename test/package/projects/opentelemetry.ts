/**
 * `ottla/opentelemetry` with OpenTelemetry's SDK: a record's span, its context in the record, and the
 * producer's metrics; as an ES module, as CommonJS, and compiled against its types.
 */
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const COMPILER = { module: 'node16', target: 'ES2022', strict: true, skipLibCheck: true }

const PRINTED = /^send orders, in its header; 1 message sent$/m

const BODY = `
async function main() {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 60_000 })
  const meter = new MeterProvider({ readers: [reader] })
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const interceptors = [tracing({ tracerProvider }), operationMetrics({ meter })]
  const producer = new Producer({ brokers: cluster.bootstrap, interceptors })
  const stop = observeMetrics(producer, { meter })
  await producer.send({ topic: 'orders', value: 'a record' })
  await reader.forceFlush()
  stop()
  await producer.close()
  const [record] = cluster.records('orders')
  await cluster.close()
  const [span] = exporter.getFinishedSpans()
  const header = record?.headers.find(({ name }) => name === 'traceparent')?.value?.toString() ?? ''
  const metrics = exported.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
  const sent = metrics.find(({ descriptor }) => descriptor.name === 'messaging.client.sent.messages')
  const isThere = span !== undefined && header.includes(span.spanContext().spanId)
  await meter.shutdown()
  return \`\${span?.name}, \${isThere ? 'in its header' : header}; \${sent?.dataPoints[0]?.value} message sent\`
}
`
const RUN = `main().then((text) => console.log(text))\n`

const MODULES: readonly (readonly [names: string, module: string])[] = [
  ['Producer', 'ottla'],
  ['observeMetrics, operationMetrics, tracing', 'ottla/opentelemetry'],
  ['TestCluster', 'ottla/testing'],
  ['propagation', '@opentelemetry/api'],
  ['W3CTraceContextPropagator', '@opentelemetry/core'],
  [
    'BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor',
    '@opentelemetry/sdk-trace-base',
  ],
  [
    'AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader',
    '@opentelemetry/sdk-metrics',
  ],
]

const IMPORTS = MODULES.map(([names, from]) => `import { ${names} } from '${from}'\n`).join('')
const REQUIRES = MODULES.map(([names, from]) => `const { ${names} } = require('${from}')\n`).join(
  '',
)

async function tryIt(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('opentelemetry', {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'trace.mjs': IMPORTS + BODY + RUN,
    'trace.cjs': REQUIRES + BODY + RUN,
    'typed.cts': IMPORTS + BODY + RUN,
    'typed.mts': IMPORTS + BODY + RUN,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { ...COMPILER, types: ['node'], outDir: 'out', rootDir: '.' },
      files: ['typed.cts', 'typed.mts'],
    }),
  })
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const program of ['trace.mjs', 'trace.cjs', 'out/typed.mjs', 'out/typed.cjs']) {
    await workshop.expect(PRINTED, { cwd, args: [program] })
  }
}

export const OPENTELEMETRY_PROJECTS: readonly Project[] = [
  {
    group: 'OpenTelemetry',
    name: 'traces and metrics with its SDK',
    isInSubset: true,
    try: tryIt,
  },
]
