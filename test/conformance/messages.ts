/**
 * Every message that Ottla speaks, in every version: the pairs that the conformance tests go
 * through, with random values of each and our codec of it.
 */
import fc from 'fast-check'
import type { Api } from '../../src/protocol/api.js'
import { addOffsetsToTxn } from '../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../src/protocol/messages/add-partitions-to-txn.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { endTxn } from '../../src/protocol/messages/end-txn.js'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.js'
import { getTelemetrySubscriptions } from '../../src/protocol/messages/get-telemetry-subscriptions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { pushTelemetry } from '../../src/protocol/messages/push-telemetry.js'
import { saslAuthenticate } from '../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.js'
import { txnOffsetCommit } from '../../src/protocol/messages/txn-offset-commit.js'
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/arbitraries/api-versions.js'
import { createTopicsRequest, createTopicsResponse } from '../protocol/arbitraries/create-topics.js'
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '../protocol/arbitraries/find-coordinator.js'
import {
  initProducerIdRequest,
  initProducerIdResponse,
} from '../protocol/arbitraries/init-producer-id.js'
import { metadataRequest, metadataResponse } from '../protocol/arbitraries/metadata.js'
import { produceRequest, produceResponse } from '../protocol/arbitraries/produce.js'
import {
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '../protocol/arbitraries/sasl.js'
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  pushTelemetryRequest,
  pushTelemetryResponse,
} from '../protocol/arbitraries/telemetry.js'
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  endTxnRequest,
  endTxnResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '../protocol/arbitraries/transactions.js'
import { requestCodec, responseCodec, type Codec } from '../protocol/support/codec.js'

/** One message with all its versions. */
export interface MessageSpec {
  /** Kafka's name, such as `ProduceRequest`. */
  readonly name: string
  readonly api: { readonly name: string; readonly key: number; readonly flexibleFrom: number }
  readonly versions: readonly number[]
  readonly codec: Codec<unknown>
  /** Random messages that the version can carry whole. */
  readonly arbitrary: (version: number) => fc.Arbitrary<unknown>
}

/** Requests and responses of all APIs. */
export const MESSAGES: readonly MessageSpec[] = [
  ...messagesOf(apiVersions, apiVersionsRequest, apiVersionsResponse),
  ...messagesOf(metadata, metadataRequest, metadataResponse),
  ...messagesOf(produce, produceRequest, produceResponse),
  ...messagesOf(initProducerId, initProducerIdRequest, initProducerIdResponse),
  ...messagesOf(createTopics, createTopicsRequest, createTopicsResponse),
  ...messagesOf(findCoordinator, findCoordinatorRequest, findCoordinatorResponse),
  ...messagesOf(addPartitionsToTxn, addPartitionsToTxnRequest, addPartitionsToTxnResponse),
  ...messagesOf(addOffsetsToTxn, addOffsetsToTxnRequest, addOffsetsToTxnResponse),
  ...messagesOf(endTxn, endTxnRequest, endTxnResponse),
  ...messagesOf(txnOffsetCommit, txnOffsetCommitRequest, txnOffsetCommitResponse),
  ...messagesOf(saslHandshake, saslHandshakeRequest, saslHandshakeResponse),
  ...messagesOf(saslAuthenticate, saslAuthenticateRequest, saslAuthenticateResponse),
  ...messagesOf(
    getTelemetrySubscriptions,
    getTelemetrySubscriptionsRequest,
    getTelemetrySubscriptionsResponse,
  ),
  ...messagesOf(pushTelemetry, pushTelemetryRequest, pushTelemetryResponse),
]

/** The seed of everything random in a conformance test: OTTLA_SEED, or a new one. */
export const SEED = Number(process.env.OTTLA_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** `count` random values; `salt` tells one use of the seed from another. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number, salt: number): T[] {
  return fc.sample(arbitrary, { seed: (SEED + salt) | 0, numRuns: count })
}

function messagesOf<Request, Response>(
  api: Api<Request, Response>,
  request: (version: number) => fc.Arbitrary<Request>,
  response: (version: number) => fc.Arbitrary<Response>,
): MessageSpec[] {
  const { minVersion, maxVersion } = api
  const versions = Array.from({ length: maxVersion - minVersion + 1 }, (_, i) => minVersion + i)
  return [
    {
      name: `${api.name}Request`,
      api,
      versions,
      codec: requestCodec(api),
      arbitrary: request,
    },
    {
      name: `${api.name}Response`,
      api,
      versions,
      codec: responseCodec(api),
      arbitrary: response,
    },
  ]
}
