/**
 * Where records gather: the open batches, their buffers, and when each may leave.
 *
 * A batch may leave once it is full, once `lingerMs` has passed since it was opened, or when all
 * must: somebody flushes or closes, or the memory is used up. With lingerMs 0 it may leave at once,
 * and still fills until the sender really takes it: while requests are under way, batches grow by
 * themselves.
 *
 *   lingering (oldest first):  | b1 | b2 | b3 |      one timer, for the first
 *
 * Before: the intake appends. After: the sender is told of queues with something to send.
 */
import { assert } from '../../assert.js'
import type { MemoryBudget } from './memory-budget.js'
import type { BufferPool } from './buffer-pool.js'
import {
  batchWithRoom,
  bufferSizeFor,
  RECORD_BATCH_HEADER_BYTES,
  recordSizeUpperBound,
  TAILROOM_BYTES,
  type BatchBytes,
} from '../../protocol/record-batch.js'
import { ProducerBatch, type BatchQueue } from './batch.js'
import { countIn, OpenSpans } from '../collections/open-spans.js'
import type { PreparedRecord } from '../records/prepared-record.js'

/** How an append ended. */
export const Appended = { yes: 0, batchFull: 1, noMemory: 2 } as const
export type Appended = (typeof Appended)[keyof typeof Appended]

/** While memory is short a batch grows by a record at a time, and is copied each time: not for long. */
const MOST_BYTES_GROWN_TIGHTLY = 16_384

export interface AccumulatorOptions {
  readonly lingerMs: number
  readonly deliveryTimeoutMs: number
}

export interface AccumulatorListener {
  /** The queue has a batch that may leave; called often for the same queue. */
  onReady(queue: BatchQueue): void
  /** A batch was opened that lingers until `untilMs` (monotonic) unless it fills before. */
  onLingering(untilMs: number): void
  /** The batch takes no more records: it may be compressed while it waits its turn. */
  onFull(batch: ProducerBatch): void
}

export class Accumulator {
  /** Whatever holds records that are not settled: batches, and what waits (parking-lot.ts). */
  readonly spans = new OpenSpans()
  readonly #options: AccumulatorOptions
  readonly #budget: MemoryBudget
  readonly #pool: BufferPool
  readonly #listener: AccumulatorListener
  /** Every batch that is not done, in the order they were opened. */
  readonly #incomplete = new Set<ProducerBatch>()
  #refusedBytes = 0
  #isHeldBack = false
  /** Those of them that are older than their place in it says. */
  readonly #children = new Set<ProducerBatch>()
  /** Those that wait for their linger to end, in the order they were opened. */
  readonly #lingering = new Set<ProducerBatch>()

  constructor(
    options: AccumulatorOptions,
    budget: MemoryBudget,
    pool: BufferPool,
    listener: AccumulatorListener,
  ) {
    this.#options = options
    this.#budget = budget
    this.#pool = pool
    this.#listener = listener
  }

  /** Batches with records whose fate is open. */
  get incomplete(): ReadonlySet<ProducerBatch> {
    return this.#incomplete
  }

  /** Appends to the partition's open batch; `batchFull` where there is none, or none any more. */
  appendToOpen(queue: BatchQueue, record: PreparedRecord): Appended {
    const batch = queue.open
    if (batch === null) return Appended.batchFull
    if (batch.append(record)) return Appended.yes
    const grown = this.#grow(batch, record)
    if (grown === Appended.yes) mustAppend(batch, record)
    else if (grown === Appended.batchFull) this.#closeFull(queue, batch)
    return grown
  }

