/**
 * The errors of a question that the cluster does not answer, or refuses.
 *
 * Neighbours: control-plane.ts and control-addresses.ts throw them.
 */
import { BrokerError, ConnectionError, OttlaError, ProtocolError } from '../../errors.js'
import type { OttlaErrorOptions } from '../../errors.js'
import type { Api } from '../../protocol/api.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { findCoordinator } from '../../protocol/messages/find-coordinator.js'
import type {
  Coordinator,
  FindCoordinatorResponse,
} from '../../protocol/messages/find-coordinator.js'
import { formatAddress } from '../address.js'
import { addressFault, nodeIdFault } from '../brokers/broker.js'
import { isFinalRefusal } from '../metadata/metadata-errors.js'
import type { Address } from '../transport/transport.js'

/** Throws BrokerError where a response carries an error code. */
export function requireAccepted(
  { name: apiName }: { readonly name: string },
  address: Address,
  response: unknown,
): void {
  const { errorCode: received } = response as { readonly errorCode?: unknown }
  if (typeof received !== 'number' || received === ErrorCodes.NONE) return
  const { code, name, description, retriable } = errorCode(received)
  throw new BrokerError(`${name}, ${description} (${apiName} at ${formatAddress(address)})`, {
    apiName,
    errorCode: code,
    errorName: name,
    retriable,
  })
}

/** Throws ProtocolError where a response leaves out what was asked for, and no error code says why. */
export function requireWhole<Request, Response>(
  api: Api<Request, Response>,
  address: Address,
  request: Request,
  response: Response,
): void {
  const fault = api.fault?.(request, response)
  if (fault === undefined) return
  const message = `the answer of ${formatAddress(address)} to ${api.name} ${fault}`
  throw new ProtocolError(message, { apiName: api.name, retriable: true })
}

/**
 * The one coordinator that was asked for. Throws BrokerError where there is none, ProtocolError where it
 * cannot be used: credentials go where a coordinator is said to be, and what can be no address is nobody's.
 */
export function requireCoordinator(
  { coordinators }: FindCoordinatorResponse,
  from: Address,
): Coordinator {
  const [coordinator] = coordinators
  if (coordinator === undefined || coordinators.length > 1) {
    const message = `${formatAddress(from)} names ${coordinators.length} coordinators, asked for one`
    throw new ProtocolError(message, { apiName: findCoordinator.name, retriable: true })
  }
  requireAccepted(findCoordinator, from, coordinator)
  const fault = nodeIdFault(coordinator.nodeId) ?? addressFault(coordinator)
  if (fault === undefined) return coordinator
  const message = `the coordinator that ${formatAddress(from)} names cannot be used: it has ${fault}`
  throw new ProtocolError(message, { apiName: findCoordinator.name, retriable: true })
}

/** None of the addresses tried has answered; `fates` says what became of each. */
export function noAnswer(
  { host, port }: Address,
  fates: string,
  options: OttlaErrorOptions & { readonly code?: string | undefined } = {},
): ConnectionError {
  const message = `no broker answers: ${fates}`
  return new ConnectionError(message, { host, port, phase: 'connect', ...options })
}

/**
 * Each address has failed once, for what `cause` says. A login that was refused for good is the
 * answer; so is what all brokers refuse. Retriable unless no retry can fix any of them.
 */
export function nobodyAnswers(address: Address, fates: string, cause: unknown): OttlaError {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  const refusal = errors.find(isFinalRefusal)
  if (refusal !== undefined) return refusal
  const [first] = errors
  if (first instanceof BrokerError && errors.every(isBrokerError)) return first
  const retriable = errors.some((error) => !(error instanceof OttlaError) || error.retriable)
  return noAnswer(address, fates, { retriable, cause, code: commonCode(errors) })
}

/** A broker that the cluster does not list, or no longer. */
export function notListed(nodeId: number): ConnectionError {
  const message = `the cluster lists no broker ${nodeId}`
  return new ConnectionError(message, { host: '', port: 0, phase: 'connect' })
}

/** The kind of failure, where it was the same at every address. */
function commonCode(errors: readonly unknown[]): string | undefined {
  const codes = new Set(
    errors.map((error) => (error instanceof ConnectionError ? error.code : undefined)),
  )
  return codes.size === 1 ? [...codes][0] : undefined
}

function isBrokerError(error: unknown): boolean {
  return error instanceof BrokerError
}
