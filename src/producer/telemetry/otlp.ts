/**
 * OTLP, as far as client telemetry needs it: gauges and sums of doubles, written as protobuf by hand.
 *
 *   MetricsData      resource_metrics 1
 *   ResourceMetrics  resource 1, scope_metrics 2
 *   Resource         attributes 1
 *   ScopeMetrics     scope 1, metrics 2
 *   Scope            name 1, version 2
 *   Metric           name 1, gauge 5 | sum 7
 *   Gauge            data_points 1
 *   Sum              data_points 1, aggregation_temporality 2, is_monotonic 3
 *   NumberDataPoint  start_time_unix_nano 2, time_unix_nano 3, as_double 4, attributes 7
 *   KeyValue         key 1, value 2; AnyValue string_value 1
 *
 * Not a general encoder: a dependency of the core for these ten messages would be out of proportion.
 *
 * Spec: opentelemetry/proto/{metrics,resource,common}/v1; protobuf's wire format.
 * Neighbours: telemetry-metrics.ts makes the metrics, telemetry-reporter.ts pushes them.
 */

/** One number. */
export interface DataPoint {
  readonly value: number
  /** Which of several with that name: `{ topic: 'orders' }`. */
  readonly attributes: Attributes
  /** When the sum began to be counted, in ms since 1970; not looked at for a gauge. */
  readonly startMs: number
}

/** Names and values of text. */
export type Attributes = Readonly<Record<string, string>>

/** A metric: its name and its numbers. A sum only ever grows. */
export interface Metric {
  readonly name: string
  readonly kind: 'gauge' | 'sum'
  readonly points: readonly DataPoint[]
}

/** What is encoded. */
export interface MetricsDocument {
  readonly metrics: readonly Metric[]
  /** When they were read, in ms since 1970. */
  readonly timeMs: number
  /** Sums: since the last push, and not since the beginning. */
  readonly isDelta: boolean
  /** Who they are about. */
  readonly resource: Attributes
  /** What has measured them. */
  readonly scope: { readonly name: string; readonly version: string }
}

const WireType = { varint: 0, fixed64: 1, bytes: 2 } as const

/** AggregationTemporality. */
const DELTA = 1
const CUMULATIVE = 2

const NANOSECONDS_PER_MS = 1_000_000n

/** A `MetricsData`. */
export function encodeMetrics({ metrics, scope, resource, ...how }: MetricsDocument): Uint8Array {
  const scopeMetrics = message(
    2,
    message(1, text(1, scope.name), text(2, scope.version)),
    ...metrics.map((metric) => message(2, ...metricFields(metric, how))),
  )
  return message(1, message(1, ...attributeFields(1, resource)), scopeMetrics)
}

type How = Pick<MetricsDocument, 'timeMs' | 'isDelta'>

function metricFields({ name, kind, points }: Metric, { timeMs, isDelta }: How): Uint8Array[] {
  const dataPoints = points.map((point) => message(1, ...pointFields(point, kind, timeMs)))
  if (kind === 'gauge') return [text(1, name), message(5, ...dataPoints)]
  const temporality = varint(2, isDelta ? DELTA : CUMULATIVE)
  const isMonotonic = varint(3, 1)
  return [text(1, name), message(7, ...dataPoints, temporality, isMonotonic)]
}

function pointFields(
  { value, attributes, startMs }: DataPoint,
  kind: Metric['kind'],
  timeMs: number,
): Uint8Array[] {
  const start = kind === 'sum' ? [nanoseconds(2, startMs)] : []
  return [...start, nanoseconds(3, timeMs), double(4, value), ...attributeFields(7, attributes)]
}

function attributeFields(number: number, attributes: Attributes): Uint8Array[] {
  return Object.entries(attributes).map(([key, value]) =>
    message(number, text(1, key), message(2, text(1, value))),
  )
}

function message(number: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = fields.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([tag(number, WireType.bytes), plainVarint(sizeBytes), ...fields])
}

function text(number: number, value: string): Uint8Array {
  return message(number, Buffer.from(value, 'utf8'))
}

function varint(number: number, value: number): Uint8Array {
  return Buffer.concat([tag(number, WireType.varint), plainVarint(value)])
}

function nanoseconds(number: number, ms: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64LE(BigInt(Math.trunc(ms)) * NANOSECONDS_PER_MS)
  return Buffer.concat([tag(number, WireType.fixed64), bytes])
}

function double(number: number, value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([tag(number, WireType.fixed64), bytes])
}

function tag(number: number, wireType: number): Uint8Array {
  return plainVarint((number << 3) | wireType)
}

/** Seven bits a byte, lowest first; all bytes but the last have their highest bit set. */
function plainVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
