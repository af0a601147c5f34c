/**
 * PushTelemetry as a broker with a telemetry plug-in answers it.
 *
 * Spec: Kafka's ClientMetricsManager.processPushTelemetryRequest; KIP-714. Neighbours: services.ts;
 * telemetry/test-telemetry.ts decides, and keeps what was pushed.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  PushTelemetryRequest,
  PushTelemetryResponse,
} from '../../protocol/messages/push-telemetry.js'
import type { Exchange } from './handler.js'

export function answerPushTelemetry({
  cluster,
  broker,
  session,
  clientId,
  request,
  faults,
}: Exchange<PushTelemetryRequest>): PushTelemetryResponse {
  const { throttleMs: throttleTimeMs, error } = faults
  if (error !== undefined && 'errorCode' in error) {
    return { throttleTimeMs, errorCode: error.errorCode }
  }
  const { telemetry } = cluster.settings
  const place = { brokerId: broker.id, session }
  const errorCode = telemetry?.push(place, clientId, request) ?? ErrorCodes.UNSUPPORTED_VERSION
  return { throttleTimeMs, errorCode }
}
