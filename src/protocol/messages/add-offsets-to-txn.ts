/**
 * AddOffsetsToTxn (key 25, v0–4): says that a transaction commits offsets of a group, before it does.
 *
 *   Request => transactionalId producerId producerEpoch groupId tags
 *     transactionalId  string
 *     producerId       int64
 *     producerEpoch    int16
 *     groupId          string
 *
 *   Response => throttleTimeMs errorCode tags
 *     throttleTimeMs   int32
 *     errorCode        int16
 *
 * v1: the broker answers before it throttles. v2 may answer PRODUCER_FENCED. v3 is flexible. v4 may
 * answer TRANSACTION_ABORTABLE. Not sent where TxnOffsetCommit v5 is: that says it by itself (KIP-890).
 *
 * Spec: AddOffsetsToTxnRequest.json, AddOffsetsToTxnResponse.json; KIP-98.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly groupId: string
}

export interface AddOffsetsToTxnResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
}

function encodeRequest(writer: Writer, request: AddOffsetsToTxnRequest, version: number): void {
  const flexible = version >= 3
  writer.writeString(request.transactionalId, flexible)
  writer.writeInt64(request.producerId)
  writer.writeInt16(request.producerEpoch)
  writer.writeString(request.groupId, flexible)
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): AddOffsetsToTxnRequest {
  const flexible = version >= 3
  const request = {
    transactionalId: reader.readString(flexible),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
    groupId: reader.readString(flexible),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: AddOffsetsToTxnResponse, version: number): void {
  writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  if (version >= 3) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): AddOffsetsToTxnResponse {
  const response = { throttleTimeMs: reader.readInt32(), errorCode: reader.readInt16() }
  if (version >= 3) reader.readTaggedFields()
  return response
}

export const addOffsetsToTxn: Api<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse> = {
  name: 'AddOffsetsToTxn',
  key: 25,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
