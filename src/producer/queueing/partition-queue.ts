/**
 * The batches of one partition that are not settled, and the rule which of them may be sent next.
 * Order is kept here, and nowhere else:
 *
 *      sent (in order of first sending)                  closed            open
 *   | b4 retry | b5 in flight | b6 in flight |    | b7 | b8 |          b9        <- append
 *     ^ first unresolved                            ^ next new batch
 *
 * `next` is the whole rule:
 *  1. nothing without a leader, during a pause after a failure, or while another broker still owes
 *     an answer to a batch of this partition (it may be writing it);
 *  2. while a batch waits for its retry, only the first such one may go, and no new one: a later
 *     batch must not overtake;
 *  3. to a leader (or under numbers) that has acknowledged nothing yet, or nothing since a failure,
 *     one batch alone, the first unresolved: the first of two may be refused by a leader that then
 *     accepts the second. Once that one is acknowledged the others follow as usual: each alone
 *     would make recovery five round trips long;
 *  4. at most `maxInFlight` unresolved (a broker remembers five batches of a producer);
 *  5. after a gap in the sequence numbers only the first unresolved, and no new batch, until they have
 *     begun anew: whatever follows would be refused.
 *
 * Its state is its own: what happens comes in by the methods below, and it says itself when it may go on
 * (`QueuePorts.scheduler`). What a batch is besides its place is not known here (queued-batch.ts).
 *
 * Before: the accumulator. After: broker-sink.ts asks `next`, completing/ reports what came of it.
 */
import type { QueuedBatch } from '../batching/queued-batch.js'
import type { BatchFill } from '../batching/batch-fill.js'
import type { MemoryShare } from '../batching/memory-budget.js'
import { FIRST_FILL_BYTES } from '../pacing/pace-constants.js'
import type { BrokerPace } from '../pacing/pace.js'
import type { Numbering, NumberedPartition } from '../sequencing/numbering.js'
import type { Hold } from './hold.js'
import { Leadership, type RetryPause } from './leadership.js'
import { SentBatches } from './sent-batches.js'
import { UnsentBatches } from './unsent-batches.js'

/** Called when a partition may go on. */
export interface QueueScheduler<Batch extends QueuedBatch> {
  /** Something may be sent, now or when its hold has ended. */
  consider(queue: PartitionQueue<Batch>): void
  /** It pauses until its `retryAtMs`. */
  pause(queue: PartitionQueue<Batch>): void
  /** Another broker leads it. */
  leaderChanged(queue: PartitionQueue<Batch>): void
  /**
   * Its leader acknowledges batches again after a failure: pauses for that broker may end sooner.
   */
  recovered(nodeId: number): void
}

/** What every queue of a producer works with. */
export interface QueuePorts<Batch extends QueuedBatch> {
  readonly scheduler: QueueScheduler<Batch>
  /** Most batches unresolved at a time. */
  readonly maxInFlight: number
  /** The numbers of a partition; `UNNUMBERED` without idempotence. */
  numberingOf(partition: NumberedPartition): Numbering
  /** The batch may be in the log, and cannot go again: it fails as *unknown*. */
  failDoubtful(batch: Batch): void
}

/** The topic that a queue belongs to; its id changes when it is made anew. */
export interface QueueTopic {
  readonly name: string
  readonly topicId: string
  readonly share: MemoryShare
  readonly fill: BatchFill
}

export class PartitionQueue<Batch extends QueuedBatch> implements NumberedPartition {
  readonly topic: QueueTopic
  readonly partition: number
  /** The broker whose line it stands in (broker-lines.ts, which alone writes it); null: none. */
  line: object | null = null
  /** Bytes that the last full batch's buffer had, which the accumulator alone writes. */
  usualBufferBytes = 0
  readonly #ports: QueuePorts<Batch>
  readonly #numbering: Numbering
  readonly #leader = new Leadership()
  #pace: BrokerPace | null = null
  readonly #unsent = new UnsentBatches<Batch>()
  readonly #sent = new SentBatches<Batch>()

  constructor(topic: QueueTopic, partition: number, ports: QueuePorts<Batch>) {
    this.topic = topic
    this.partition = partition
    this.#ports = ports
    this.#numbering = ports.numberingOf(this)
  }

  // What is known of it

  get share(): MemoryShare {
    return this.topic.share
  }

  /** -1 while no leader is known. */
  get leaderId(): number {
    return this.#leader.leaderId
  }

  /** The batch that records are appended to; null: the next record opens one. */
  get open(): Batch | null {
    return this.#unsent.open
  }

  /** Batches not yet sent, the open one included: what adaptive partitioning weighs. */
  get unsentCount(): number {
    return this.#unsent.count
  }

  /** Those batches, oldest first. */
  unsentBatches(): Batch[] {
    return this.#unsent.list()
  }

  /** Some batch of it is unresolved. */
  get hasBatches(): boolean {
    return this.#sent.length + this.unsentCount > 0
  }

