/**
 * What an error code means for a transaction, by the request that it answers: one pure function, the
 * sibling of completing/retry-policy.ts. (Kafka's TransactionManager, its handlers; KIP-360, KIP-588,
 * KIP-890, KIP-1050.)
 *
 *   done              the answer says yes
 *   retry             the same again, after a pause; brief where an earlier transaction is still ending
 *   find coordinator  the same, of the coordinator that there is now
 *   abort             this transaction cannot be committed; the producer goes on with the next
 *   refuse            of InitProducerId: nothing has changed, it may be asked again
 *   fenced            another producer has the id, or the coordinator has aborted for lack of time
 *   fatal             nothing more can be done under this producer id
 */
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'

/** Which request was answered; to commit and to abort are two. */
export type TransactionRequest =
  | 'FindCoordinator'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'Produce'
  | 'TxnOffsetCommit'
  | 'EndTxn (commit)'
  | 'EndTxn (abort)'

type Action = 'done' | 'retry' | 'find coordinator' | 'abort' | 'refuse' | 'fenced' | 'fatal'

export interface TransactionVerdict {
  readonly action: Action
  /** After the abort the producer needs another epoch (KIP-360): numbers have a gap, or are refused. */
  readonly needsBump: boolean
  /** The pause is that of a transaction's end, some 20 ms, and not the backoff of a failure. */
  readonly isBrief: boolean
}

type Column = Readonly<Record<number, TransactionVerdict>>

const DONE = verdict('done')
const RETRY = verdict('retry')
const BRIEFLY = verdict('retry', { isBrief: true })
const FIND = verdict('find coordinator')
const ABORT = verdict('abort')
const ABORT_AND_BUMP = verdict('abort', { needsBump: true })
const REFUSE = verdict('refuse')
const FENCED = verdict('fenced')
const FATAL = verdict('fatal')

function verdict(action: Action, more: Partial<TransactionVerdict> = {}): TransactionVerdict {
  return { action, needsBump: false, isBrief: false, ...more }
}

const E = ErrorCodes

/** What any coordinator may say of itself. */
const OF_COORDINATORS: Column = {
  [E.COORDINATOR_LOAD_IN_PROGRESS]: RETRY,
  [E.UNKNOWN_TOPIC_OR_PARTITION]: RETRY,
  [E.COORDINATOR_NOT_AVAILABLE]: FIND,
  [E.NOT_COORDINATOR]: FIND,
  [E.CONCURRENT_TRANSACTIONS]: BRIEFLY,
}

