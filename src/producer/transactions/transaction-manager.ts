/**
 * Decides what happens to a transactional producer and its transactions, and is the only one to change
 * which of them sends and which gathers records (transaction-slots.ts).
 *
 *   begin ──> gathering ──> sending ──commit──> flushing ──> EndTxn ──> outcome
 *               ^              │                                ^
 *               │ the next     └── abort, or any failure ───────┘
 *               └─────────── once the one before is ending
 *
 * The rules:
 *  1. records of a transaction are sent under one identity, and only between the end of the one
 *     before and its own EndTxn (sequencing/transactional-numbering.ts asks the gate);
 *  2. a transaction that cannot be committed is aborted at once: what was not sent never is, and
 *     EndTxn goes once no broker owes an answer, so that nothing of it is written behind its end;
 *  3. what EndTxn is answered, however late, is the outcome (transaction-ending.ts);
 *  4. another epoch is asked for between transactions, never within one (KIP-360).
 *
 * Before: transaction.ts, and what fails in the pipeline. After: coordinator-requests.ts.
 */
import { queueJob, type Clock } from '../../clock.js'
import {
  ClosedError,
  FencedError,
  TimeoutError,
  type DeliveryError,
  type OttlaError,
} from '../../errors.js'
import type { Log } from '../../logger.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { CoordinatorRequests } from '../coordinating/coordinator-requests.js'
import type { Observer } from '../observer.js'
import { TransactionEnding, type Ending } from './transaction-ending.js'
import {
  abortedError,
  brokerErrorOf,
  endedError,
  fatalError,
  fencedError,
  outOfTime,
  refusedError,
  transactionsClosed,
  unknownError,
} from './transaction-errors.js'
import { MarkerWait } from './marker-wait.js'
import { TransactionFailures } from './transaction-failures.js'
import { TransactionJob } from './transaction-job.js'
import type { TransactionLevel } from '../coordinating/transaction-level.js'
import type { TransactionRun } from './transaction-run.js'
import { Gate, TransactionSlots } from './transaction-slots.js'
import { TransactionWatch } from './transaction-watch.js'
import { TransactionalIdentity } from '../coordinating/transactional-identity.js'
import { waitFor } from './wait.js'

export interface TransactionOptions {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  readonly maxBlockMs: number
}

/** What the manager works with; all made by the producer. */
export interface TransactionParts {
  readonly clock: Clock
  readonly logger: Log
  readonly observer: Observer
  readonly requests: CoordinatorRequests
  /** Of the cluster, as far as it is known now. */
  level(): TransactionLevel
  /** The records of the transaction that gathers them. */
  readonly records: {
    /** Calls back when all until now are settled; sends what lingers. */
    flush(onFlushed: () => void): void
    /** Refuses those that are being given. */
    end(reason: DeliveryError): void
    /** The same, and fails all that are not settled; what is in flight stays in line until it is answered. */
    cancel(reason: DeliveryError): void
    /** Closes the connections to brokers that owe answers. */
    leaveOwing(): void
  }
}

/** The partitions' numbers. */
export interface NumberedPartitions {
  /** Some broker may still be writing a batch. */
  readonly owesAnswers: boolean
  /** The transaction may send, or partitions were added. */
  goOn(): void
}

/** Who waits for a transaction to begin. */
interface Waiter {
  readonly begun: (job: TransactionJob) => void
  readonly failed: (error: OttlaError) => void
}

export class TransactionManager {
  readonly gate: Gate
  readonly watch: TransactionWatch
  readonly #options: TransactionOptions
  readonly #parts: TransactionParts
  readonly #slots: TransactionSlots
  readonly #ending: TransactionEnding
  readonly #markers: MarkerWait
  readonly #failures: TransactionFailures
  #transactions = 0
  /** Of the next one: looked at between transactions, where the identity is made to fit. */
  #level: TransactionLevel = 1
  readonly #waiters = new Set<Waiter>()
  #initializing: Promise<void> | null = null
  #fatal: DeliveryError | null = null
  /** Counts the clusters: answers of an earlier one say nothing. */
  #era = 0
  #isClosing = false
  #partitions: NumberedPartitions | null = null

