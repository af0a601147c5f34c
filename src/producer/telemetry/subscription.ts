/**
 * What the cluster wants pushed, as an answer of GetTelemetrySubscriptions says it.
 *
 * A name is wanted where it begins with one of the prefixes. All are: by one empty prefix (KIP-714), or by
 * `*` (Kafka's own brokers). None are, where there is no prefix.
 *
 * Neighbours: telemetry-reporter.ts asks for it; telemetry-payload.ts compresses as it allows.
 */
import type { GetTelemetrySubscriptionsResponse } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { DEFAULT_PUSH_INTERVAL_MS } from './telemetry-verdict.js'

const ALL = '*'

/** Of this client, until another one takes its place. */
export interface Subscription {
  readonly clientInstanceId: string
  readonly subscriptionId: number
  /** Above 0. */
  readonly pushIntervalMs: number
  /** Of the metrics as they travel. */
  readonly maxBytes: number
  readonly isDelta: boolean
  /** Compression ids, the broker's favourite first. */
  readonly acceptedCompressionTypes: readonly number[]
  /** False: nothing is pushed, and the cluster asked again after an interval. */
  readonly wantsMetrics: boolean
  readonly wants: (name: string) => boolean
}

/** From an answer without error. */
export function subscriptionOf(response: GetTelemetrySubscriptionsResponse): Subscription {
  const { requestedMetrics, pushIntervalMs } = response
  return {
    clientInstanceId: response.clientInstanceId,
    subscriptionId: response.subscriptionId,
    pushIntervalMs: pushIntervalMs > 0 ? pushIntervalMs : DEFAULT_PUSH_INTERVAL_MS,
    maxBytes: response.telemetryMaxBytes,
    isDelta: response.deltaTemporality,
    acceptedCompressionTypes: response.acceptedCompressionTypes,
    wantsMetrics: requestedMetrics.length > 0,
    wants: (name) => requestedMetrics.some((prefix) => prefix === ALL || name.startsWith(prefix)),
  }
}
