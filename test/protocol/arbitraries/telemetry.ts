/** Random messages of client telemetry (KIP-714). */

import fc from 'fast-check'
import type {
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
} from '../../../src/protocol/messages/get-telemetry-subscriptions.js'
import type {
  PushTelemetryRequest,
  PushTelemetryResponse,
} from '../../../src/protocol/messages/push-telemetry.js'
import { bytes, int16, int32, int8, list, record, text, uuid } from './primitives.js'

export function getTelemetrySubscriptionsRequest(): fc.Arbitrary<GetTelemetrySubscriptionsRequest> {
  return record({ clientInstanceId: uuid })
}

export function getTelemetrySubscriptionsResponse(): fc.Arbitrary<GetTelemetrySubscriptionsResponse> {
  return record<GetTelemetrySubscriptionsResponse>({
    throttleTimeMs: int32,
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: list(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: fc.boolean(),
    requestedMetrics: list(text),
  })
}

export function pushTelemetryRequest(): fc.Arbitrary<PushTelemetryRequest> {
  return record<PushTelemetryRequest>({
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: fc.boolean(),
    compressionType: int8,
    metrics: bytes,
  })
}

export function pushTelemetryResponse(): fc.Arbitrary<PushTelemetryResponse> {
  return record<PushTelemetryResponse>({ throttleTimeMs: int32, errorCode: int16 })
}