  constructor(options: TransactionOptions, parts: TransactionParts) {
    this.#options = options
    this.#parts = parts
    this.watch = new TransactionWatch(parts)
    this.#slots = new TransactionSlots(new TransactionalIdentity(options, parts.requests))
    this.#markers = new MarkerWait(parts.clock, () => this.#partitions?.goOn())
    this.gate = new Gate(this.#slots, this.#markers, this)
    this.#failures = new TransactionFailures({
      transactionalId: options.transactionalId,
      abort: (job, failure) => this.#abort(job, failure),
      fail: (reason) => this.#fail(reason),
      lost: () => this.#lost(),
    })
    this.#ending = new TransactionEnding(this.#slots, {
      requests: parts.requests,
      transactionalId: options.transactionalId,
      flush: (onFlushed) => parts.records.flush(onFlushed),
      clock: parts.clock,
      owesAnswers: () => this.#partitions?.owesAnswers === true,
      leaveOwing: () => parts.records.leaveOwing(),
      onEnding: () => this.#serve(),
      onEnded: (job, ending, error) => this.#ended(job, ending, error),
    })
  }

  /** Whose gate this is. To be called once. */
  attach(partitions: NumberedPartitions): void {
    this.#partitions = partitions
  }

  get transactionalId(): string {
    return this.#options.transactionalId
  }

  /** Why nothing can be done any more; null while something can. */
  get fatal(): DeliveryError | null {
    return this.#fatal
  }

  /** No transaction begins any more. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Why the coordinator has not answered; null where nothing is amiss. */
  get lastError(): OttlaError | null {
    return this.#parts.requests.lastError
  }

  /** No transaction is open, nor wanted. */
  get isIdle(): boolean {
    const { gathering } = this.#slots
    return (gathering === null || !gathering.run.mayCommit) && this.#waiters.size === 0
  }

  // Beginning

  /** Throws where nothing can be begun any more: why. */
  assertGoingOn(): void {
    const over = this.#over()
    if (over !== null) throw over
  }

  /** Asks for the identity, once: whoever had the id before is fenced. Rejects as `connect` does. */
  initialize(): Promise<void> {
    const over = this.#over()
    if (over !== null) return Promise.reject(over)
    if (this.#initializing === null) {
      if (this.#slots.state.current !== 'uninitialized') return Promise.resolve()
      this.#initializing = this.#initialize().finally(() => (this.#initializing = null))
      this.#initializing.catch(() => {}) // whoever waits for it hears of it
    }
    const { maxBlockMs, transactionalId } = this.#options
    const message = `no producer id for transactionalId "${transactionalId}" within maxBlockMs (${maxBlockMs} ms)`
    return waitFor(this.#initializing, {
      clock: this.#parts.clock,
      timeoutMs: maxBlockMs,
      onTimeout: () => this.#timeout(message),
    })
  }

  async #initialize(sinceMs = this.#parts.clock.monotonicMs()): Promise<void> {
    const era = this.#era
    this.#slots.state.go('initializing')
    const answer = await this.#slots.identity.acquire(() => this.#isPresent(era))
    const over = this.#over()
    if (over !== null) throw over
    if (era !== this.#era) return this.#initialize(sinceMs)
    if (answer.kind === 'stopped') throw transactionsClosed()
    const { verdict, error } = answer
    if (verdict.action === 'refuse') {
      this.#slots.state.go('uninitialized')
      throw this.#refusal(error)
    }
    if (verdict.action !== 'done') throw this.#fail(this.#failures.finalError(verdict, error))
    this.#level = this.#parts.level()
    this.watch.took('init', sinceMs)
    this.#ready()
  }

  /** The id is not to be had now; nothing has changed. */
  #refusal(error: OttlaError | null): OttlaError {
    const refusal = refusedError(error ?? this.#lost(), { transactionalId: this.transactionalId })
    for (const { failed } of this.#waiters) failed(refusal)
    this.#waiters.clear()
    return refusal
  }

  /**
   * A transaction, in its turn. Returns how to wait no longer. To be called once `initialize` has
   * resolved.
   */
  begin(begun: (job: TransactionJob) => void, failed: (error: OttlaError) => void): () => void {
    const over = this.#over()
    if (over !== null) {
      failed(over)
      return () => {}
    }
    const waiter = { begun, failed }
    this.#waiters.add(waiter)
    this.#serve()
    return () => this.#waiters.delete(waiter)
  }

  /** Lets the next one begin, where it may. */
  #serve(): void {
    const [waiter] = this.#waiters
    if (waiter === undefined || this.#over() !== null || !this.#mayGather()) return
    this.#waiters.delete(waiter)
    const job = this.#newJob()
    this.watch.begun(job.run)
    this.#slots.next = job
    if (this.#slots.state.current === 'ready') this.#startSending(job)
    waiter.begun(job)
  }

  #mayGather(): boolean {
    const { state, next, identity } = this.#slots
    if (next !== null) return false
    const isBumping = state.current === 'initializing' && identity.current !== null
    return state.current === 'ready' || state.isEnding || isBumping
  }

  #newJob(): TransactionJob {
    const { clock, requests } = this.#parts
    const { transactionalId, transactionTimeoutMs } = this.#options
    return new TransactionJob(this.#transactions++, {
      ...{ clock, requests, transactionalId, transactionTimeoutMs },
      onAdded: () => this.#partitions?.goOn(),
      onRefused: (job, answer, names) => this.#failures.coordinatorRefused(job, answer, names),
      onOutOfTime: (job) => this.#outOfTime(job),
    })
  }

  #startSending(job: TransactionJob): void {
    const identity = this.#slots.identity.current
    if (identity === null) return // the cluster that gave it is gone
    this.#slots.current = job
    this.#slots.next = null
    this.#slots.state.go('in transaction')
    job.startSending(identity, this.#level)
    this.#markers.begin(this.#level)
    this.#partitions?.goOn()
    if (job.run.state === 'committing') this.#ending.flush(job)
  }

  // What fails

  /** A record of the transaction that gathers them is lost; `isHeard`: its caller was told at once. */
  recordFailed(error: OttlaError, isHeard = true): void {
    this.#failures.recordFailed(this.#slots.gathering, error, isHeard)
  }

  #outOfTime(job: TransactionJob): void {
    const { transactionTimeoutMs } = this.#options
    this.#abort(job, this.#timeout(outOfTime(transactionTimeoutMs, job === this.#slots.next)))
  }

  // Ending

  /** Sends what it has, and commits. `run.onEnded` tells the outcome. */
  commit(job: TransactionJob): void {
    this.watch.ending(job.run, 'commit')
    job.run.go('committing')
    this.#parts.records.end(endedError())
    if (job === this.#slots.current) this.#ending.flush(job)
  }

  /** The user's own abort. */
  abort(job: TransactionJob): void {
    job.run.isAbortedByUser = true
    this.#abort(job, null)
  }

  /** Rule 2. */
  #abort(job: TransactionJob, failure: OttlaError | null): void {
    const { run } = job
    const isCurrent = job === this.#slots.current
    const isTooLate = isCurrent && this.#slots.state.isEnding // EndTxn decides
    if (!run.mayCommit || isTooLate) return
    if (failure !== null) run.fail(failure)
    this.watch.ending(run, 'abort')
    run.go('aborting')
    if (isCurrent) this.#slots.state.go('aborting')
    job.stop()
    const reason = abortedError(this.transactionalId, run.failure)
    if (isCurrent) void this.#ending.abort(job)
    else this.#dropNext(job, reason)
    // Last: callbacks are called, and may close the producer.
    this.#parts.requests.wake()
    this.#parts.records.cancel(reason)
    this.#serve()
  }

  /** It has sent nothing. */
  #dropNext(job: TransactionJob, reason: OttlaError): void {
    if (this.#slots.next === job) this.#slots.next = null
    job.run.end('aborted', reason)
  }

  /** An answer that was owed has come, or none is waited for any more. */
  answerCame(isAcknowledged: boolean): void {
    this.#markers.answered(isAcknowledged)
    this.#ending.answerCame()
  }

  #ended({ run }: TransactionJob, ending: Ending, error: OttlaError | null): void {
    const { transactionalId } = this
    if (ending === 'refused') this.#fail(fatalError(transactionalId, error ?? this.#lost()))
    else if (ending === 'fenced') this.#fail(fencedError(transactionalId, error))
    else if (ending === 'unknown') {
      const unknown = unknownError(transactionalId, error)
      run.end('unknown', unknown)
      this.#fail(fatalError(transactionalId, unknown)) // for others: of theirs it is known
    } else {
      run.end(ending, ending === 'aborted' ? abortedError(transactionalId, run.failure) : null)
      this.#slots.current = null
      this.#slots.state.go('ready')
      this.#markers.ended()
      this.#afterwards(run)
    }
  }

  /**
   * Rule 4: another epoch, where numbers were lost, or the cluster has gone up to level 2 (KAFKA-18227);
   * and where a request is still on its way, which would act upon the next transaction: an EndTxn commit
   * it half done, offsets be committed with it (KIP-890 has this for level 2).
   */
  #afterwards({ level, needsBump, wantsBump, isBegun }: TransactionRun): void {
    this.#level = this.#parts.level()
    const isDue = level === 1 && ((isBegun && needsBump) || this.#level === 2)
    if (isDue) void this.#bump(false)
    else if (level === 1 && isBegun && wantsBump) void this.#bump(true)
    else this.#ready()
  }

  /** `isPrecaution`: coordinators before Kafka 2.5, which cannot, are no reason to stop. */
  async #bump(isPrecaution: boolean): Promise<void> {
    const era = this.#era
    this.#slots.state.go('initializing')
    this.#serve()
    const answer = await this.#slots.identity.bump(() => this.#isPresent(era))
    if (!this.#isPresent(era) || answer.kind === 'stopped') return
    const { verdict, error } = answer
    const isUnable = brokerErrorOf(error)?.errorCode === ErrorCodes.UNSUPPORTED_VERSION
    if (verdict.action === 'done' || (isPrecaution && isUnable)) this.#ready()
    else this.#fail(this.#failures.finalError(verdict, error))
  }

  #ready(): void {
    const { state, next } = this.#slots
    if (state.current !== 'ready') state.go('ready')
    if (next !== null) this.#startSending(next)
    this.#serve()
  }

  // The end of everything

  #isPresent(era: number): boolean {
    return era === this.#era && this.#fatal === null
  }

  #over(): DeliveryError | null {
    return this.#fatal ?? (this.#isClosing ? transactionsClosed() : null)
  }

  /** Nothing can be done any more; returns `reason`. */
  #fail(reason: DeliveryError): DeliveryError {
    if (this.#fatal !== null) return this.#fatal
    this.#fatal = reason
    this.#slots.state.go('fatal')
    if (!(reason instanceof ClosedError)) {
      this.#parts.logger.error({ err: reason }, 'the transactional producer cannot go on')
    }
    this.#parts.requests.close()
    this.#giveUpCommit(reason)
    this.#stop(reason)
    this.#dismiss(reason)
    return reason
  }

  /** Nobody's turn will come. */
  #dismiss(reason: OttlaError): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const { failed } of waiters) failed(reason)
  }

  /** Ends every transaction that is under way, for `reason`. */
  #stop(reason: DeliveryError): void {
    this.#markers.stop()
    for (const job of this.#slots.clear()) this.#stopOne(job, reason)
    this.#parts.records.cancel(reason)
    this.#ending.answerCame()
  }

  #stopOne(job: TransactionJob, reason: DeliveryError): void {
    const { run } = job
    if (!run.hasEnded) {
      run.fail(reason)
      if (reason instanceof FencedError) run.end('fenced', reason)
      else {
        if (run.state !== 'aborting') run.go('aborting')
        run.end('aborted', abortedError(this.transactionalId, reason, false))
      }
    }
    job.stop()
  }

  /** Another cluster is at the brokers' addresses: nothing of this one's can be ended any more. */
  clusterGone(): void {
    if (this.#fatal !== null) return
    this.#era++
    const reason = this.#timeout('another cluster is at the brokers’ addresses')
    this.#giveUpCommit(reason)
    this.#slots.identity.forget()
    const { state } = this.#slots
    if (state.current !== 'uninitialized') state.go('uninitialized')
    this.#stop(abortedError(this.transactionalId, reason))
    this.#parts.requests.wake()
    if (this.#waiters.size > 0) void this.initialize().catch(() => {})
  }

  /** A commit that was asked for, and whose answer will never be heard. */
  #giveUpCommit(why: OttlaError): void {
    const run = this.#slots.current?.run
    if (run?.mayBeCommitted !== true || run.hasEnded) return
    run.end('unknown', unknownError(this.transactionalId, why))
  }

  /** No transaction begins any more; one that is open is aborted. */
  closing(): void {
    this.#isClosing = true
    const reason = transactionsClosed()
    this.#dismiss(reason)
    const { next, current } = this.#slots
    for (const job of [next, current]) if (job?.run.isOpen === true) this.#abort(job, reason)
  }

  /** Calls back once nothing is under way. Returns how to take that back. */
  whenEnded(listener: () => void): () => void {
    const job = this.#slots.gathering
    if (job === null) listener()
    else job.run.onEnded(() => queueJob(() => this.whenEnded(listener)))
    return () => {} // whoever waits no longer ignores it
  }

  /** Gives up what is under way: it is closed, or its producer has failed as a whole. */
  close(reason: DeliveryError = transactionsClosed()): void {
    if (this.#fatal !== null) return
    this.#giveUpCommit(this.lastError ?? reason)
    this.#fail(reason)
  }

  #timeout(message: string): TimeoutError {
    const { lastError } = this
    const why = lastError === null ? '' : `: ${lastError.message}`
    return new TimeoutError(`${message}${why}`, { cause: lastError ?? undefined })
  }

  #lost(): TimeoutError {
    return this.#timeout('the coordinator gave no answer')
  }
}
