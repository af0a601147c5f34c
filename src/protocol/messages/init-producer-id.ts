/**
 * InitProducerId (key 22, v0–5): the producer id and epoch under which batches are numbered.
 *
 *   Request => transactionalId transactionTimeoutMs producerId producerEpoch tags
 *     transactionalId       nullable string       // null: idempotent only; any broker answers
 *     transactionTimeoutMs  int32
 *     producerId            int64  v3+            // -1 at first; the current one to bump its epoch
 *     producerEpoch         int16  v3+            // likewise
 *
 *   Response => throttleTimeMs errorCode producerId producerEpoch tags
 *     throttleTimeMs  int32
 *     errorCode       int16
 *     producerId      int64
 *     producerEpoch   int16
 *
 * v1: the broker answers before it throttles. v2 is flexible. v4 may answer PRODUCER_FENCED, v5
 * TRANSACTION_ABORTABLE. v6 (two-phase commit, KIP-939) is not stable in Kafka 4.3 and not spoken.
 *
 * Spec: InitProducerIdRequest.json, InitProducerIdResponse.json; KIP-98, KIP-360.
 */

import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import { ErrorCodes } from '../error-codes.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface InitProducerIdRequest {
  /** Null for a producer without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  /** -1n where there is none yet. */
  readonly producerId: bigint
  /** -1 where there is none yet. */
  readonly producerEpoch: number
}

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  /** -1n on error. */
  readonly producerId: bigint
  readonly producerEpoch: number
}

const NO_PRODUCER_ID = -1n
const NO_PRODUCER_EPOCH = -1

function encodeRequest(writer: Writer, request: InitProducerIdRequest, version: number): void {
  const flexible = version >= 2
  writer.writeNullableString(request.transactionalId, flexible)
  writer.writeInt32(request.transactionTimeoutMs)
  if (version >= 3) {
    writer.writeInt64(request.producerId)
    writer.writeInt16(request.producerEpoch)
  } else {
    const message = { apiName: initProducerId.name, version }
    requireDefault(message, 'producerId', request.producerId, NO_PRODUCER_ID)
    requireDefault(message, 'producerEpoch', request.producerEpoch, NO_PRODUCER_EPOCH)
  }
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): InitProducerIdRequest {
  const flexible = version >= 2
  const request = {
    transactionalId: reader.readNullableString(flexible),
    transactionTimeoutMs: reader.readInt32(),
    producerId: version >= 3 ? reader.readInt64() : NO_PRODUCER_ID,
    producerEpoch: version >= 3 ? reader.readInt16() : NO_PRODUCER_EPOCH,
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: InitProducerIdResponse, version: number): void {
  writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  writer.writeInt64(response.producerId)
  writer.writeInt16(response.producerEpoch)
  if (version >= 2) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): InitProducerIdResponse {
  const response = {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
  }
  if (version >= 2) reader.readTaggedFields()
  return response
}

/** Whoever took it for an id would write without one, and not be idempotent. */
function fault(
  _request: InitProducerIdRequest,
  { errorCode, producerId, producerEpoch }: InitProducerIdResponse,
): string | undefined {
  if (errorCode !== ErrorCodes.NONE || (producerId >= 0n && producerEpoch >= 0)) return undefined
  return `gives the producer id ${producerId} with the epoch ${producerEpoch}, and both are 0 and up`
}

export const initProducerId: Api<InitProducerIdRequest, InitProducerIdResponse> = {
  name: 'InitProducerId',
  key: 22,
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 2,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
  fault,
}
