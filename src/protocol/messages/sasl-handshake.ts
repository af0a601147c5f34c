/**
 * SaslHandshake (key 17, v0–1): the mechanism by which this connection will log in.
 *
 *   Request => mechanism
 *     mechanism   string     // case matters: `PLAIN`
 *
 *   Response => errorCode mechanisms
 *     errorCode   int16      // 33 UNSUPPORTED_SASL_MECHANISM, 34 ILLEGAL_SASL_STATE
 *     mechanisms  [string]   // those that the listener takes
 *
 * No version is flexible. After v0 the mechanism's bytes follow bare, each behind its length; after v1
 * they travel in SaslAuthenticate, whose answer says why a login is refused (KIP-152).
 *
 * Spec: SaslHandshakeRequest.json, SaslHandshakeResponse.json; KIP-43, KIP-152.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface SaslHandshakeRequest {
  /** As the broker writes it: case matters. */
  readonly mechanism: string
}

export interface SaslHandshakeResponse {
  readonly errorCode: number
  /** What the listener takes; empty where it has no SASL. */
  readonly mechanisms: readonly string[]
}

const STRING_MIN_BYTES = 2

function encodeRequest(writer: Writer, request: SaslHandshakeRequest): void {
  writer.writeString(request.mechanism, false)
}

function decodeRequest(reader: Reader): SaslHandshakeRequest {
  return { mechanism: reader.readString(false) }
}

function encodeResponse(writer: Writer, response: SaslHandshakeResponse): void {
  writer.writeInt16(response.errorCode)
  writer.writeArray(response.mechanisms, false, (name) => writer.writeString(name, false))
}

function decodeResponse(reader: Reader): SaslHandshakeResponse {
  return {
    errorCode: reader.readInt16(),
    mechanisms: reader.readArray(false, () => reader.readString(false), STRING_MIN_BYTES),
  }
}

export const saslHandshake: Api<SaslHandshakeRequest, SaslHandshakeResponse> = {
  name: 'SaslHandshake',
  key: 17,
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: Infinity,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