  /** Something waits to be sent, now or later. */
  get hasNext(): boolean {
    return this.#sent.length > this.#sent.inFlightCount || this.unsentCount > 0
  }

  /** The next batch gains nothing by waiting: it takes no more records. */
  get isNextFull(): boolean {
    if (this.#sent.length > 0 && !this.#leader.isProven) return false // a probe, or none may follow yet
    return this.#sent.length > this.#sent.inFlightCount || this.#unsent.closedCount > 0
  }

  /** Its broker is out of reach, or it has none: batches gather. */
  get isHeldUp(): boolean {
    return this.#leader.leaderId < 0 || this.#sent.isRetrying
  }

  /** The next batch is a probe: a retry, alone, to a leader that has acknowledged nothing since. */
  get isProbing(): boolean {
    return !this.#leader.isProven && this.#sent.isRetrying
  }

  /** Monotonic: no attempt before this. */
  get retryAtMs(): number {
    return this.#leader.retryAtMs
  }

  /** Batches carry sequence numbers. */
  get isNumbered(): boolean {
    return this.#numbering.isNumbered
  }

  /** Batches are part of a transaction. */
  get isTransactional(): boolean {
    return this.#numbering.isTransactional
  }

  /** Some batch of it cannot go (again) before there is a producer id. */
  get needsIdentity(): boolean {
    return this.#numbering.needsIdentity
  }

  /** Some broker may still be writing a batch of it. */
  get owesAnswers(): boolean {
    return this.#sent.inFlightCount > 0
  }

  /** The broker that owes answers for it; -1: none does. */
  get inFlightNodeId(): number {
    return this.#sent.inFlightNodeId
  }

  get hasSent(): boolean {
    return this.#sent.length > 0
  }

  /** Every batch that was sent and is unresolved, oldest first. */
  sentBatches(): readonly Batch[] {
    return this.#sent.list()
  }

  /** No earlier batch of the partition is unresolved. */
  isFirst(batch: Batch): boolean {
    return this.#sent.first === batch
  }

  /** Bytes at which the youngest batch is full, where it would usually be at `usualBytes`. */
  fillBytes(usualBytes: number): number {
    const limitBytes = Math.min(usualBytes, this.#pace?.limitBytes ?? Infinity)
    if (!this.isHeldUp) return limitBytes
    return Math.min(limitBytes, FIRST_FILL_BYTES * 4 ** this.#unsent.closedCount)
  }

  // Gathering

  /** Records are appended to this batch from now on. */
  begin(batch: Batch): void {
    this.#unsent.begin(batch)
    this.#numbering.want()
  }

  /** The open batch takes no more records. */
  closeOpen(): void {
    this.#unsent.closeOpen()
  }

  /** Something of it may be sent, now or when its hold has ended. */
  schedule(): void {
    this.#numbering.want() // while its leader is dialled
    this.#ports.scheduler.consider(this)
  }

  // Sending

  /** The batch that may be sent now, or null; `hold` says why. */
  next(nowMs: number): Batch | null {
    this.#numbering.proceed()
    const next = this.#choose(nowMs)
    return typeof next === 'string' ? null : next
  }

  /** Why nothing is sent; null: something may be. */
  hold(nowMs: number): Hold | null {
    const next = this.#choose(nowMs)
    return typeof next === 'string' ? next : null
  }

  /** The whole rule of order; changes nothing. */
  #choose(nowMs: number): Batch | Hold {
    const numbers = this.#numbering.hold
    const hold = this.#holdOfAll(nowMs, numbers)
    if (hold !== null) return hold
    const { isNumbered } = this.#numbering
    const mayFollow = this.#leader.isProven && numbers !== 'gap'
    const retry = this.#sent.nextRetry(isNumbered, mayFollow, this.#ports.maxInFlight)
    if (retry !== null) return retry === 'wait' ? 'retry' : retry
    return numbers === 'gap' ? 'gap' : this.#chooseNew()
  }

  /** Rule 1, and numbers that have to come first: nothing may go, not even a retry. */
  #holdOfAll(nowMs: number, numbers: Hold | null): Hold | null {
    if (numbers === 'identity' || numbers === 'transaction' || numbers === 'partition')
      return numbers
    if (this.#leader.leaderId < 0) return 'leader'
    if (nowMs < this.#leader.retryAtMs) return 'pause'
    if (numbers === 'restart') return 'restart'
    const { inFlightCount, inFlightNodeId } = this.#sent
    return inFlightCount > 0 && inFlightNodeId !== this.#leader.leaderId ? 'old leader' : null
  }

  /** Rules 3 and 4: whether a batch that was never sent may follow those that were. */
  #chooseNew(): Batch | Hold {
    if (this.#sent.length > 0) {
      if (!this.#leader.isProven) return 'first answer'
      if (this.#sent.length >= this.#ports.maxInFlight) return 'in-flight limit'
    }
    return this.#unsent.next() ?? 'nothing full'
  }

  /** `batch`, which `next` has just named, takes no more records and leaves with the next request. */
  take(batch: Batch): void {
    this.#unsent.remove(batch)
    if (!batch.isClosed) batch.close()
  }

  /** Gives a batch that leaves for the first time its numbers, and its place in the order. */
  stamp(batch: Batch): void {
    this.#numbering.stamp(batch)
    if (batch.ordinal < 0) this.#sent.add(batch)
  }

  /** `batch` leaves for the leader. */
  attempted(batch: Batch): void {
    this.#sent.attempted(batch, this.#leader)
  }

  // What came of it

  /** The answer to `batch` came, or will never come. */
  attemptEnded(batch: Batch): void {
    this.#sent.attemptEnded(batch)
  }

  /** The broker `nodeId` has acknowledged `batch`: several may be in flight to it from now on. */
  acknowledged(batch: Batch, nodeId: number): void {
    this.#numbering.acknowledged(batch)
    if (nodeId !== this.#leader.leaderId || batch.leaderTermAtSend !== this.#leader.term) return
    if (batch.attempts > 1 && !this.#leader.isProven) this.#ports.scheduler.recovered(nodeId)
    this.#leader.prove()
  }

  /** `batch` goes again, after a pause. */
  retry(batch: Batch, pause: RetryPause): void {
    this.limitOpen()
    if (this.#leader.failed(batch.leaderEpochAtSend, pause)) this.#ports.scheduler.pause(this)
    this.#ports.scheduler.consider(this)
  }

  /** `batch` fails for good; where it is in flight it keeps its place until the answer comes. */
  failed(batch: Batch): void {
    this.#unsent.remove(batch)
    this.#numbering.failed(batch)
  }

  /** Puts the parts of a split batch where it stood, to be sent as it would have been. */
  split(batch: Batch, parts: readonly Batch[]): void {
    this.#sent.split(batch, parts)
    this.#ports.scheduler.consider(this)
  }

  /** `batch` needs no further attempt, and no answer to it is owed. The next may go. */
  leave(batch: Batch): void {
    this.#sent.remove(batch)
    this.#numbering.closeGap()
    if (this.hasBatches) this.#ports.scheduler.consider(this)
  }

  /** The broker does not take the numbers, or the producer id: what begins anew must differ in that. */
  numbersRefused(what: 'numbers' | 'producer'): void {
    this.#numbering.refused(what)
  }

  /** The broker refuses the numbers: they begin anew, as soon as no answer is owed. */
  restartNumbers(): void {
    this.#numbering.restart()
  }

  /** Goes on with a restart that waited for an answer, which is judged by now. */
  proceed(): void {
    if (this.#numbering.hold === 'restart') this.#numbering.proceed()
  }

  /**
   * What was refused while a later batch was stored cannot be stored in order any more: a broker that
   * knows our numbers refuses the later one; this one has forgotten them, or its topic was made anew.
   */
  overtaken(): Batch[] {
    const isOvertaken = (batch: Batch): boolean => this.#numbering.isOvertaken(batch)
    const { first } = this.#sent
    if (first === undefined || !isOvertaken(first)) return []
    return this.#sent
      .list()
      .filter(
        (batch) => !batch.isInFlight && !batch.isDone && !batch.maybeWritten && isOvertaken(batch),
      )
  }

  // News of the cluster

  /** Another leader, or the same one elected again, ends a pause, or shortens it. */
  setLeader(leaderId: number, leaderEpoch: number): void {
    if (this.#leader.set(leaderId, leaderEpoch)) this.#ports.scheduler.leaderChanged(this)
  }

  /** The topic was made anew: its leader knows nothing of us. */
  forgetProof(): void {
    this.#leader.forgetProof()
  }

  /** The pace of its leader: how much it is given at once. */
  setPace(pace: BrokerPace): void {
    this.#pace = pace
  }

  /** Batches are to be smaller from now on: the open one, too, is full sooner. */
  limitOpen(): void {
    const { open } = this.#unsent
    open?.limitTo(this.fillBytes(open.limitBytes))
  }

  /** The broker is known to work again: a long pause ends at its least time. */
  shortenPause(): void {
    this.#leader.shortenPause()
  }

  /** Another cluster stands where this one was, and no answer is owed. */
  renounceNumbers(): void {
    if (!this.#numbering.isNumbered) return
    this.#leader.forgetProof()
    this.#numbering.renounce()
  }

  /** Nobody will use it again. */
  retire(): void {
    this.#numbering.retire()
  }

  failDoubtful(): void {
    for (const batch of this.sentBatches()) {
      if (batch.maybeWritten && !batch.isDone) this.#ports.failDoubtful(batch)
    }
  }

  numbersBeganAnew(): void {
    this.#leader.forgetProof()
    this.mayGoOn()
  }

  mayGoOn(): void {
    this.#ports.scheduler.consider(this)
  }
}
