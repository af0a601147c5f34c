/**
 * What the answer to EndTxn, or the lack of one, says of the transaction: one pure function, so that
 * each row can be read and tested. (Kafka's TransactionCoordinator.endTransaction; KIP-890 for level 2.)
 *
 *   commit ──NONE──> committed
 *     │ refused, and never asked before: it is not committed, nor will be
 *     │ refused, and an earlier attempt may have been carried out: unknown, unless an abort that the
 *     │ coordinator accepts at level 2 proves that nobody has committed
 *     └─> abort ──NONE──> aborted
 *
 * Before: transaction-manager.ts asks. After: it acts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { TransactionLevel } from '../coordinating/transaction-level.js'
import type { TransactionVerdict } from '../coordinating/transaction-verdict.js'

/** What is known of the answer. */
export interface EndFacts {
  readonly isCommit: boolean
  readonly level: TransactionLevel
  /** 'stopped': nobody waits for an answer any more. */
  readonly action: TransactionVerdict['action'] | 'stopped'
  /** The error code; 0 where there is none. */
  readonly code: number
  /** An earlier attempt at the same may have been carried out. */
  readonly mayHaveActed: boolean
  /** Of an abort: a commit before it may have been carried out. */
  readonly mayBeCommitted: boolean
  /** Of an abort: whether the coordinator knows of the transaction at all is not certain. */
  readonly isBeginUncertain: boolean
}

/**
 * The outcome; or 'abort': it cannot be committed, and is to be aborted now. 'refused': it will not be
 * committed, and the coordinator does nothing more for this producer, which ends here.
 */
export type EndDecision = 'committed' | 'aborted' | 'abort' | 'unknown' | 'fenced' | 'refused'

/** Refusals by which it is certain that the request was not carried out. */
const CERTAIN: ReadonlySet<number> = new Set([
  ErrorCodes.INVALID_TXN_STATE,
  ErrorCodes.INVALID_PRODUCER_ID_MAPPING,
  ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCodes.UNSUPPORTED_VERSION,
  ErrorCodes.INVALID_REQUEST,
])

export function decideEnd(facts: EndFacts): EndDecision {
  return facts.isCommit ? decideCommit(facts) : decideAbort(facts)
}

function decideCommit({ level, action, code, mayHaveActed }: EndFacts): EndDecision {
  if (action === 'done') return 'committed'
  if (action === 'abort') return 'abort'
  const isLate = action === 'fenced' || code === ErrorCodes.INVALID_TXN_STATE
  // Where only the coordinator's time limit has ended it, an abort under the old epoch is accepted.
  if (isLate && level === 2) return 'abort'
  if (mayHaveActed) return 'unknown'
  if (action === 'fenced') return 'fenced'
  if (action === 'stopped') return 'aborted'
  return CERTAIN.has(code) ? 'refused' : 'unknown'
}

function decideAbort(facts: EndFacts): EndDecision {
  const { level, action, code, mayBeCommitted, isBeginUncertain } = facts
  if (action === 'done') return 'aborted'
  if (mayBeCommitted) return 'unknown'
  // At level 2 the coordinator aborts whatever is ours to abort: a transaction in the way is another's.
  const isOthers = level === 2 && code === ErrorCodes.INVALID_TXN_STATE
  if (action === 'fenced' || isOthers) return 'fenced'
  if (action === 'stopped') return 'aborted'
  // Only an answer that it was carried out ends it: after any other the coordinator has it open still, and
  // would count what comes next as part of it. It ends with the time limit, or with the next producer.
  return isBeginUncertain && code === ErrorCodes.INVALID_TXN_STATE ? 'aborted' : 'refused'
}