/** Whoever asks is not, or no longer, who may. */
const OF_IDENTITY: Column = {
  [E.INVALID_PRODUCER_EPOCH]: FENCED,
  [E.PRODUCER_FENCED]: FENCED,
  [E.INVALID_PRODUCER_ID_MAPPING]: FATAL,
  [E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: FATAL,
  [E.UNSUPPORTED_VERSION]: FATAL,
}

/** The member is not, or no longer, in the group: its offsets are somebody else's to commit. */
const OF_MEMBERS: Column = {
  [E.ILLEGAL_GENERATION]: ABORT,
  [E.UNKNOWN_MEMBER_ID]: ABORT,
  [E.GROUP_ID_NOT_FOUND]: ABORT,
  [E.FENCED_INSTANCE_ID]: ABORT,
  [E.FENCED_MEMBER_EPOCH]: ABORT,
  [E.STALE_MEMBER_EPOCH]: ABORT,
}

const OF_ADDITIONS: Column = {
  ...OF_COORDINATORS,
  ...OF_IDENTITY,
  [E.INVALID_TXN_STATE]: FATAL,
  [E.UNKNOWN_PRODUCER_ID]: ABORT_AND_BUMP,
  [E.TRANSACTION_ABORTABLE]: ABORT,
  [E.TOPIC_AUTHORIZATION_FAILED]: ABORT,
  [E.GROUP_AUTHORIZATION_FAILED]: ABORT,
  [E.OPERATION_NOT_ATTEMPTED]: ABORT,
  [E.COORDINATOR_NOT_AVAILABLE]: FIND,
  [E.INVALID_GROUP_ID]: FATAL,
  [E.INVALID_REQUEST]: FATAL,
  [E.INVALID_TRANSACTION_TIMEOUT]: FATAL,
}

const OF_ENDS: Column = {
  ...OF_COORDINATORS,
  ...OF_IDENTITY,
  [E.INVALID_TXN_STATE]: FATAL,
  [E.UNKNOWN_PRODUCER_ID]: ABORT_AND_BUMP,
}

const TABLE: Readonly<Record<TransactionRequest, Column>> = {
  FindCoordinator: {
    [E.GROUP_AUTHORIZATION_FAILED]: ABORT,
    [E.TRANSACTION_ABORTABLE]: ABORT,
  },
  InitProducerId: {
    ...OF_COORDINATORS,
    ...OF_IDENTITY,
    [E.TRANSACTION_ABORTABLE]: REFUSE,
    [E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: REFUSE,
  },
  AddPartitionsToTxn: OF_ADDITIONS,
  AddOffsetsToTxn: OF_ADDITIONS,
  Produce: {
    [E.OUT_OF_ORDER_SEQUENCE_NUMBER]: ABORT_AND_BUMP,
    [E.INVALID_PRODUCER_EPOCH]: ABORT_AND_BUMP,
    [E.UNKNOWN_PRODUCER_ID]: ABORT_AND_BUMP,
    [E.PRODUCER_FENCED]: FENCED,
    [E.INVALID_PRODUCER_ID_MAPPING]: FATAL,
    [E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: FATAL,
    [E.UNSUPPORTED_VERSION]: FATAL,
  },
  TxnOffsetCommit: {
    ...OF_COORDINATORS,
    ...OF_IDENTITY,
    ...OF_MEMBERS,
    [E.REQUEST_TIMED_OUT]: FIND,
    [E.INVALID_TXN_STATE]: FATAL,
    [E.UNKNOWN_PRODUCER_ID]: FATAL,
    // Of these offsets alone: the id is as good as before. (Java's producer is over by them.)
    [E.OFFSET_METADATA_TOO_LARGE]: ABORT,
    [E.INVALID_COMMIT_OFFSET_SIZE]: ABORT,
    [E.TOPIC_AUTHORIZATION_FAILED]: ABORT,
    [E.TRANSACTION_ABORTABLE]: ABORT,
    [E.GROUP_AUTHORIZATION_FAILED]: ABORT,
  },
  'EndTxn (commit)': { ...OF_ENDS, [E.TRANSACTION_ABORTABLE]: ABORT },
  'EndTxn (abort)': { ...OF_ENDS, [E.TRANSACTION_ABORTABLE]: FATAL },
}

/** What is not in the table: a record's own fault, or a code that came after it. */
function unlisted(request: TransactionRequest, code: number): TransactionVerdict {
  if (request === 'Produce') return ABORT
  if (errorCode(code).retriable) return RETRY
  return request === 'AddPartitionsToTxn' ? ABORT : FATAL
}

/**
 * Judges the error code of an answer. Of Produce only what has failed for good comes here: what is
 * tried again is completing/retry-policy.ts's to decide.
 */
export function judgeTransaction(request: TransactionRequest, code: number): TransactionVerdict {
  if (code === E.NONE) return DONE
  return TABLE[request][code] ?? unlisted(request, code)
}

/** Refusals that another try of the whole transaction may not meet, although no error of theirs is retriable. */
const GONE_NEXT_TIME: ReadonlySet<number> = new Set([
  E.OUT_OF_ORDER_SEQUENCE_NUMBER,
  E.INVALID_PRODUCER_EPOCH,
  E.INVALID_TXN_STATE,
  E.UNKNOWN_PRODUCER_ID,
  E.TRANSACTION_ABORTABLE,
  E.PRODUCER_FENCED,
])

/** To run the whole transaction again can help. */
export function mayHelpToRepeat(code: number): boolean {
  return GONE_NEXT_TIME.has(code) || errorCode(code).retriable
}
