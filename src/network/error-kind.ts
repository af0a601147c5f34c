/**
 * What somebody has to mend, as against what time may: the kinds by which reasons of one outage are told
 * apart. Few on purpose: a broker that restarts refuses, resets and says nothing in turn, and is away.
 *
 * Neighbours: outage-log.ts warns of each kind once.
 */
import { AuthorizationError, BrokerError, ConnectionError, OttlaError } from '../errors.js'
import { isRefusedLogin } from './metadata/metadata-errors.js'

export type ErrorKind = 'login' | 'tls' | 'permission' | 'other'

/** Of one that was put into other words, or of several addresses, too. */
export function errorKind(error: unknown): ErrorKind {
  if (isRefusedLogin(error)) return 'login'
  if (someOf(error, isTlsFault)) return 'tls'
  return someOf(error, isForbidden) ? 'permission' : 'other'
}

/** Certificates and versions; not that a handshake was cut short, as of a broker that goes down. */
function isTlsFault(error: unknown): boolean {
  return error instanceof ConnectionError && error.phase === 'tls' && !error.retriable
}

function isForbidden(error: unknown): boolean {
  if (error instanceof AuthorizationError) return true
  return error instanceof BrokerError && error.errorName.endsWith('AUTHORIZATION_FAILED')
}

function someOf(error: unknown, is: (error: unknown) => boolean): boolean {
  if (is(error)) return true
  if (error instanceof AggregateError) return error.errors.some((one) => someOf(one, is))
  return error instanceof OttlaError && someOf(error.cause, is) // a user's may go in a circle
}