  /** Opens a batch for the partition, which must have none, and appends to it. */
  appendToNew(queue: BatchQueue, record: PreparedRecord, nowMs: number): Appended {
    const needBytes = bufferSizeFor(RECORD_BATCH_HEADER_BYTES + recordSizeUpperBound(record))
    const { fill } = record.topic
    const limitBytes = queue.fillBytes(fill.nextBytes)
    const usualBytes = Math.min(queue.usualBufferBytes, bufferSizeFor(limitBytes))
    const sizeBytes = this.#takeMemory(queue, record, needBytes, usualBytes)
    if (sizeBytes < 0) return Appended.noMemory
    const batch = new ProducerBatch(queue, nowMs, this.#pool.take(sizeBytes))
    batch.records.limitBytes = limitBytes
    countIn(batch, this.spans.present)
    mustAppend(batch, record)
    queue.begin(batch)
    fill.opened(batch)
    this.#incomplete.add(batch)
    if (this.#options.lingerMs > 0) {
      this.#lingering.add(batch)
      this.#listener.onLingering(nowMs + this.#options.lingerMs)
    } else {
      batch.makeDue()
      this.#listener.onReady(queue)
    }
    return Appended.yes
  }

  /**
   * Takes the size that this partition's batches usually reach, else (not less than) what the record
   * needs; -1 where there is no room. Where memory is short, what a taken record holds pays for a
   * batch of exactly its own size: it holds no less (PARKED_RECORD_BYTES).
   */
  #takeMemory(
    queue: BatchQueue,
    record: PreparedRecord,
    needBytes: number,
    usualBytes: number,
  ): number {
    const { totalBytes } = this.#budget
    const roundBytes = this.#pool.sizeFor(needBytes)
    const leastBytes = roundBytes > totalBytes ? needBytes : roundBytes
    const usual = Math.max(usualBytes, leastBytes)
    if (this.#tryTake(queue, record, usual)) return usual
    const isTaken = record.reservedBytes > 0
    // Small batches would only make it worse while others are under way and will give memory back.
    const mayBeSmall = isTaken || usual > totalBytes || this.#incomplete.size === 0
    if (mayBeSmall && leastBytes < usual && this.#tryTake(queue, record, leastBytes)) {
      return leastBytes
    }
    if (!isTaken) return -1
    this.#takeOwn(queue, record, needBytes)
    return needBytes
  }

  /** Takes so many bytes for the record's place, besides those that it holds. */
  #tryTake(queue: BatchQueue, record: PreparedRecord, bytes: number): boolean {
    const { reservedBytes } = record
    this.#isHeldBack =
      reservedBytes === 0 && queue.isHeldUp && !this.#budget.mayRest(bytes, queue.share)
    const isTaken = !this.#isHeldBack && this.#budget.tryTake(bytes - reservedBytes, queue.share)
    if (isTaken) record.reservedBytes = 0
    this.#refusedBytes = isTaken ? 0 : bytes
    return isTaken
  }

