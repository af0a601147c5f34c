/**
 * A transaction with what belongs to it alone: its partitions to add, its offsets, its time, and who
 * waits until it may send.
 *
 *   gathering ── startSending ──> sending, and its time runs once it has something
 *
 * While it gathers the same time runs, so that it does not wait for ever for the end of the one before; and
 * anew once it sends.
 *
 * Its time ends before the coordinator's own limit does, which would leave us with a refused epoch; so it
 * is the coordinator's time, in which a stall of ours counts.
 *
 * Before: transaction-manager.ts makes one for each. After: transaction-run.ts has its state.
 */
import type { Clock, Timer } from '../../clock.js'
import { WaitingOffers } from '../collections/waiting-offers.js'
import type { RequestedNames } from '../completing/authorization.js'
import type { ProducerIdentity } from '../sequencing/partition-sequence.js'
import type { AddablePartition } from '../sequencing/transactional-numbering.js'
import type { CoordinatorRequests, Decided, Stopped } from '../coordinating/coordinator-requests.js'
import { OffsetCommits, type Sending } from '../coordinating/offset-commits.js'
import { PartitionAdditions } from '../coordinating/partition-additions.js'
import type { TransactionLevel } from '../coordinating/transaction-level.js'
import { TransactionRun } from './transaction-run.js'

export interface JobParts {
  readonly clock: Clock
  readonly requests: CoordinatorRequests
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  /** Partitions were added: who waited for that may go on. */
  readonly onAdded: () => void
  /** The coordinator, or a group's, has refused; or nobody waits for its answer. */
  readonly onRefused: (
    job: TransactionJob,
    answer: Decided<unknown> | Stopped,
    names: RequestedNames,
  ) => void
  readonly onOutOfTime: (job: TransactionJob) => void
}

export class TransactionJob {
  readonly run: TransactionRun
  readonly offsets: OffsetCommits
  readonly offers = new WaitingOffers()
  readonly #parts: JobParts
  readonly #additions: PartitionAdditions
  #sending: Sending | null = null
  #sendingListeners: (() => void)[] = []
  #isUsed = false
  #timer: Timer | null = null

  constructor(number: number, parts: JobParts) {
    this.run = new TransactionRun(number)
    this.#parts = parts
    const { requests, clock, transactionalId } = parts
    const isWanted = (): boolean => this.run.mayCommit
    this.#additions = new PartitionAdditions({
      ...{ requests, transaction: number, isWanted },
      defer: (callback) => clock.defer(callback),
      onAnswer: (answer, topic) => this.#added(answer, topic),
    })
    this.offsets = new OffsetCommits({
      ...{ requests, transactionalId, isWanted },
      onSending: () => this.#mayBegin(),
      whenSending: () => this.#whenSending(),
      onAnswer: (answer, group, topic) => {
        this.run.wantsBump ||= answer.mayArriveLate
        if (isDone(answer)) this.begun()
        else parts.onRefused(this, answer, { group, topic })
      },
    })
  }

  /** The coordinator knows of the transaction, or will. */
  begun(): void {
    this.run.isBegun = true
    this.run.isBeginUncertain = false
    this.#use()
  }

  /** A request leaves by which it begins: at level 1 only if the coordinator answers that it does. */
  #mayBegin(): void {
    const { run } = this
    if (!run.isBegun) run.isBeginUncertain = run.level === 1
    run.isBegun = true
    this.#use()
  }

  /** The partition will have batches. */
  want(partition: AddablePartition): void {
    this.#use()
    if (this.#sending?.level !== 2) this.#additions.want(partition)
  }

  /** Its batches may leave, under this identity and by this protocol. */
  startSending(identity: ProducerIdentity, level: TransactionLevel): void {
    this.run.level = level
    this.#sending = { identity, level }
    if (this.#isUsed) this.#startTime() // anew
    const { transactionalId } = this.#parts
    if (level === 1) this.#additions.begin({ transactionalId, ...identity })
    this.#tellListeners()
  }

  /** It will send nothing any more; who waits for it to send hears of it. */
  stop(): void {
    this.#sending = null
    this.#timer?.clear()
    this.#tellListeners()
  }

  /** Resolves once none of its requests is under way. */
  async settled(): Promise<void> {
    await this.offsets.settled
    await new Promise<void>((resolve) => this.#additions.whenIdle(resolve))
  }

  #use(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    this.#startTime()
  }

  #startTime(): void {
    const { clock, transactionTimeoutMs, onOutOfTime } = this.#parts
    const timeoutMs = localTimeoutMs(transactionTimeoutMs)
    const timer = { keepAlive: false, countsStalls: true } // as it does for the coordinator
    this.#timer?.clear()
    this.#timer = clock.setTimer(() => onOutOfTime(this), timeoutMs, timer)
  }

  #whenSending(): Promise<Sending | null> {
    if (this.#sending !== null || !this.run.mayCommit) return Promise.resolve(this.#sending)
    this.#use()
    return new Promise((resolve) => {
      this.#sendingListeners.push(() => resolve(this.#sending))
    })
  }

  #tellListeners(): void {
    const listeners = this.#sendingListeners
    this.#sendingListeners = []
    for (const listener of listeners) listener()
  }

  #added(answer: Decided<unknown> | Stopped, topic: string | undefined): void {
    const { run } = this
    run.wantsBump ||= answer.mayArriveLate
    if (isDone(answer)) {
      this.begun()
      this.#parts.onAdded()
      return
    }
    if (answer.mayHaveActed && !run.isBegun) {
      run.isBegun = true
      run.isBeginUncertain = true
    }
    this.#parts.onRefused(this, answer, { topic })
  }
}

function isDone(answer: Decided<unknown> | Stopped): boolean {
  return answer.kind === 'decided' && answer.verdict.action === 'done'
}

/** Some time for an abort to get there, of the coordinator's own limit: a sixth, at most ten seconds. */
export function localTimeoutMs(transactionTimeoutMs: number): number {
  return transactionTimeoutMs - Math.min(Math.ceil(transactionTimeoutMs / 6), 10_000)
}
