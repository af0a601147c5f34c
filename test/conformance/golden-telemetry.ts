/** The messages of client telemetry (KIP-714) behind test/fixtures/protocol: see golden-values.ts. */
import type {
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
} from '../../src/protocol/messages/get-telemetry-subscriptions.js'
import type {
  PushTelemetryRequest,
  PushTelemetryResponse,
} from '../../src/protocol/messages/push-telemetry.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import type { GoldenValues } from './golden-values.js'

const INT16_MIN = -0x8000
const INT32_MAX = 0x7fffffff
const INT32_MIN = -0x80000000
const ID = 'AAECAwQFBgcICQoLDA0ODw'

const getTelemetrySubscriptionsRequest: GoldenValues<GetTelemetrySubscriptionsRequest> = () => ({
  full: { clientInstanceId: ID },
  empty: { clientInstanceId: ZERO_UUID },
})

const getTelemetrySubscriptionsResponse: GoldenValues<GetTelemetrySubscriptionsResponse> = () => ({
  full: {
    throttleTimeMs: 99,
    errorCode: 117,
    clientInstanceId: ID,
    subscriptionId: INT32_MAX,
    acceptedCompressionTypes: [4, 3, 1, 2],
    pushIntervalMs: 300_000,
    telemetryMaxBytes: 1_048_576,
    deltaTemporality: true,
    requestedMetrics: ['*', 'org.apache.kafka.producer.', ''],
  },
  empty: {
    throttleTimeMs: INT32_MIN,
    errorCode: INT16_MIN,
    clientInstanceId: ZERO_UUID,
    subscriptionId: INT32_MIN,
    acceptedCompressionTypes: [],
    pushIntervalMs: INT32_MIN,
    telemetryMaxBytes: INT32_MIN,
    deltaTemporality: false,
    requestedMetrics: [],
  },
})

const pushTelemetryRequest: GoldenValues<PushTelemetryRequest> = () => ({
  full: {
    clientInstanceId: ID,
    subscriptionId: 12,
    terminating: true,
    compressionType: 4,
    metrics: Buffer.from('metrics'),
  },
  empty: {
    clientInstanceId: ZERO_UUID,
    subscriptionId: INT32_MIN,
    terminating: false,
    compressionType: -128,
    metrics: Buffer.alloc(0),
  },
})

const pushTelemetryResponse: GoldenValues<PushTelemetryResponse> = () => ({
  full: { throttleTimeMs: 99, errorCode: 118 },
  empty: { throttleTimeMs: INT32_MIN, errorCode: INT16_MIN },
})

/** By the names that messages.ts has. */
export const GOLDEN_TELEMETRY: Readonly<Record<string, GoldenValues<unknown>>> = {
  GetTelemetrySubscriptionsRequest: getTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse: getTelemetrySubscriptionsResponse,
  PushTelemetryRequest: pushTelemetryRequest,
  PushTelemetryResponse: pushTelemetryResponse,
}
