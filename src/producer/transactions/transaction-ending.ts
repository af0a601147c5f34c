/**
 * Brings a transaction to its end: everything sent and acknowledged, then EndTxn to commit; or nothing
 * more sent and no answer owed, then EndTxn to abort. EndTxn is asked until it is answered, whoever has
 * stopped waiting for it.
 *
 *   commit: flush ──> offsets, additions, what waits to be offered (then flush again)
 *              └──> EndTxn(commit) ──> committed, unknown, …
 *                          │ refused
 *   abort:  answers owed, offsets, additions ──> EndTxn(abort) ──> aborted, fenced, …
 *
 * Before: transaction-manager.ts. After: coordinator-requests.ts asks; transaction-end.ts says what the
 * answer means.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import { endTxn, type EndTxnRequest, type EndTxnResponse } from '../../protocol/messages/end-txn.js'
import type { CoordinatorRequests, Decided, Stopped } from '../coordinating/coordinator-requests.js'
import { STALL_MS } from '../pacing/pace-constants.js'
import { decideEnd, type EndDecision } from './transaction-end.js'
import { brokerErrorOf } from './transaction-errors.js'
import type { TransactionJob } from './transaction-job.js'
import type { TransactionSlots } from './transaction-slots.js'

/** The last version whose answer brings no identity, and the first that does (KIP-890). */
const END_OF_LEVEL = { 1: { ...endTxn, maxVersion: 4 }, 2: { ...endTxn, minVersion: 5 } } as const
const NO_IDENTITY = { producerId: -1n, producerEpoch: -1 } as const

/** What came of it; 'refused': aborted, by a coordinator that does nothing more for this producer. */
export type Ending = Exclude<EndDecision, 'abort'>

export interface EndingParts {
  readonly requests: CoordinatorRequests
  readonly transactionalId: string
  /** Calls back when all records until now are settled; sends what lingers. */
  flush(onFlushed: () => void): void
  readonly clock: Clock
  /** Some broker may still be writing a batch. */
  owesAnswers(): boolean
  /** Closes the connections to brokers that owe answers: those will never come. */
  leaveOwing(): void
  /** EndTxn is under way, or not needed: another transaction may gather records. */
  onEnding(): void
  onEnded(job: TransactionJob, ending: Ending, error: OttlaError | null): void
}

export class TransactionEnding {
  readonly #slots: TransactionSlots
  readonly #parts: EndingParts
  #answeredListeners: (() => void)[] = []

  constructor(slots: TransactionSlots, parts: EndingParts) {
    this.#slots = slots
    this.#parts = parts
  }

  /** Sends what it has, and commits, unless it fails before. */
  flush(job: TransactionJob): void {
    this.#slots.state.go('flushing')
    this.#flush(job)
  }

  /** Again, where something waited to be offered: it may have been taken since. */
  #flush(job: TransactionJob): void {
    const isAll = job.offers.isEmpty
    this.#parts.flush(() => {
      if (isAll) void this.#flushed(job)
      else job.offers.whenEmpty(() => this.#flush(job))
    })
  }

  async #flushed(job: TransactionJob): Promise<void> {
    await job.settled()
    const isStill = job === this.#slots.current && this.#slots.state.current === 'flushing'
    if (!isStill || job.run.failure !== null) return
    this.#slots.state.go('committing')
    await this.#end(job, true)
  }

  /** Its records have failed; those in flight may be written until they are answered. */
  async abort(job: TransactionJob): Promise<void> {
    await this.#answered()
    await job.settled()
    if (job === this.#slots.current && !job.run.hasEnded) await this.#end(job, false)
  }

  /** An answer that was owed has come, or none is waited for any more. */
  answerCame(): void {
    if (this.#answeredListeners.length === 0 || this.#parts.owesAnswers()) return
    const listeners = this.#answeredListeners
    this.#answeredListeners = []
    for (const listener of listeners) listener()
  }

  /**
   * A broker that is frozen is not waited for: the coordinator's time runs. What it may write later is
   * of an epoch that is over by then (KAFKA-14053).
   */
  #answered(): Promise<void> {
    if (!this.#parts.owesAnswers()) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#parts.clock.setTimer(() => this.#parts.leaveOwing(), STALL_MS)
      this.#answeredListeners.push(() => {
        timer.clear()
        resolve()
      })
    })
  }

  async #end(job: TransactionJob, isCommit: boolean): Promise<void> {
    job.stop()
    this.#parts.onEnding()
    if (!job.run.isBegun) {
      this.#parts.onEnded(job, isCommit ? 'committed' : 'aborted', null)
      return
    }
    if (isCommit) job.run.mayBeCommitted = true
    const answer = await this.#ask(job, isCommit)
    if (job !== this.#slots.current || job.run.hasEnded) return
    if (isCommit) job.run.mayBeCommitted = answer.mayHaveActed
    job.run.wantsBump ||= answer.mayArriveLate
    const error = answer.kind === 'decided' ? answer.error : null
    const decision = this.#decide(job, answer, isCommit)
    this.#learn(job, answer)
    if (decision !== 'abort') {
      this.#parts.onEnded(job, decision, error)
      return
    }
    if (error !== null) job.run.fail(error)
    job.run.go('aborting')
    this.#slots.state.go('aborting')
    await this.#end(job, false)
  }

  #ask(job: TransactionJob, committed: boolean): Promise<Decided<EndTxnResponse> | Stopped> {
    const { transactionalId, requests } = this.#parts
    const identity = this.#slots.identity.current ?? NO_IDENTITY
    return requests.ask<EndTxnRequest, EndTxnResponse>({
      name: committed ? 'EndTxn (commit)' : 'EndTxn (abort)',
      api: END_OF_LEVEL[job.run.level],
      request: { transactionalId, ...identity, committed },
      target: { coordinator: transactionalId, type: 'transaction' },
      codesOf: ({ errorCode }) => [errorCode],
      isWanted: () => job === this.#slots.current, // not where the producer, or its cluster, is gone
    })
  }

  #decide(
    { run }: TransactionJob,
    answer: Decided<EndTxnResponse> | Stopped,
    isCommit: boolean,
  ): EndDecision {
    const isDecided = answer.kind === 'decided'
    return decideEnd({
      ...{ isCommit, level: run.level, mayHaveActed: answer.mayHaveActed },
      mayBeCommitted: run.mayBeCommitted,
      action: isDecided ? answer.verdict.action : 'stopped',
      code: isDecided ? (brokerErrorOf(answer.error)?.errorCode ?? 0) : 0,
      isBeginUncertain: run.isBeginUncertain,
    })
  }

  /** The next transaction's identity, or that it needs one. */
  #learn({ run }: TransactionJob, answer: Decided<EndTxnResponse> | Stopped): void {
    if (answer.kind !== 'decided') return
    if (answer.verdict.needsBump) run.needsBump = true
    if (answer.response !== null) this.#slots.identity.adopt(answer.response)
  }
}
