/**
 * SaslAuthenticate as a broker answers it: one message of the mechanism. What is refused is answered
 * after a while, and then the connection is closed.
 *
 * Spec: Kafka's SaslServerAuthenticator.handleSaslToken; KIP-152, KIP-368. Neighbours: services.ts;
 * sasl/sasl-session.ts judges.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../protocol/messages/sasl-authenticate.js'
import { HANG_UP, type Answer, type Exchange } from './handler.js'

const OUT_OF_PLACE = 'SaslAuthenticate request received after successful authentication'

export function answerSaslAuthenticate(
  exchange: Exchange<SaslAuthenticateRequest>,
): Answer<SaslAuthenticateResponse> {
  const { request, faults, session } = exchange
  const { error } = faults
  if (error !== undefined && 'errorCode' in error) {
    session.fail()
    return refuse(exchange, error.errorCode, error.errorMessage ?? null)
  }
  const outcome = session.step(request.authBytes)
  const { wire } = faults
  if (wire !== undefined && 'authBytes' in wire) {
    return succeeded(wire.authBytes('bytes' in outcome ? outcome.bytes : new Uint8Array()), 0)
  }
  switch (outcome.kind) {
    case 'illegal state':
      return failed(ErrorCodes.ILLEGAL_SASL_STATE, OUT_OF_PLACE)
    case 'hang up':
      return HANG_UP
    case 'refused':
      return refuse(exchange, ErrorCodes.SASL_AUTHENTICATION_FAILED, outcome.message)
    case 'going on':
    case 'logged in':
      return succeeded(outcome.bytes, outcome.sessionLifetimeMs)
  }
}

function succeeded(authBytes: Uint8Array, sessionLifetimeMs: number): SaslAuthenticateResponse {
  return {
    errorCode: ErrorCodes.NONE,
    errorMessage: '',
    authBytes,
    sessionLifetimeMs: BigInt(Math.trunc(sessionLifetimeMs)),
  }
}

function refuse(
  { cluster, ending }: Exchange<SaslAuthenticateRequest>,
  errorCode: number,
  errorMessage: string | null,
): SaslAuthenticateResponse {
  ending.afterMs = cluster.sasl?.failureDelayMs ?? 0
  return failed(errorCode, errorMessage)
}

function failed(errorCode: number, errorMessage: string | null): SaslAuthenticateResponse {
  return { errorCode, errorMessage, authBytes: new Uint8Array(), sessionLifetimeMs: 0n }
}
