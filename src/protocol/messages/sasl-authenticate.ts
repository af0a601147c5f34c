/**
 * SaslAuthenticate (key 36, v0–2): one message of the mechanism, and the broker's answer to it.
 *
 *   Request => authBytes tags
 *     authBytes          bytes
 *
 *   Response => errorCode errorMessage authBytes sessionLifetimeMs tags
 *     errorCode          int16             // 58 SASL_AUTHENTICATION_FAILED, 34 ILLEGAL_SASL_STATE
 *     errorMessage       nullable string   // "" on success
 *     authBytes          bytes
 *     sessionLifetimeMs  int64  v1+        // with the last answer (KIP-368); 0: no limit
 *
 * v2 is flexible.
 *
 * Spec: SaslAuthenticateRequest.json, SaslAuthenticateResponse.json; KIP-152, KIP-368.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface SaslAuthenticateRequest {
  /** The mechanism's own bytes. They are a secret with most mechanisms: never log them. */
  readonly authBytes: Uint8Array
}

export interface SaslAuthenticateResponse {
  readonly errorCode: number
  /** The broker's words, not to be trusted. */
  readonly errorMessage: string | null
  readonly authBytes: Uint8Array
  /** After which the broker wants a new login on this connection; 0n for never. */
  readonly sessionLifetimeMs: bigint
}

const NO_SESSION_LIFETIME = 0n

function encodeRequest(writer: Writer, request: SaslAuthenticateRequest, version: number): void {
  const flexible = version >= 2
  writer.writeBytes(request.authBytes, flexible)
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): SaslAuthenticateRequest {
  const flexible = version >= 2
  const request = { authBytes: reader.readBytes(flexible) }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: SaslAuthenticateResponse, version: number): void {
  const flexible = version >= 2
  writer.writeInt16(response.errorCode)
  writer.writeNullableString(response.errorMessage, flexible)
  writer.writeBytes(response.authBytes, flexible)
  if (version >= 1) writer.writeInt64(response.sessionLifetimeMs)
  if (flexible) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): SaslAuthenticateResponse {
  const flexible = version >= 2
  const response = {
    errorCode: reader.readInt16(),
    errorMessage: reader.readNullableString(flexible),
    authBytes: reader.readBytes(flexible),
    sessionLifetimeMs: version >= 1 ? reader.readInt64() : NO_SESSION_LIFETIME,
  }
  if (flexible) reader.readTaggedFields()
  return response
}

export const saslAuthenticate: Api<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  name: 'SaslAuthenticate',
  key: 36,
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
