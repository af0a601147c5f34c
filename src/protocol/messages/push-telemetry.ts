/**
 * PushTelemetry (key 72, v0): this client's metrics, for the cluster's telemetry plug-in.
 *
 *   Request => clientInstanceId subscriptionId terminating compressionType metrics tags
 *     clientInstanceId  uuid
 *     subscriptionId    int32    // of the subscription that the metrics were chosen by
 *     terminating       boolean  // the client closes: no request follows
 *     compressionType   int8     // of the metrics, as in a batch's attributes
 *     metrics           bytes    // OTLP: a MetricsData of opentelemetry/proto/metrics/v1
 *
 *   Response => throttleTimeMs errorCode tags
 *     throttleTimeMs    int32
 *     errorCode         int16
 *
 * v0 is flexible.
 *
 * Spec: PushTelemetryRequest.json, PushTelemetryResponse.json; KIP-714.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface PushTelemetryRequest {
  readonly clientInstanceId: string
  readonly subscriptionId: number
  readonly terminating: boolean
  readonly compressionType: number
  readonly metrics: Uint8Array
}

export interface PushTelemetryResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
}

function encodeRequest(writer: Writer, request: PushTelemetryRequest): void {
  writer.writeUuid(request.clientInstanceId)
  writer.writeInt32(request.subscriptionId)
  writer.writeBoolean(request.terminating)
  writer.writeInt8(request.compressionType)
  writer.writeBytes(request.metrics, true)
  writer.writeTaggedFields()
}

function decodeRequest(reader: Reader): PushTelemetryRequest {
  const request = {
    clientInstanceId: reader.readUuid(),
    subscriptionId: reader.readInt32(),
    terminating: reader.readBoolean(),
    compressionType: reader.readInt8(),
    metrics: reader.readBytes(true),
  }
  reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: PushTelemetryResponse): void {
  writer.writeInt32(response.throttleTimeMs)
  writer.writeInt16(response.errorCode)
  writer.writeTaggedFields()
}

function decodeResponse(reader: Reader): PushTelemetryResponse {
  const response = { throttleTimeMs: reader.readInt32(), errorCode: reader.readInt16() }
  reader.readTaggedFields()
  return response
}

export const pushTelemetry: Api<PushTelemetryRequest, PushTelemetryResponse> = {
  name: 'PushTelemetry',
  key: 72,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
