/**
 * What somebody has to fix, as against what time may: the kinds by which reasons of one outage are told
 * apart. Few on purpose: a broker that restarts refuses, resets and says nothing in turn, and is away.
 *
 * Neighbours: outage-log.ts warns of each kind once; causes.ts goes through what an error is made of.
 */
import { AuthorizationError, BrokerError, ConnectionError } from '../errors.js'
import { someCause } from './causes.js'
import { isRefusedLogin } from './metadata/metadata-errors.js'

export type ErrorKind = 'login' | 'tls' | 'permission' | 'other'

/** Of one that was put into other words, or of several addresses, too. */
export function errorKind(error: unknown): ErrorKind {
  if (isRefusedLogin(error)) return 'login'
  if (someCause(error, isTlsFault)) return 'tls'
  return someCause(error, isForbidden) ? 'permission' : 'other'
}

/** Certificates and versions; not that a handshake was cut short, as of a broker that goes down. */
function isTlsFault(error: unknown): boolean {
  return error instanceof ConnectionError && error.phase === 'tls' && !error.retriable
}

function isForbidden(error: unknown): boolean {
  if (error instanceof AuthorizationError) return true
  return error instanceof BrokerError && error.errorName.endsWith('AUTHORIZATION_FAILED')
}
