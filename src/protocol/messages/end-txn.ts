/**
 * EndTxn (key 26, v0–5): commits a transaction, or aborts it.
 *
 *   Request => transactionalId producerId producerEpoch committed tags
 *     transactionalId  string
 *     producerId       int64
 *     producerEpoch    int16
 *     committed        boolean    // false: abort
 *
 *   Response => throttleTimeMs errorCode producerId producerEpoch tags
 *     throttleTimeMs   int32
 *     errorCode        int16
 *     producerId       int64  v5+    // the identity of the next transaction; -1 on error
 *     producerEpoch    int16  v5+    // likewise
 *
 * v1: the broker answers before it throttles. v2 may answer PRODUCER_FENCED. v3 is flexible. v4 may
 * answer TRANSACTION_ABORTABLE. The version says how the broker ends a transaction: v5 takes a new epoch
 * each time, and is only for clusters whose `transaction.version` is 2 (KIP-890), though brokers below
 * that level offer it too.
 *
 * Spec: EndTxnRequest.json, EndTxnResponse.json; KIP-98, KIP-890.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  /** False: abort. */
  readonly committed: boolean
}

export interface EndTxnResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  /** Of the next transaction; -1n on error and before v5. */
  readonly producerId: bigint
  /** Likewise. */
  readonly producerEpoch: number
}

const NO_PRODUCER_ID = -1n
const NO_PRODUCER_EPOCH = -1

function encodeRequest(writer: Writer, request: EndTxnRequest, version: number): void {
  const flexible = version >= 3
  writer.writeString(request.transactionalId, flexible)
  writer.writeInt64(request.producerId)
  writer.writeInt16(request.producerEpoch)
  writer.writeBoolean(request.committed)
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): EndTxnRequest {
  const flexible = version >= 3
  const request = {
    transactionalId: reader.readString(flexible),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
    committed: reader.readBoolean(),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: EndTxnResponse, version: number): void {
  writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  if (version >= 5) {
    writer.writeInt64(response.producerId)
    writer.writeInt16(response.producerEpoch)
  }
  if (version >= 3) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): EndTxnResponse {
  const response = {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    producerId: version >= 5 ? reader.readInt64() : NO_PRODUCER_ID,
    producerEpoch: version >= 5 ? reader.readInt16() : NO_PRODUCER_EPOCH,
  }
  if (version >= 3) reader.readTaggedFields()
  return response
}

export const endTxn: Api<EndTxnRequest, EndTxnResponse> = {
  name: 'EndTxn',
  key: 26,
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
