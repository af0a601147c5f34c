/**
 * The errors of transactions: which of the three outcomes holds, why, and what to do.
 *
 * Before: transaction-manager.ts and transaction.ts.
 */
import {
  BrokerError,
  ClosedError,
  FatalError,
  FencedError,
  OttlaError,
  TransactionAbortedError,
  TransactionStateError,
  TransactionUnknownError,
  type DeliveryError,
} from '../../errors.js'
import {
  authorizationError,
  forbiddenBy,
  type RequestedNames,
} from '../completing/authorization.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { mayHelpToRepeat } from '../coordinating/transaction-verdict.js'
import type { TransactionRun } from './transaction-run.js'
import type { TransactionStateName } from './transaction-state.js'

/** Nothing of it is visible to read_committed; `cause`: why it could not be committed. */
export function abortedError(
  transactionalId: string,
  cause: OttlaError | null,
  retriable = cause !== null && mayHelp(cause),
): TransactionAbortedError {
  if (cause instanceof TransactionAbortedError) return cause
  const why = cause === null ? 'abort() was called' : cause.message
  return new TransactionAbortedError(
    `a transaction of "${transactionalId}" was aborted, and nothing of it is visible to read_committed: ${why}`,
    { cause: cause ?? undefined, retriable },
  )
}

/** To run the transaction again can help. */
function mayHelp(cause: OttlaError): boolean {
  const broker = brokerErrorOf(cause)
  return broker === null ? cause.retriable : mayHelpToRepeat(broker.errorCode)
}

/** What a broker has said that led to an error; null where none has. */
export function brokerErrorOf(error: unknown): BrokerError | null {
  for (let it = error; it instanceof OttlaError; it = it.cause) {
    if (it instanceof BrokerError) return it
  }
  return null
}

/** Another producer has the id; below level 2 the coordinator says the same of one that it has timed out. */
export function fencedError(transactionalId: string, cause: OttlaError | null): FencedError {
  return new FencedError(
    `the producer with transactionalId "${transactionalId}" is fenced: a newer one has the id, or its transaction ran into transactionTimeoutMs; nothing of an open transaction is visible to read_committed. See that each running instance has a transactionalId of its own`,
    { cause: cause ?? undefined },
  )
}

/** The commit's answer is lost for good. */
export function unknownError(
  transactionalId: string,
  cause: OttlaError | null,
): TransactionUnknownError {
  const why = cause === null ? 'its answer is missing' : cause.message
  return new TransactionUnknownError(
    `whether a transaction of "${transactionalId}" is committed cannot be known: ${why}. It is committed as a whole, or aborted as a whole: look at its effects (the records, the committed offsets) before it is run again`,
    { cause: cause ?? undefined },
  )
}

/** The coordinator refuses this producer for good. */
export function fatalError(
  transactionalId: string,
  cause: OttlaError,
  names: RequestedNames = {},
): DeliveryError {
  const what = `the producer with transactionalId "${transactionalId}" cannot go on: ${cause.message}`
  const forbidden = forbiddenBy(cause, { transactionalId, ...names })
  if (forbidden !== undefined) return authorizationError(what, forbidden)
  return new FatalError(`${what}${mendOf(cause)}`, { cause })
}

/** A refusal of the coordinator or of a group, in words that say what to do. */
export function refusedError(cause: OttlaError, names: RequestedNames): OttlaError {
  const forbidden = forbiddenBy(cause, names)
  return forbidden === undefined ? cause : authorizationError(cause.message, forbidden)
}

function mendOf(cause: OttlaError): string {
  const code = brokerErrorOf(cause)?.errorCode
  if (code === ErrorCodes.INVALID_TRANSACTION_TIMEOUT) {
    return '; lower transactionTimeoutMs, or raise the brokers’ transaction.max.timeout.ms'
  }
  return code === ErrorCodes.UNSUPPORTED_VERSION
    ? '; transactions need Kafka 0.11 or later, and 2.5 or later to go on after an abort that needs another epoch; where transaction.version was just lowered to 0, make a new producer'
    : ''
}

const ENDED: Readonly<Record<Exclude<TransactionStateName, 'open'>, string>> = {
  committing: 'commit() was called',
  committed: 'it is committed',
  aborting: 'it is being aborted',
  aborted: 'it was aborted',
  unknown: 'its commit has an unknown outcome',
  fenced: 'the producer is fenced',
}

/** A call that its state does not allow; the error of what ended it, where that is not the caller's doing. */
export function notOpenError(
  transactionalId: string,
  what: string,
  run: TransactionRun,
): DeliveryError {
  if (run.state === 'fenced') return fencedError(transactionalId, run.error)
  if (run.failure !== null) return abortedError(transactionalId, run.failure)
  return stateError(
    `${what} after a transaction has ended: ${run.state === 'open' ? '' : ENDED[run.state]}`,
  )
}

/** Of a record whose own call has ended its transaction, by the user's code within it. */
export function endedError(): TransactionStateError {
  return stateError(
    'a record was not taken: commit() was called within the call that gave it (by an iterator, an interceptor, a serializer or a getter)',
  )
}

/** `isNext`: it waited for the end of the one before. */
export function outOfTime(transactionTimeoutMs: number, isNext: boolean): string {
  return isNext
    ? `the end of the one before has no answer within transactionTimeoutMs (${transactionTimeoutMs} ms)`
    : `it was not committed in time: after ${transactionTimeoutMs} ms (transactionTimeoutMs) the coordinator would abort it`
}

/** Nothing has changed. */
export function stateError(message: string): TransactionStateError {
  return new TransactionStateError(message)
}

/** The producer is closed. */
export function transactionsClosed(): ClosedError {
  return new ClosedError('the producer is closed: make a new TransactionalProducer')
}
