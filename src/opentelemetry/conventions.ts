/**
 * The names by which OpenTelemetry knows what a producer does: its semantic conventions for messaging
 * and Kafka, version 1.45, and names of our own where those have none. The one table of them: their
 * npm package has those of messaging in an entry that changes with any release, so they stand here.
 *
 * Neighbours: every file of this room uses it; docs/tracing.md shows it.
 */
import type { Attributes } from '@opentelemetry/api'

/** Attributes of spans, links and measurements. */
export const ATTRIBUTE = {
  system: 'messaging.system.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  clientId: 'messaging.client.id',
  topic: 'messaging.destination.name',
  /** Text, as the conventions have it. */
  partition: 'messaging.destination.partition.id',
  /** Records of a `sendAll`. */
  recordCount: 'messaging.batch.message_count',
  offset: 'kafka.offset',
  key: 'kafka.message.key',
  tombstone: 'kafka.message.tombstone',
  errorType: 'error.type',
  /** Of our own: `outcome` of a DeliveryError. */
  outcome: 'ottla.delivery.outcome',
  /** Of our own: a broker's node id. */
  broker: 'ottla.broker.id',
  /** Of our own: which part of the values is at most this; '1' is the largest. */
  quantile: 'quantile',
} as const

/** What the conventions before 1.45 called the same. */
const FORMER_NAMES: readonly (readonly [name: string, former: string])[] = [
  [ATTRIBUTE.system, 'messaging.system'],
  [ATTRIBUTE.offset, 'messaging.kafka.offset'],
  [ATTRIBUTE.key, 'messaging.kafka.message.key'],
  [ATTRIBUTE.tombstone, 'messaging.kafka.message.tombstone'],
]

/** Metrics of the conventions; those of our own are in instruments.ts. */
export const METRIC = {
  operationDuration: 'messaging.client.operation.duration',
  sentMessages: 'messaging.client.sent.messages',
} as const

/** Bounds of `operationDuration` in seconds, as the conventions want them. */
export const DURATION_BOUNDS_S: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

export const SYSTEM = 'kafka'

/** Name of the tracer and of the meter. */
export const SCOPE = 'ottla'

/** Adds the former names of the attributes that are there; returns the same object. */
export function addFormerNames(attributes: Attributes): Attributes {
  for (const [name, former] of FORMER_NAMES) {
    const value = attributes[name]
    if (value !== undefined) attributes[former] = value
  }
  return attributes
}

/** Whether the environment asks for both sets of names, by the switch that all instrumentations have. */
export function wantsFormerNames(optIn = process.env['OTEL_SEMCONV_STABILITY_OPT_IN']): boolean {
  return (optIn ?? '').split(',').some((word) => word.trim() === 'messaging/dup')
}
