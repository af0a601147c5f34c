/** Reads OTLP with OpenTelemetry's own protobuf definitions (test/fixtures/opentelemetry). */
import protobuf from 'protobufjs'
import { projectFile } from '../../../broker/project.js'

/** What was pushed, as a test looks at it. */
export interface ReadMetrics {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly metrics: readonly ReadMetric[]
}

/** One metric. */
export interface ReadMetric {
  readonly name: string
  readonly kind: 'gauge' | 'sum'
  /** Of sums: `delta` or `cumulative`. */
  readonly temporality?: string
  readonly isMonotonic?: boolean
  readonly points: readonly ReadPoint[]
}

/** One number of a metric. */
export interface ReadPoint {
  readonly value: number
  readonly attributes: Readonly<Record<string, string>>
  /** Nanoseconds; '0' where it is not there. */
  readonly startNs: string
  readonly timeNs: string
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

interface Point {
  readonly asDouble: number
  readonly attributes: readonly Attribute[]
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

interface Document {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version: string }
      readonly metrics: readonly {
        readonly name: string
        readonly gauge?: { readonly dataPoints: readonly Point[] }
        readonly sum?: {
          readonly dataPoints: readonly Point[]
          readonly aggregationTemporality: string
          readonly isMonotonic: boolean
        }
      }[]
    }[]
  }[]
}

const ROOT = 'opentelemetry/proto/'

const root = new protobuf.Root()
root.resolvePath = (_origin, target) =>
  projectFile('test', 'fixtures', 'opentelemetry', 'proto', ...target.slice(ROOT.length).split('/'))
root.loadSync(`${ROOT}metrics/v1/metrics.proto`)
const MetricsData = root.lookupType('opentelemetry.proto.metrics.v1.MetricsData')

/** Throws for bytes that are not one whole MetricsData of one resource and one scope. */
export function readOtlp(bytes: Uint8Array): ReadMetrics {
  const options = { longs: String, enums: String, defaults: true }
  const document = MetricsData.toObject(MetricsData.decode(bytes), options) as Document
  const [{ resource, scopeMetrics }, ...otherResources] = document.resourceMetrics as [
    Document['resourceMetrics'][number],
  ]
  const [{ scope, metrics }, ...otherScopes] = scopeMetrics as [(typeof scopeMetrics)[number]]
  if (otherResources.length + otherScopes.length > 0) throw new Error('more than one of them')
  return {
    resource: attributesOf(resource.attributes),
    scope: { name: scope.name, version: scope.version },
    metrics: metrics.map(({ name, gauge, sum }) =>
      sum === undefined
        ? { name, kind: 'gauge', points: (gauge?.dataPoints ?? []).map(pointOf) }
        : {
            name,
            kind: 'sum',
            temporality: sum.aggregationTemporality
              .replace('AGGREGATION_TEMPORALITY_', '')
              .toLowerCase(),
            isMonotonic: sum.isMonotonic,
            points: sum.dataPoints.map(pointOf),
          },
    ),
  }
}

/** By name and, where there are any, its attributes: `name` or `name{key=value}`. */
export function valuesOf({ metrics }: ReadMetrics): Record<string, number> {
  const all = metrics.flatMap(({ name, points }) =>
    points.map(({ value, attributes }): [string, number] => {
      const labels = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
      return [labels.length === 0 ? name : `${name}{${labels.join()}}`, value]
    }),
  )
  return Object.fromEntries(all)
}

function pointOf({ asDouble, attributes, startTimeUnixNano, timeUnixNano }: Point): ReadPoint {
  return {
    value: asDouble,
    attributes: attributesOf(attributes),
    startNs: startTimeUnixNano,
    timeNs: timeUnixNano,
  }
}

function attributesOf(attributes: readonly Attribute[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
}
