/**
 * What keeps a transaction from being committed: a record that is lost, a refusal of its coordinator or of
 * a group's. It is aborted, and the producer goes on; or nothing more can be done under this identity.
 *
 *   record lost ────────┐              ┌── abort, fenced at level 2 ──> abort: EndTxn tells who is fenced
 *   partition refused ──┼──> verdict ──┤
 *   offsets refused ────┘              └── fatal, fenced at level 1 ──> the producer is over
 *
 * Before: the pipeline, and transaction-job.ts. After: transaction-manager.ts aborts, or fails.
 */
import { queueJob } from '../../clock.js'
import {
  AbortedError,
  InvalidRecordError,
  SerializationError,
  TransactionAbortedError,
  TransactionStateError,
  type DeliveryError,
  type OttlaError,
} from '../../errors.js'
import type { RequestedNames } from '../completing/authorization.js'
import type { Decided, Stopped } from '../coordinating/coordinator-requests.js'
import { judgeTransaction, type TransactionVerdict } from '../coordinating/transaction-verdict.js'
import { brokerErrorOf, fatalError, fencedError, refusedError } from './transaction-errors.js'
import type { TransactionJob } from './transaction-job.js'

export interface FailureParts {
  readonly transactionalId: string
  readonly abort: (job: TransactionJob, failure: OttlaError) => void
  /** Nothing can be done any more. */
  readonly fail: (reason: DeliveryError) => void
  /** Why there is no answer. */
  readonly lost: () => OttlaError
}

export class TransactionFailures {
  readonly #parts: FailureParts

  constructor(parts: FailureParts) {
    this.#parts = parts
  }

  /**
   * A record was not acknowledged, or not taken: it is missing from the transaction, which therefore
   * cannot be committed. Not so where its caller was told at once that it is no record at all, or has
   * taken it back (`isHeard`).
   */
  recordFailed(job: TransactionJob | null, error: OttlaError, isHeard: boolean): void {
    if (job?.run.isSound !== true || isOfAnother(error)) return
    if (isHeard && isCallersOwn(error)) return
    const code = brokerErrorOf(error)?.errorCode
    const verdict = code === undefined ? null : judgeTransaction('Produce', code)
    job.run.fail(error)
    // Later: whoever calls is in the middle of settling batches.
    queueJob(() => this.#cannotCommit(job, verdict, error))
  }

  /** The coordinator, or a group's, has refused; or nobody waits for its answer. */
  coordinatorRefused(
    job: TransactionJob,
    answer: Decided<unknown> | Stopped,
    names: RequestedNames,
  ): void {
    if (answer.kind === 'stopped' || !job.run.isSound) return
    const { transactionalId, lost } = this.#parts
    const error = refusedError(answer.error ?? lost(), { transactionalId, ...names })
    job.run.fail(error)
    this.#cannotCommit(job, answer.verdict, error)
  }

  /** The error of a producer that is over. */
  finalError({ action }: TransactionVerdict, error: OttlaError | null): DeliveryError {
    const { transactionalId, lost } = this.#parts
    return action === 'fenced'
      ? fencedError(transactionalId, error)
      : fatalError(transactionalId, error ?? lost())
  }

  #cannotCommit(job: TransactionJob, verdict: TransactionVerdict | null, error: OttlaError): void {
    if (verdict?.needsBump === true) job.run.needsBump = true
    const isFenced = verdict?.action === 'fenced' && job.run.level === 1
    const isFinal = verdict !== null && (verdict.action === 'fatal' || isFenced)
    if (isFinal) this.#parts.fail(this.finalError(verdict, error))
    else this.#parts.abort(job, error)
  }
}

/** It was refused, or cancelled, because its own transaction has ended: not the one that gathers now. */
function isOfAnother(error: OttlaError): boolean {
  return error instanceof TransactionAbortedError || error instanceof TransactionStateError
}

/** The caller knows, and may go on without the record: it was none, or he has taken it back. */
function isCallersOwn(error: OttlaError): boolean {
  return (
    error instanceof InvalidRecordError ||
    error instanceof SerializationError ||
    error instanceof AbortedError
  )
}
