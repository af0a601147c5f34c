/**
 * What becomes of a batch after the broker's answer, or the lack of one: one pure function, so that
 * every rule can be read and tested in one place. (Kafka's Sender.completeBatch and canRetry,
 * TransactionManager.canRetry; KIP-360, KIP-467.) Two questions are kept apart:
 *   - was this attempt written?  no, yes, or nobody knows (`maybeWritten`)
 *   - what next?                 acknowledge, retry, split, or fail
 */
import { ErrorCodes, errorCode, isListed } from '../../protocol/error-codes.js'

/** What the policy may know of the batch. */
export interface BatchFacts {
  readonly recordCount: number
  /** True where it carries a producer id and sequence, so that a retry cannot double it. */
  readonly isIdempotent: boolean
  /** True where it is part of a transaction, within which numbers never begin anew. */
  readonly isTransactional?: boolean
  /** True where no earlier batch of the partition is unresolved. */
  readonly isFirstUnresolved: boolean
  /** True where an earlier attempt may be in the log. */
  readonly maybeWritten: boolean
}

/** The decision. */
export interface Verdict {
  readonly action: 'acknowledge' | 'retry' | 'restart-sequence' | 'split' | 'fail'
  /** The attempt just judged may be in the log. */
  readonly attemptMaybeWritten: boolean
  readonly refreshMetadata: boolean
  /** True where the partition is right where it is and a retry needs no pause. */
  readonly immediately: boolean
  /** True where the pause is that of a transaction's end, some 20 ms, and not the backoff of a failure. */
  readonly briefly: boolean
  /** What the broker does not take: the sequence numbers, or the producer id under whatever numbers. */
  readonly refused: 'numbers' | 'producer' | null
}

const ACKNOWLEDGE: Verdict = verdict('acknowledge')

function verdict(action: Verdict['action'], more: Partial<Verdict> = {}): Verdict {
  return {
    ...{ action, attemptMaybeWritten: false, refreshMetadata: false },
    ...{ immediately: false, briefly: false, refused: null },
    ...more,
  }
}

/**
 * Errors that can come after the leader has appended, while it waits for its replicas: it stopped
 * being leader, its topic or disk went away (Kafka's DelayedProduce), or it does not say what went
 * wrong. The records may be in the log. So they may with a code that is newer than our table.
 */
const MAYBE_WRITTEN: ReadonlySet<number> = new Set([
  ErrorCodes.UNKNOWN_SERVER_ERROR,
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.NETWORK_EXCEPTION,
  ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCodes.KAFKA_STORAGE_ERROR,
])

/** The request was sent and no answer came: its connection closed, or the answer was not for it. */
export const ANSWER_LOST: Verdict = verdict('retry', {
  attemptMaybeWritten: true,
  refreshMetadata: true,
})

/** Judges the error code of one partition in a Produce answer. */
export function judge(code: number, batch: BatchFacts): Verdict {
  switch (code) {
    case ErrorCodes.NONE:
    case ErrorCodes.DUPLICATE_SEQUENCE_NUMBER: // it was written before; Kafka forgot the offset
      return ACKNOWLEDGE
    case ErrorCodes.MESSAGE_TOO_LARGE:
    case ErrorCodes.RECORD_LIST_TOO_LARGE:
      return verdict(batch.recordCount > 1 ? 'split' : 'fail')
    case ErrorCodes.CONCURRENT_TRANSACTIONS: // the markers of the last transaction are on their way
      return verdict('retry', { briefly: true })
    case ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER:
      return judgeOutOfOrder(batch)
    case ErrorCodes.UNKNOWN_PRODUCER_ID:
    case ErrorCodes.INVALID_PRODUCER_EPOCH:
      return judgeForgotten(batch, 'numbers')
    case ErrorCodes.INVALID_PRODUCER_ID_MAPPING:
      return judgeForgotten(batch, 'producer')
    default:
      return judgeByTable(code)
  }
}

/**
 * The broker lacks a batch before this one. Where an earlier batch of ours is still unresolved,
 * that is the one it lacks: try again behind it. Where there is none, the gap is for good, and the
 * partition begins again. But not for a batch whose earlier attempt lost its answer: it may lie in an old
 * connection still, and be written after this answer; under new numbers it would be stored twice.
 */
function judgeOutOfOrder(batch: BatchFacts): Verdict {
  if (!batch.isIdempotent) return verdict('fail')
  if (!batch.isFirstUnresolved) return verdict('retry', { immediately: true })
  return judgeForgotten(batch, 'numbers')
}

/**
 * The broker no longer knows our producer (its records were deleted by retention), or its id, or has seen
 * a newer epoch. This attempt was refused; whether an earlier one was written can no longer be known.
 */
function judgeForgotten(batch: BatchFacts, what: 'numbers' | 'producer'): Verdict {
  const { isIdempotent, isTransactional, isFirstUnresolved, maybeWritten } = batch
  if (!isIdempotent || isTransactional === true) return verdict('fail')
  // Numbers may be refused for the sake of a batch before this one; an id never is.
  const refused = isFirstUnresolved || what === 'producer' ? what : null
  if (maybeWritten) return verdict('fail', { refused })
  return verdict(isFirstUnresolved ? 'restart-sequence' : 'retry', { immediately: true, refused })
}

function judgeByTable(code: number): Verdict {
  const { retriable, refreshesMetadata } = errorCode(code)
  return verdict(retriable ? 'retry' : 'fail', {
    attemptMaybeWritten: MAYBE_WRITTEN.has(code) || !isListed(code),
    refreshMetadata: refreshesMetadata,
  })
}