  #takeOwn(queue: BatchQueue, record: PreparedRecord, bytes: number): void {
    const isTaken = this.#tryTake(queue, record, bytes)
    assert(isTaken, 'a taken record holds what its place in a batch needs')
  }

  /** What the last append that needed memory would have needed more than there was; 0 if it got it. */
  get refusedBytes(): number {
    return this.#refusedBytes
  }

  /** The last append that got no memory got none because its topic holds as much as it may. */
  get isHeldBack(): boolean {
    return this.#isHeldBack
  }

  #grow(batch: ProducerBatch, record: PreparedRecord): Appended {
    const { records, queue } = batch
    const oldBytes = records.buffer.length
    const needBytes = bufferSizeFor(batch.sizeBytes + recordSizeUpperBound(record))
    if (needBytes > bufferSizeFor(records.limitBytes)) return Appended.batchFull
    let sizeBytes = this.#pool.sizeFor(needBytes)
    if (sizeBytes <= oldBytes) return Appended.batchFull // full but for rounding
    if (!this.#tryTake(queue, record, sizeBytes - oldBytes)) {
      if (record.reservedBytes === 0) return Appended.noMemory
      if (needBytes > MOST_BYTES_GROWN_TIGHTLY) return Appended.batchFull
      sizeBytes = Math.min(sizeBytes, oldBytes + record.reservedBytes + this.#budget.availableBytes)
      this.#takeOwn(queue, record, sizeBytes - oldBytes)
    }
    batch.budgetBytes += sizeBytes - oldBytes
    const small = records.buffer
    records.growInto(this.#pool.take(sizeBytes))
    this.#pool.give(small)
    return Appended.yes
  }

  #closeFull(queue: BatchQueue, batch: ProducerBatch): void {
    this.#learnUsual(batch)
    queue.closeOpen()
    this.#lingering.delete(batch)
    this.#listener.onFull(batch)
    this.#listener.onReady(queue)
  }

  /** The partition's next batch starts with a buffer for what this one holds; not for a giant. */
  #learnUsual({ queue, records }: ProducerBatch): void {
    const usedBytes = Math.min(records.end + TAILROOM_BYTES, bufferSizeFor(records.limitBytes))
    queue.usualBufferBytes = this.#pool.sizeFor(usedBytes)
  }

  /** Monotonic time at which the next batch has lingered long enough; Infinity with none. */
  nextLingerMs(): number {
    for (const batch of this.#lingering) {
      if (isWaiting(batch)) return batch.createdMs + this.#options.lingerMs
      this.#lingering.delete(batch)
    }
    return Infinity
  }

  /** Lets every batch leave that has lingered long enough at `nowMs`; all with Infinity. */
  releaseLingering(nowMs: number): void {
    for (const batch of this.#lingering) {
      if (batch.createdMs + this.#options.lingerMs > nowMs) return // in the order they were opened
      this.#release(batch)
    }
  }

  /** Lets every batch leave whose partition this broker leads: a request to it leaves now. */
  releaseLingeringFor(nodeId: number): void {
    for (const batch of this.#lingering) if (batch.queue.leaderId === nodeId) this.#release(batch)
  }

  #release(batch: ProducerBatch): void {
    this.#lingering.delete(batch)
    if (!isWaiting(batch)) return
    batch.makeDue()
    this.#listener.onReady(batch.queue)
  }

  /** Monotonic time at which the oldest batch runs out of `deliveryTimeoutMs`; Infinity with none. */
  nextExpiryMs(): number {
    let createdMs = Infinity
    for (const batch of this.#children) createdMs = Math.min(createdMs, batch.createdMs)
    for (const batch of this.#incomplete) {
      if (this.#children.has(batch)) continue
      createdMs = Math.min(createdMs, batch.createdMs)
      break // in the order they were opened: the first is the oldest
    }
    return createdMs + this.#options.deliveryTimeoutMs
  }

  /** Batches that have run out of `deliveryTimeoutMs` at `nowMs`, those of split ones first. */
  expired(nowMs: number): ProducerBatch[] {
    const openedBefore = nowMs - this.#options.deliveryTimeoutMs
    const batches = [...this.#children].filter(({ createdMs }) => createdMs <= openedBefore)
    for (const batch of this.#incomplete) {
      if (this.#children.has(batch)) continue
      if (batch.createdMs > openedBefore) break
      batches.push(batch)
    }
    return batches
  }

  /**
   * Children of a split batch take its place; they keep its age. They take the memory that is there
   * (their parent's is given back before), and for the rest none: they may hold more than a parent
   * that was compressed, and cannot wait.
   */
  adopt(children: readonly ProducerBatch[]): void {
    for (const child of children) {
      this.#incomplete.add(child)
      this.#children.add(child)
      child.budgetBytes = this.#budget.takeUpTo(child.budgetBytes, child.queue.share)
    }
  }

  /** The batch's records are settled. */
  settled(batch: ProducerBatch): void {
    this.#incomplete.delete(batch)
    this.#children.delete(batch)
    this.#lingering.delete(batch)
  }

  /** A buffer for a batch whose compressed records have this size: one to keep, where it fits well. */
  takeRoom(sizeBytes: number): BatchBytes {
    const needBytes = bufferSizeFor(RECORD_BATCH_HEADER_BYTES + sizeBytes)
    const roundBytes = this.#pool.sizeFor(needBytes)
    const buffer = this.#pool.take(roundBytes <= 2 * needBytes ? roundBytes : needBytes)
    return batchWithRoom(buffer, sizeBytes)
  }

  /** The room was not needed after all. */
  giveRoom({ buffer }: BatchBytes): void {
    this.#pool.give(buffer)
  }

  /** The batch's records are compressed: fewer bytes take the place of their buffer. */
  compressed(batch: ProducerBatch, room: BatchBytes, codecId: number): void {
    const plain = batch.adoptCompressed(room, codecId)
    const savedBytes = Math.max(0, batch.budgetBytes - batch.wire.buffer.length)
    batch.budgetBytes -= savedBytes
    this.#budget.give(savedBytes, batch.queue.share) // first: the pool keeps no more than is free
    // Sent more than once already (last-resort.ts), a socket may hold it still.
    if (batch.attempts <= 1) this.#pool.give(plain)
  }

  /** The batch's memory is free, and its buffer too where nobody can hold it. */
  free(batch: ProducerBatch, mayReuseBuffer: boolean): void {
    this.#budget.give(batch.budgetBytes, batch.queue.share)
    batch.budgetBytes = 0
    this.#learnUsual(batch)
    if (mayReuseBuffer) this.#pool.give(batch.wire.buffer)
  }
}

/** Where the buffer was sized for the record: a failure here would lose it in silence. */
function mustAppend(batch: ProducerBatch, record: PreparedRecord): void {
  const isAppended = batch.append(record)
  assert(isAppended, 'a buffer sized for a record takes it')
}

function isWaiting(batch: ProducerBatch): boolean {
  return batch.state === 'open' && !batch.isDue
}
