/**
 * GetTelemetrySubscriptions (key 71, v0): which metrics the cluster wants pushed, how often, and how.
 *
 *   Request => clientInstanceId tags
 *     clientInstanceId          uuid      // zero at first; then the one that the broker gave
 *
 *   Response => throttleTimeMs errorCode clientInstanceId subscriptionId [acceptedCompressionTypes]
 *               pushIntervalMs telemetryMaxBytes deltaTemporality [requestedMetrics] tags
 *     throttleTimeMs            int32
 *     errorCode                 int16
 *     clientInstanceId          uuid
 *     subscriptionId            int32     // changes with what is subscribed to; any int32
 *     acceptedCompressionTypes  [int8]    // the broker's favourite first; none: not compressed
 *     pushIntervalMs            int32
 *     telemetryMaxBytes         int32     // of the metrics as they travel
 *     deltaTemporality          boolean   // sums: since the last push, or since the beginning
 *     requestedMetrics          [string]  // prefixes of names; none: nothing is wanted
 *
 * v0 is flexible. Only brokers with a telemetry plug-in offer it.
 *
 * Spec: GetTelemetrySubscriptionsRequest.json, GetTelemetrySubscriptionsResponse.json; KIP-714.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface GetTelemetrySubscriptionsRequest {
  /** `ZERO_UUID` where the broker has not given one yet. */
  readonly clientInstanceId: string
}

export interface GetTelemetrySubscriptionsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly clientInstanceId: string
  readonly subscriptionId: number
  /** Ids as in a batch's attributes, in the broker's order. */
  readonly acceptedCompressionTypes: readonly number[]
  readonly pushIntervalMs: number
  readonly telemetryMaxBytes: number
  readonly deltaTemporality: boolean
  /** Prefixes of names; `*` or an empty string: all; none: nothing. */
  readonly requestedMetrics: readonly string[]
}

const COMPRESSION_TYPE_BYTES = 1
const NAME_BYTES = 1

function encodeRequest(writer: Writer, request: GetTelemetrySubscriptionsRequest): void {
  writer.writeUuid(request.clientInstanceId)
  writer.writeTaggedFields()
}

function decodeRequest(reader: Reader): GetTelemetrySubscriptionsRequest {
  const request = { clientInstanceId: reader.readUuid() }
  reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: GetTelemetrySubscriptionsResponse): void {
  writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  writer.writeUuid(response.clientInstanceId)
  writer.writeInt32(response.subscriptionId)
  writer.writeArray(response.acceptedCompressionTypes, true, (type) => writer.writeInt8(type))
  writer.writeInt32(response.pushIntervalMs)
  writer.writeInt32(response.telemetryMaxBytes)
  writer.writeBoolean(response.deltaTemporality)
  writer.writeArray(response.requestedMetrics, true, (name) => writer.writeString(name, true))
  writer.writeTaggedFields()
}

function decodeResponse(reader: Reader): GetTelemetrySubscriptionsResponse {
  const response = {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    clientInstanceId: reader.readUuid(),
    subscriptionId: reader.readInt32(),
    acceptedCompressionTypes: reader.readArray(
      true,
      () => reader.readInt8(),
      COMPRESSION_TYPE_BYTES,
    ),
    pushIntervalMs: reader.readInt32(),
    telemetryMaxBytes: reader.readInt32(),
    deltaTemporality: reader.readBoolean(),
    requestedMetrics: reader.readArray(true, () => reader.readString(true), NAME_BYTES),
  }
  reader.readTaggedFields()
  return response
}

export const getTelemetrySubscriptions: Api<
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse
> = {
  name: 'GetTelemetrySubscriptions',
  key: 71,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
