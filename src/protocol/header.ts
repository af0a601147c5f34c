/**
 * The headers in front of every request and response body, behind the frame's length.
 *
 *   Request v1, v2 => apiKey apiVersion correlationId clientId [tags]
 *     apiKey         int16
 *     apiVersion     int16
 *     correlationId  int32
 *     clientId       nullable string  // int16 length in v2 too: old brokers must find the body
 *     tags           tag section      // v2, in front of flexible bodies
 *
 *   Response v0, v1 => correlationId [tags]
 *     correlationId  int32
 *     tags           tag section      // v1, in front of flexible bodies, ApiVersions excepted
 *
 * Spec: RequestHeader.json, ResponseHeader.json; KIP-482; KIP-511 for the exception: a client that
 * asks for versions cannot know how the broker writes headers.
 * Neighbours: api.ts says which body is flexible; network/ matches correlation ids.
 */

import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** What stands in front of a request's body. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  /** int32, chosen by the client and echoed in the response. */
  readonly correlationId: number
  readonly clientId: string | null
}

/** The part of an Api that decides the form of its response header. */
interface HeaderApi {
  readonly key: number
  readonly flexibleFrom: number
}

const API_VERSIONS_KEY = 18

/** `flexible`: whether the body is, `isFlexible(api, version)`. */
export function encodeRequestHeader(
  writer: Writer,
  header: RequestHeader,
  flexible: boolean,
): void {
  writer.writeInt16(header.apiKey)
  writer.writeInt16(header.apiVersion)
  writer.writeInt32(header.correlationId)
  writer.writeNullableString(header.clientId, false)
  if (flexible) writer.writeTaggedFields()
}

/**
 * Reads the header, with its tags if `flexible`. A server learns only from the header itself
 * whether tags follow: it leaves `flexible` false and, for a flexible body, calls
 * `reader.readTaggedFields()` next.
 */
export function decodeRequestHeader(reader: Reader, flexible = false): RequestHeader {
  const header = {
    apiKey: reader.readInt16(),
    apiVersion: reader.readInt16(),
    correlationId: reader.readInt32(),
    clientId: reader.readNullableString(false),
  }
  if (flexible) reader.readTaggedFields()
  return header
}

/** Writes the header that a response of this API and version has. */
export function encodeResponseHeader(
  writer: Writer,
  api: HeaderApi,
  version: number,
  correlationId: number,
): void {
  writer.writeInt32(correlationId)
  if (hasTags(api, version)) writer.writeTaggedFields()
}

/** Returns the correlation id; the reader then stands at the body. */
export function decodeResponseHeader(reader: Reader, api: HeaderApi, version: number): number {
  const correlationId = reader.readInt32()
  if (hasTags(api, version)) reader.readTaggedFields()
  return correlationId
}

function hasTags(api: HeaderApi, version: number): boolean {
  return version >= api.flexibleFrom && api.key !== API_VERSIONS_KEY
}
