/**
 * The batches of one partition on their way, and the rule which of them may be sent next. Order is
 * kept here:
 *
 *      sent (in order of first sending)        closed            open
 *   | b4 retry | b5 in air | b6 in air |    | b7 | b8 |          b9        <- append
 *     ^ first unresolved                      ^ next new batch
 *
 * `next` is the whole rule:
 *  1. nothing without a leader, during a pause after a failure, or while another broker still owes
 *     an answer to a batch of this partition (it may be writing it);
 *  2. while a batch waits for its retry, only the first such one may go, and no new one: a later
 *     batch must not overtake;
 *  3. on a leader (or under numbers) that has not answered well yet, or not since a failure, one
 *     batch alone, the first unresolved: the first of two may be refused by a leader that then
 *     accepts the second. Once that one is acknowledged the others follow as usual: each alone
 *     would make recovery five round trips long;
 *  4. at most `maxInFlight` unresolved (a broker remembers five batches of a producer);
 *  5. after a gap in the sequence no new batch until the partition has begun again.
 *
 * Before: the accumulator. After: the sender, which asks `next` and reports what came of it.
 */
import type { ProducerBatch } from '../batching/batch.js'
import { Deque } from '../collections/deque.js'
import { MemoryShare } from '../batching/memory-budget.js'
import { FIRST_FILL_BYTES } from '../pacing/pace-constants.js'
import type { PartitionSequence } from '../sequencing/partition-sequence.js'
import type { ThrottlePace } from '../pacing/throttle-pace.js'

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Its topic's share of the memory. */
  readonly share: MemoryShare
  /** -1 while no leader is known. */
  leaderId = -1
  leaderEpoch = -1
  /** The batch that records are appended to, if any; the youngest. */
  open: ProducerBatch | null = null
  /** Full (or due) batches that were never sent, oldest first. */
  readonly closed = new Deque<ProducerBatch>()
  /** Batches sent at least once whose fate is open, or whose answer is still owed; oldest first. */
  readonly sent: ProducerBatch[] = []
  /** The broker that owes the answers to batches in the air. */
  inAirNodeId = -1
  inAirCount = 0
  /** Monotonic: no attempt before this. */
  retryAtMs = 0
  /** Monotonic, during a pause: no attempt before this, whatever good news there is of the broker. */
  retryNotBeforeMs = 0
  /** This leader acknowledged a batch under these numbers, and none failed since: several may be in flight. */
  isLeaderProven = false
  /** Numbers for idempotence; null without it, or before the producer id is known. */
  sequence: PartitionSequence | null = null
  /** The numbers must start again before anything is sent; waits for answers still owed. */
  mustRestartSequence = false
  /** Its epochs are used up, and a new producer id is asked for. */
  awaitsIdentity = false
  /** The line in which it stands, for a request to the leader at that time (outbox.ts); null: in none. */
  line: object | null = null
  /** How much its leader takes at once; null before it lined up for one. */
  leaderPace: ThrottlePace | null = null
  /** The sender's round in which a batch was last taken. */
  takenInRound = 0
  /** Bytes that the last full batch's buffer had: the next one starts as large. */
  usualBufferBytes = 0
  #nextOrdinal = 0

  constructor(topic: string, partition: number, share = new MemoryShare()) {
    this.topic = topic
    this.partition = partition
    this.share = share
  }

  /** Batches not yet sent, the open one included: what adaptive partitioning weighs. */
  get unsentCount(): number {
    return this.closed.length + (this.open === null ? 0 : 1)
  }

  /** Something is on its way, or is to be. */
  get hasBatches(): boolean {
    return this.sent.length + this.unsentCount > 0
  }

  /** Something waits to be sent, now or later. */
  get hasNext(): boolean {
    return this.sent.length > this.inAirCount || this.unsentCount > 0
  }

  /** The next batch gains nothing by waiting: it takes no more records. */
  get isNextFull(): boolean {
    if (this.sent.length > 0 && !this.isLeaderProven) return false // it is tried, or none may follow yet
    return this.sent.length > this.inAirCount || this.closed.length > 0
  }

  /** Its broker is out of reach, or it has none: batches gather, and the oldest is to go again. */
  get isHeldUp(): boolean {
    return this.leaderId < 0 || this.#goesAgain()
  }

  /** The oldest batch goes again, alone, to a leader that has taken none since. */
  get isOnTrial(): boolean {
    return !this.isLeaderProven && this.#goesAgain()
  }

  #goesAgain(): boolean {
    const oldest = this.sent[0]
    return oldest !== undefined && (oldest.attempts > 1 || !oldest.isInAir)
  }

  /** Bytes at which the youngest batch is full, where it would usually be at `usualBytes`. */
  fillBytes(usualBytes: number): number {
    const limitBytes = Math.min(usualBytes, this.leaderPace?.limitBytes ?? Infinity)
    if (!this.isHeldUp) return limitBytes
    return Math.min(limitBytes, FIRST_FILL_BYTES * 4 ** this.closed.length)
  }

  /** The batch that may be sent now, or null; changes nothing. */
  next(nowMs: number, maxInFlight: number): ProducerBatch | null {
    if (this.leaderId < 0 || nowMs < this.retryAtMs) return null
    if (this.mustRestartSequence) return null
    if (this.inAirCount > 0 && this.inAirNodeId !== this.leaderId) return null
    const retry = this.#nextRetry(maxInFlight)
    if (retry !== undefined) return retry
    if (!this.#mayPipeline(maxInFlight)) return null
    return this.closed.peek() ?? (this.open?.isDue === true ? this.open : null)
  }

  /** Rules 3 to 5: whether a batch that was never sent may follow those that were. */
  #mayPipeline(maxInFlight: number): boolean {
    if (this.sequence?.hasGap === true) return false
    if (this.sent.length === 0) return true
    return this.isLeaderProven && this.sent.length < maxInFlight
  }

  /** The batch to try again; null where one waits but may not go yet; undefined where none waits. */
  #nextRetry(maxInFlight: number): ProducerBatch | null | undefined {
    const index = this.sent.findIndex((batch) => !batch.isInAir)
    if (index === 0) return this.sent[0]
    // Without numbers a broker takes the second of two though it refused the first.
    if (this.sequence === null) return this.sent.some(wasRetried) || index > 0 ? null : undefined
    if (index < 0) return undefined
    const isBehindAll = this.inAirCount === index // none of those in the air is a later one
    const mayFollow = this.isLeaderProven && isBehindAll && index < maxInFlight
    return mayFollow ? (this.sent[index] ?? null) : null
  }

  /** Takes `batch`, which `next` has just named, out of the waiting ones and closes it. */
  take(batch: ProducerBatch): void {
    if (batch === this.open) {
      this.open = null
      batch.close()
    } else if (batch === this.closed.peek()) {
      this.closed.shift()
    }
  }

  /** The open batch takes no more records. */
  closeOpen(): void {
    const batch = this.open
    if (batch === null) return
    this.open = null
    batch.close()
    this.closed.push(batch)
  }

  /** Batches are to be smaller from now on: the open one, too, is full sooner. */
  curbOpen(): void {
    if (this.open === null) return
    const { records } = this.open
    records.limitBytes = this.fillBytes(records.limitBytes)
  }

  /** `batch` leaves for the leader. */
  markSent(batch: ProducerBatch): void {
    if (batch.ordinal < 0) {
      batch.ordinal = this.#nextOrdinal
      this.#nextOrdinal += batch.recordCount
      this.sent.push(batch)
    }
    batch.markSent(this.leaderEpoch)
    this.inAirNodeId = this.leaderId
    this.inAirCount++
  }

  /** The answer to `batch` came, or will never come. */
  markLanded(batch: ProducerBatch): void {
    if (!batch.isInAir) return
    batch.isInAir = false
    this.inAirCount--
  }

  /** `batch` needs no further attempt: acknowledged, failed, or its late answer came. */
  remove(batch: ProducerBatch): void {
    const index = this.sent.indexOf(batch)
    if (index >= 0) this.sent.splice(index, 1)
  }

  /** `batch` was closed and will not be sent; usually it is the oldest. */
  dropClosed(batch: ProducerBatch): void {
    if (this.closed.peek() === batch) {
      this.closed.shift()
      return
    }
    const others = [...this.closed].filter((other) => other !== batch)
    while (this.closed.length > 0) this.closed.shift()
    for (const other of others) this.closed.push(other)
  }

  /** Puts the children of a split batch where it stood, to be sent as it would have been. */
  replaceSent(batch: ProducerBatch, children: readonly ProducerBatch[]): void {
    this.sent.splice(this.sent.indexOf(batch), 1, ...children)
    let { ordinal } = batch
    for (const child of children) {
      child.ordinal = ordinal
      ordinal += child.recordCount
    }
  }

  /** Another leader, or the same one elected again. True where that ends a pause. */
  setLeader(leaderId: number, leaderEpoch: number): boolean {
    if (leaderId === this.leaderId && leaderEpoch === this.leaderEpoch) return false
    const isNewer = leaderEpoch > this.leaderEpoch || leaderId !== this.leaderId
    this.leaderId = leaderId
    this.leaderEpoch = leaderEpoch
    if (!isNewer) return false
    this.isLeaderProven = false
    if (leaderId >= 0) this.retryAtMs = 0
    return leaderId >= 0
  }
}

function wasRetried({ attempts }: ProducerBatch): boolean {
  return attempts > 1
}
