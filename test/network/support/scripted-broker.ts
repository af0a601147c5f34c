/**
 * A broker that does what a test tells it: it splits and decodes requests, answers ApiVersions by
 * itself, and leaves every other answer to the script.
 */
import type { FeaturesAnswer } from '../../../src/network/finalized-features.js'
import type { Api } from '../../../src/protocol/api.js'
import { isFlexible } from '../../../src/protocol/api.js'
import { decodeRequestHeader } from '../../../src/protocol/header.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import type { ApiVersion } from '../../../src/protocol/messages/api-versions.js'
import { Reader } from '../../../src/protocol/reader.js'
import { responseFrame } from '../../../src/testing/response-frame.js'
import type { Peer } from './memory-network.js'

/** One request as it arrived. */
export interface ReceivedRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** The whole frame without its size field. */
  readonly frame: Buffer
  decode<Request, Response>(api: Api<Request, Response>): Request
  reply<Request, Response>(api: Api<Request, Response>, response: Response): void
  readonly peer: Pick<Peer, 'send' | 'close'>
}

export const ALL_VERSIONS: readonly ApiVersion[] = [
  { apiKey: 0, minVersion: 3, maxVersion: 13 },
  { apiKey: 3, minVersion: 0, maxVersion: 13 },
  { apiKey: 18, minVersion: 0, maxVersion: 4 },
  { apiKey: 22, minVersion: 0, maxVersion: 5 },
]

/** What a broker that knows of no finalized feature says of them. */
const NO_FEATURES: FeaturesAnswer = { finalizedFeaturesEpoch: -1n, finalizedFeatures: [] }

/** What a broker says of the finalized features from which `transaction.version` is at `level`. */
export function transactionVersion(level: number, epoch: bigint): FeaturesAnswer {
  const feature = { name: 'transaction.version', maxVersionLevel: level, minVersionLevel: 0 }
  return { finalizedFeaturesEpoch: epoch, finalizedFeatures: [feature] }
}

/** Answers every ApiVersions request with these ranges. */
export function replyVersions(
  request: ReceivedRequest,
  apiKeys = ALL_VERSIONS,
  errorCode = 0,
  features = NO_FEATURES,
): void {
  request.reply(apiVersions, {
    errorCode,
    apiKeys,
    throttleTimeMs: 0,
    supportedFeatures: [],
    ...features,
    zkMigrationReady: false,
  })
}

/** Calls `onRequest` for each request that arrives in the chunks given to the returned function. */
export function splitRequests(
  peer: ReceivedRequest['peer'],
  onRequest: (request: ReceivedRequest) => void,
): (bytes: Buffer) => void {
  let held = Buffer.alloc(0)
  return (bytes) => {
    held = Buffer.concat([held, bytes])
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const end = 4 + held.readInt32BE(0)
      const frame = held.subarray(4, end)
      held = held.subarray(end)
      onRequest(receive(frame, peer))
    }
  }
}

function receive(frame: Buffer, peer: ReceivedRequest['peer']): ReceivedRequest {
  const reader = new Reader(frame, { apiName: 'request', version: 0 })
  const { apiKey, apiVersion: version, correlationId, clientId } = decodeRequestHeader(reader)
  return {
    apiKey,
    version,
    correlationId,
    clientId,
    frame,
    peer,
    decode: (api) => {
      if (isFlexible(api, version)) reader.readTaggedFields()
      const request = api.decodeRequest(reader, version)
      reader.expectEnd()
      return request
    },
    reply: (api, response) => {
      peer.send(responseFrame(api, version, correlationId, response))
    },
  }
}

/** Accepts a stream of a MemoryNetwork: ApiVersions is answered, the rest goes to the script. */
export function broker(script: (request: ReceivedRequest, peer: Peer) => void) {
  return (peer: Peer): void => {
    peer.onBytes = splitRequests(peer, (request) => {
      if (request.apiKey === apiVersions.key) replyVersions(request)
      else script(request, peer)
    })
  }
}
