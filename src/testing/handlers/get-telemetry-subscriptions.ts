/**
 * GetTelemetrySubscriptions as a broker with a telemetry plug-in answers it.
 *
 * Spec: Kafka's ClientMetricsManager.processGetTelemetrySubscriptionRequest; KIP-714. Neighbours:
 * services.ts; telemetry/test-telemetry.ts decides.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
} from '../../protocol/messages/get-telemetry-subscriptions.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { Exchange } from './handler.js'

const NOTHING = {
  ...{ clientInstanceId: ZERO_UUID, subscriptionId: 0, acceptedCompressionTypes: [] },
  ...{ pushIntervalMs: 0, telemetryMaxBytes: 0, deltaTemporality: false, requestedMetrics: [] },
}

export function answerGetTelemetrySubscriptions({
  cluster,
  broker,
  session,
  request,
  faults,
}: Exchange<GetTelemetrySubscriptionsRequest>): GetTelemetrySubscriptionsResponse {
  const { throttleMs: throttleTimeMs, error } = faults
  const refused = (errorCode: number): GetTelemetrySubscriptionsResponse => {
    return { throttleTimeMs, errorCode, ...NOTHING }
  }
  if (error !== undefined && 'errorCode' in error) return refused(error.errorCode)
  const { telemetry } = cluster.settings
  if (telemetry === null) return refused(ErrorCodes.UNSUPPORTED_VERSION)
  const answer = telemetry.subscribe({ brokerId: broker.id, session }, request.clientInstanceId)
  if (typeof answer === 'number') return refused(answer)
  return { throttleTimeMs, errorCode: ErrorCodes.NONE, ...answer }
}
