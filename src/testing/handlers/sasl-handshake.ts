/**
 * SaslHandshake as a broker answers it: the mechanisms that it takes, and whether this is one of them.
 *
 * Spec: Kafka's SaslServerAuthenticator.handleHandshakeRequest; KIP-43, KIP-152. Neighbours:
 * services.ts; sasl/sasl-session.ts knows where the connection stands.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from '../../protocol/messages/sasl-handshake.js'
import type { HandshakeOutcome } from '../sasl/sasl-session.js'
import type { Exchange } from './handler.js'

const ERROR_OF: Readonly<Record<HandshakeOutcome, number>> = {
  begun: ErrorCodes.NONE,
  'unsupported mechanism': ErrorCodes.UNSUPPORTED_SASL_MECHANISM,
  'illegal state': ErrorCodes.ILLEGAL_SASL_STATE,
}

export function answerSaslHandshake({
  cluster,
  version,
  request,
  faults,
  session,
  ending,
}: Exchange<SaslHandshakeRequest>): SaslHandshakeResponse {
  const { error } = faults
  const errorCode =
    error !== undefined && 'errorCode' in error
      ? error.errorCode
      : ERROR_OF[session.begin(request.mechanism, version === 0)]
  // Where a login is out of place the connection stays good.
  const isEnd = errorCode !== ErrorCodes.NONE && errorCode !== ErrorCodes.ILLEGAL_SASL_STATE
  if (isEnd) ending.afterMs = cluster.sasl?.failureDelayMs ?? 0
  const isOutOfPlace = errorCode === ErrorCodes.ILLEGAL_SASL_STATE
  return { errorCode, mechanisms: isOutOfPlace ? [] : (cluster.sasl?.mechanisms ?? []) }
}
