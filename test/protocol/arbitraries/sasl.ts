/** Random SaslHandshake and SaslAuthenticate messages that a version can carry whole. */

import type fc from 'fast-check'
import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../../src/protocol/messages/sasl-authenticate.js'
import type {
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from '../../../src/protocol/messages/sasl-handshake.js'
import { bytes, int16, int64, list, nullable, record, text, when } from './primitives.js'

export function saslHandshakeRequest(): fc.Arbitrary<SaslHandshakeRequest> {
  return record({ mechanism: text })
}

export function saslHandshakeResponse(): fc.Arbitrary<SaslHandshakeResponse> {
  return record({ errorCode: int16, mechanisms: list(text) })
}

export function saslAuthenticateRequest(): fc.Arbitrary<SaslAuthenticateRequest> {
  return record({ authBytes: bytes })
}

export function saslAuthenticateResponse(version: number): fc.Arbitrary<SaslAuthenticateResponse> {
  return record({
    errorCode: int16,
    errorMessage: nullable(text),
    authBytes: bytes,
    sessionLifetimeMs: when(version >= 1, int64, 0n),
  })
}
