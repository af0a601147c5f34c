/**
 * The errors that reject a batch's records, each saying which of three outcomes holds (see
 * `DeliveryOutcome`): *unknown* wherever an attempt may be in the log, *rejected* where the broker
 * refused and no attempt can be, *not written* where none was made or none was accepted.
 */
import {
  AuthorizationError,
  BrokerError,
  ClosedError,
  DeliveryError,
  DeliveryTimeoutError,
  FatalError,
  FencedError,
  RecordTooLargeError,
  TransactionAbortedError,
  type DeliveryErrorOptions,
  type DeliveryOutcome,
  type OttlaError,
} from '../../errors.js'
import { COMPRESSION_NAMES } from '../../compression/codec.js'
import { cleanText } from '../../network/sasl/clean-text.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { authorizationError, forbiddenBy } from './authorization.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import type { PartitionAnswer } from '../sending/produce-request.js'
import { isCodecRefused, isTooLarge } from './partition-answer.js'

/** What is known of a batch that ends now; while in flight it may still be written. */
function outcomeOf(batch: ProducerBatch, otherwise: DeliveryOutcome): DeliveryOutcome {
  return batch.maybeWritten || batch.isInFlight ? 'unknown' : otherwise
}

/** Why the outcome is *unknown*. */
function unknownNote(batch: ProducerBatch): string {
  const end = 'so it may be in the log or not'
  if (batch.hasLostAnswer || batch.isInFlight)
    return `an attempt was sent and its answer is missing, ${end}`
  return batch.maybeWritten
    ? `an attempt was answered with an error that may also come after it was stored, ${end}`
    : `an attempt was sent, ${end}`
}

function describe({ queue }: ProducerBatch): string {
  return `topic "${queue.topic.name}" partition ${queue.partition}`
}

function place({ queue }: ProducerBatch): { topic: string; partition: number } {
  return { topic: queue.topic.name, partition: queue.partition }
}

/** A partition's answer as an error. */
export function brokerError({ errorCode: code, errorMessage }: PartitionAnswer): BrokerError {
  const { name, description, retriable } = errorCode(code)
  return new BrokerError(`${name}: ${cleanText(errorMessage ?? description)}`, {
    apiName: 'Produce',
    errorCode: code,
    errorName: name,
    retriable,
  })
}

/**
 * The broker refused the batch for good, or one time too often, or too many answers were lost: the
 * error of the record at each index.
 */
export function failed(
  batch: ProducerBatch,
  cause: OttlaError,
  answer?: PartitionAnswer,
): (index: number) => DeliveryError {
  if (answer !== undefined && isTooLarge(answer.errorCode)) {
    return () => tooLarge(batch, cause, answer.errorCode)
  }
  const minded = new Map<number, string | null>() // once for all: a batch may have 100,000 records
  for (const { batchIndex, batchIndexErrorMessage } of answer?.recordErrors ?? []) {
    const isOurs = batchIndex >= 0 && batchIndex < batch.recordCount
    if (isOurs) minded.set(batchIndex, batchIndexErrorMessage && cleanText(batchIndexErrorMessage))
  }
  const outcome = outcomeOf(batch, 'rejected')
  const forbidden = forbiddenBy(cause, place(batch))
  if (forbidden !== undefined) {
    const what = notAcknowledged(batch, cause.message, outcome)
    return () => authorizationError(what, forbidden, { ...place(batch), outcome })
  }
  const why = cause.message + codecHint(batch, answer)
  return (index) => failedRecord(batch, cause, outcome, { why, minded }, index)
}

function codecHint({ codecId }: ProducerBatch, answer: PartitionAnswer | undefined): string {
  if (answer === undefined || codecId === 0 || !isCodecRefused(answer.errorCode)) return ''
  return `; it was sent with ${COMPRESSION_NAMES[codecId] ?? codecId}: set compression: 'none', or another codec`
}

function failedRecord(
  batch: ProducerBatch,
  cause: OttlaError,
  outcome: DeliveryOutcome,
  { why, minded }: { readonly why: string; readonly minded: ReadonlyMap<number, string | null> },
  index: number,
): DeliveryError {
  if (minded.size > 0 && !minded.has(index) && outcome === 'rejected') {
    return new DeliveryError(
      `${describe(batch)}: not written, because the broker refused another record of the same batch; send it again`,
      { ...place(batch), outcome: 'not-written', cause, retriable: true },
    )
  }
  return new DeliveryError(notAcknowledged(batch, minded.get(index) ?? why, outcome), {
    ...place(batch),
    outcome,
    cause,
    retriable: cause.retriable,
  })
}

function notAcknowledged(batch: ProducerBatch, why: string, outcome: DeliveryOutcome): string {
  const note = outcome === 'unknown' ? `; ${unknownNote(batch)}` : ''
  const attempts = batch.attempts === 1 ? '1 attempt' : `${batch.attempts} attempts`
  return `${describe(batch)}: not acknowledged after ${attempts}: ${why}${note}`
}

