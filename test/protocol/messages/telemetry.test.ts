/** The messages of client telemetry (KIP-714) by hand-made bytes; golden.test.ts has Kafka's. */
import t from 'tap'
import { getTelemetrySubscriptions } from '../../../src/protocol/messages/get-telemetry-subscriptions.js'
import { pushTelemetry } from '../../../src/protocol/messages/push-telemetry.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  pushTelemetryRequest,
  pushTelemetryResponse,
} from '../arbitraries/telemetry.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const ID = 'AAECAwQFBgcICQoLDA0ODw'
const ID_HEX = '00010203 04050607 08090a0b 0c0d0e0f'

testMessages(t, getTelemetrySubscriptions, {
  request: getTelemetrySubscriptionsRequest,
  response: getTelemetrySubscriptionsResponse,
})
testMessages(t, pushTelemetry, { request: pushTelemetryRequest, response: pushTelemetryResponse })

t.test('a client without an id asks with zeros', async (t) => {
  const request = requestCodec(getTelemetrySubscriptions)
  const zeros = '00000000 00000000 00000000 00000000'
  t.strictSame(request.encode({ clientInstanceId: ZERO_UUID }, 0), hex(`${zeros} 00`))
})

t.test('a subscription', async (t) => {
  const response = responseCodec(getTelemetrySubscriptions)
  const subscription = {
    throttleTimeMs: 7,
    errorCode: 0,
    clientInstanceId: ID,
    subscriptionId: -2,
    acceptedCompressionTypes: [4, 3],
    pushIntervalMs: 300_000,
    telemetryMaxBytes: 1_048_576,
    deltaTemporality: true,
    requestedMetrics: ['*'],
  }
  t.strictSame(
    response.encode(subscription, 0),
    hex(`00000007 0000 ${ID_HEX} fffffffe 03 04 03 000493e0 00100000 01 02 02 2a 00`),
  )
})

t.test('a push', async (t) => {
  const request = requestCodec(pushTelemetry)
  const push = {
    clientInstanceId: ID,
    subscriptionId: 5,
    terminating: true,
    compressionType: 4,
    metrics: Buffer.from('ab'),
  }
  t.strictSame(request.encode(push, 0), hex(`${ID_HEX} 00000005 01 04 03 6162 00`))
})
