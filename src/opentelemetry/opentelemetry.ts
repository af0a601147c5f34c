/**
 * Traces and metrics for OpenTelemetry: `ottla/opentelemetry`. It needs @opentelemetry/api 1.9 and, to
 * record anything, an SDK of the user's.
 *
 *   import { Producer } from 'ottla'
 *   import { observeMetrics, tracing } from 'ottla/opentelemetry'
 *
 *   const producer = new Producer({ brokers, interceptors: [tracing()] })
 *   const stop = observeMetrics(producer)
 */
export type { AnyInterceptor } from './any-interceptor.js'
export { tracing } from './tracing.js'
export type { TracingOptions } from './tracing.js'
export { operationMetrics } from './operation-metrics.js'
export { observeMetrics } from './observe-metrics.js'
export type { HasMetrics } from './observe-metrics.js'
export type { MeterOptions } from './meter-options.js'
