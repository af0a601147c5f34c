/**
 * FindCoordinator (key 10, v0–3): the broker that keeps a group or a transactional id.
 *
 *   Request => key keyType tags
 *     key      string       // a group id, or a transactional id
 *     keyType  int8  v1+    // 0 group, 1 transaction
 *
 *   Response => throttleTimeMs errorCode errorMessage nodeId host port tags
 *     throttleTimeMs  int32            v1+
 *     errorCode       int16
 *     errorMessage    nullable string  v1+
 *     nodeId          int32            // -1 on error
 *     host            string
 *     port            int32
 *
 * v2: the broker answers before it throttles. v3 is flexible. v4 (many keys at once) and later are not
 * spoken: there is one key to ask for, and brokers up to Kafka 4.3 have v0.
 *
 * Spec: FindCoordinatorRequest.json, FindCoordinatorResponse.json; KIP-98.
 */

import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

/** What a coordinator keeps, as `keyType` names it. */
export const CoordinatorTypes = { group: 0, transaction: 1 } as const

export interface FindCoordinatorRequest {
  readonly key: string
  /** One of `CoordinatorTypes`. */
  readonly keyType: number
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  /** -1 on error. */
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

function encodeRequest(writer: Writer, request: FindCoordinatorRequest, version: number): void {
  const flexible = version >= 3
  writer.writeString(request.key, flexible)
  if (version >= 1) writer.writeInt8(request.keyType)
  else {
    const message = { apiName: findCoordinator.name, version }
    requireDefault(message, 'keyType', request.keyType, CoordinatorTypes.group)
  }
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): FindCoordinatorRequest {
  const flexible = version >= 3
  const request = {
    key: reader.readString(flexible),
    keyType: version >= 1 ? reader.readInt8() : CoordinatorTypes.group,
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: FindCoordinatorResponse, version: number): void {
  const flexible = version >= 3
  if (version >= 1) writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  if (version >= 1) writer.writeNullableString(response.errorMessage, flexible)
  writer.writeInt32(response.nodeId)
  writer.writeString(response.host, flexible)
  writer.writeInt32(response.port)
  if (flexible) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): FindCoordinatorResponse {
  const flexible = version >= 3
  const response = {
    throttleTimeMs: version >= 1 ? reader.readInt32() : 0,
    errorCode: reader.readInt16(),
    errorMessage: version >= 1 ? reader.readNullableString(flexible) : null,
    nodeId: reader.readInt32(),
    host: reader.readString(flexible),
    port: reader.readInt32(),
  }
  if (flexible) reader.readTaggedFields()
  return response
}

export const findCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  name: 'FindCoordinator',
  key: 10,
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