/** It was refused, and one that was sent after it has been stored. */
export function overtaken(batch: ProducerBatch, cause: OttlaError): DeliveryError {
  return new DeliveryError(
    `${describe(batch)}: refused, and not sent again, because a later batch is in the log: the broker has forgotten this producer's sequence numbers, or the topic was deleted and created again (the refusal: ${cause.message})`,
    { ...place(batch), outcome: outcomeOf(batch, 'rejected'), cause },
  )
}

function tooLarge(batch: ProducerBatch, cause: OttlaError, code: number): DeliveryError {
  const limit =
    code === ErrorCodes.MESSAGE_TOO_LARGE
      ? "max.message.bytes (or the broker's message.max.bytes)"
      : "segment.bytes (or the broker's log.segment.bytes)"
  return new RecordTooLargeError(
    `${describe(batch)}: the broker refuses a batch of ${batch.sizeBytes} bytes with ${batch.recordCount} record(s); raise the topic's ${limit}, compress, or send smaller records`,
    { ...place(batch), outcome: outcomeOf(batch, 'rejected'), cause },
  )
}

/** Metadata names no leader. */
export function leaderless({ topic, partition }: BatchQueue): BrokerError {
  const { LEADER_NOT_AVAILABLE } = ErrorCodes
  const { name, retriable } = errorCode(LEADER_NOT_AVAILABLE)
  return new BrokerError(`${name}: topic "${topic.name}" partition ${partition} has no leader`, {
    apiName: 'Metadata',
    errorCode: LEADER_NOT_AVAILABLE,
    errorName: name,
    retriable,
  })
}

/** `deliveryTimeoutMs` ran out. */
export function expired(
  batch: ProducerBatch,
  obstacle: OttlaError | null,
  deliveryTimeoutMs: number,
  nowMs: number,
): DeliveryError {
  const outcome = outcomeOf(batch, 'not-written')
  const ageMs = Math.round(nowMs - batch.createdMs)
  const attempts = batch.attempts === 0 ? 'never sent' : `${batch.attempts} attempt(s)`
  const known = outcome === 'unknown' ? unknownNote(batch) : 'it is not in the log'
  const last = obstacle === null ? '' : `; last error: ${obstacle.message}`
  return new DeliveryTimeoutError(
    `${describe(batch)}: not acknowledged within deliveryTimeoutMs (${deliveryTimeoutMs} ms; ${ageMs} ms old, ${attempts}): ${known}${last}`,
    { ...place(batch), outcome, cause: obstacle ?? undefined },
  )
}

/** The producer was closed by force, or failed as a whole, while the batch was under way. */
export function abandoned(
  batch: ProducerBatch,
  reason: OttlaError,
  obstacle: OttlaError | null,
): DeliveryError {
  // After a defect of ours what is noted of its attempts is not to be relied on.
  const isDoubtful = reason instanceof FatalError && batch.attempts > 0
  const outcome = outcomeOf(batch, isDoubtful ? 'unknown' : 'not-written')
  const known = outcome === 'unknown' ? unknownNote(batch) : 'it is not in the log'
  const last = obstacle === null ? '' : `; last error: ${obstacle.message}`
  const message = `${describe(batch)}: ${reason.message}; ${known}${last}`
  const options = { ...place(batch), outcome, cause: obstacle ?? reason }
  if (reason instanceof ClosedError) return new ClosedError(message, options)
  if (reason instanceof FatalError)
    return new FatalError(message, { ...options, cause: reason.cause })
  if (reason instanceof AuthorizationError) {
    const { operation, resourceType, resourceName, cause } = reason
    return new AuthorizationError(message, {
      ...options,
      ...{ operation, resourceType, resourceName, cause },
    })
  }
  return ofTransaction(reason, message, options) ?? new DeliveryError(message, options)
}

/** The batch's transaction has come to nothing; null where that is not why. */
function ofTransaction(
  reason: OttlaError,
  message: string,
  { cause: obstacle, ...options }: DeliveryErrorOptions,
): DeliveryError | null {
  const cause = reason.cause ?? obstacle
  const { retriable } = reason
  if (reason instanceof FencedError) return new FencedError(message, { ...options, cause })
  return reason instanceof TransactionAbortedError
    ? new TransactionAbortedError(message, { ...options, cause, retriable })
    : null
}

/** It could not be sent at all. */
export function notSent(batch: ProducerBatch, cause: OttlaError): DeliveryError {
  const outcome = outcomeOf(batch, 'not-written')
  return new DeliveryError(`${describe(batch)}: ${cause.message}`, {
    ...place(batch),
    outcome,
    cause,
  })
}
