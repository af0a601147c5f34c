/**
 * One batch: the records of one partition that travel and are answered together, and who waits for
 * each of them. It settles every record exactly once.
 *
 *              append            close              attempted
 *   (created) -------> open ------------> closed ------------> sent <--+ attempted
 *                       |                   |                   |  |___|   (a retry)
 *                       |                   |                   |
 *                       +------- fail ------+----- fail, -------+--> done
 *                                                 acknowledge
 *
 * A second completion (an answer that arrives after the delivery timeout) changes nothing: the
 * records are settled once. `isInFlight` is separate from the state: a batch that timed out may still
 * be owed an answer by its broker.
 *
 * Before: the accumulator fills it. After: its queue, a request, and completing/ in the end.
 */
import { assert } from '../../assert.js'
import { BrokerError, type OttlaError } from '../../errors.js'
import {
  NO_PRODUCER,
  RecordBatchBuilder,
  sealBatch,
  type BatchBytes,
  type ProducerStamp,
} from '../../protocol/record-batch.js'
import { countIn, countOut, type Span, type Spanned } from '../collections/open-spans.js'
import type { PartitionQueue } from '../queueing/partition-queue.js'
import type { QueuedBatch } from './queued-batch.js'
import type { AppendableRecord } from './appendable-record.js'
import { BatchWaiters, type CallbackRunner, type Waiter } from './batch-waiters.js'
import type { RecordGroup } from '../records/record-group.js'
import type { RecordMetadata } from '../../record-metadata.js'
import { BatchRecordMetadata, type BatchResult } from './record-metadata.js'

/** Who waits for a batch whose records were told. */
const NOBODY = new BatchWaiters()

/** The queue of a partition, as batches of records have it. */
export type BatchQueue = PartitionQueue<ProducerBatch>

export type BatchState = 'open' | 'closed' | 'sent' | 'done'

/** Whether its bytes are what will travel: nothing is sent before (preparing/). */
export type Preparation = 'not yet' | 'under way' | 'done'

const TRANSITIONS: Readonly<Record<BatchState, readonly BatchState[]>> = {
  open: ['closed', 'done'],
  closed: ['sent', 'done'],
  sent: ['sent', 'done'],
  done: [],
}

export class ProducerBatch implements QueuedBatch, Spanned {
  /** The partition it belongs to. */
  readonly queue: BatchQueue
  /** Monotonic: linger and delivery timeout count from here. */
  readonly createdMs: number
  readonly records: RecordBatchBuilder
  /** Bytes taken from the memory budget for it; the accumulator alone writes it. */
  budgetBytes: number
  /** Where its records count as open; null once they are settled. */
  span: Span | null = null
  #isDue = false
  #state: BatchState = 'open'
  #waiters = new BatchWaiters()
  #timestampRuns: number[] = []
  #lastTimestamp = -1
  #doneListener: (() => void) | null = null
  #preparation: Preparation = 'not yet'
  #attempts = 0
  #isInFlight = false
  #stamp: ProducerStamp = NO_PRODUCER
  #ordinal = -1
  #leaderEpochAtSend = -1
  #leaderTermAtSend = -1
  #lastError: OttlaError | null = null
  #isSealed = false
  #otherBytes: BatchBytes | null = null
  #codecId = 0
  #maybeWritten = false
  #hasLostAnswer = false

  constructor(queue: BatchQueue, createdMs: number, buffer: Buffer) {
    this.queue = queue
    this.createdMs = createdMs
    this.records = new RecordBatchBuilder(buffer)
    this.budgetBytes = buffer.length
  }

  /**
   * An attempt may be in the log: one of its own, or one of the batch that it is a part of. Of a part
   * that stays so although the broker takes another part: it may have stored the whole, and forgotten
   * the producer since.
   */
  get maybeWritten(): boolean {
    return this.#maybeWritten
  }

  /** It may be, and no broker has said what became of such an attempt. */
  get hasLostAnswer(): boolean {
    return this.#hasLostAnswer
  }

  get state(): BatchState {
    return this.#state
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** May leave although it is not full: linger is over, or somebody flushes. */
  get isDue(): boolean {
    return this.#isDue
  }

  makeDue(): void {
    this.#isDue = true
  }

  /** No further record is appended. */
  get isClosed(): boolean {
    return this.#state !== 'open'
  }

  get preparation(): Preparation {
    return this.#preparation
  }

  /** Times it was handed to a connection. */
  get attempts(): number {
    return this.#attempts
  }

  /** Its broker still owes an answer to the last attempt. */
  get isInFlight(): boolean {
    return this.#isInFlight
  }

  /** Producer id, epoch and sequence number; kept through every retry. */
  get stamp(): ProducerStamp {
    return this.#stamp
  }

  /**
   * Place in the order of the partition's first sendings, counted in records: that of its first one.
   * -1 before. No two batches have the same, the parts of a split one neither.
   */
  get ordinal(): number {
    return this.#ordinal
  }

  /** Leader epoch at the last attempt: a newer one makes a pause before the next pointless. */
  get leaderEpochAtSend(): number {
    return this.#leaderEpochAtSend
  }

  get leaderTermAtSend(): number {
    return this.#leaderTermAtSend
  }

  /** Why the last attempt failed; the cause of a later timeout. */
  get lastError(): OttlaError | null {
    return this.#lastError
  }

  /** Bytes at which it takes no more records. */
  get limitBytes(): number {
    return this.records.limitBytes
  }

  limitTo(bytes: number): void {
    this.records.limitBytes = bytes
  }

  get recordCount(): number {
    return this.records.recordCount
  }

  /** Bytes of the batch as it will travel. */
  get sizeBytes(): number {
    const { start, end } = this.wire
    return end - start
  }

  /** The bytes that travel: the records' own buffer, or what compression made of it. */
  get wire(): BatchBytes {
    return this.#otherBytes ?? this.records
  }

  /** The records' codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get codecId(): number {
    return this.#codecId
  }

  /** Compressed records take the place of the plain ones, whose buffer is returned: it is free. */
  adoptCompressed(compressed: BatchBytes, codecId: number): Buffer {
    this.#otherBytes = compressed
    this.#codecId = codecId
    this.#isSealed = false // it may have been refused as it was (last-resort.ts)
    return this.records.releaseBuffer()
  }

  /** Writes header and checksum, once for each stamp. The records must be complete. */
  seal(): void {
    if (this.#isSealed) return
    assert(this.#waiters.count === this.recordCount, 'every record of a batch has its place')
    const { baseTimestamp, maxTimestamp, recordCount } = this.records
    const codecId = this.#codecId
    // Written out: a spread leaves compiled code, and costs more than the checksum of a small batch.
    sealBatch(this.wire, { codecId, baseTimestamp, maxTimestamp, recordCount, stamp: this.#stamp })
    this.#isSealed = true
  }

  /** Its bytes are being prepared: nothing is sent before that is done. */
  preparing(): void {
    this.#preparation = 'under way'
  }

  /** Its bytes are what will travel. */
  prepared(): void {
    this.#preparation = 'done'
  }

  number(stamp: ProducerStamp): void {
    this.#stamp = stamp
  }

  /** The bytes are copied: a socket may still hold the old ones, which must leave as they are. */
  renumber(stamp: ProducerStamp): void {
    this.#stamp = stamp
    this.#maybeWritten = false
    this.#hasLostAnswer = false
    const { buffer, start, end } = this.wire
    this.#otherBytes = { buffer: Buffer.from(buffer), start, end }
    this.#isSealed = false
  }

  placeAt(ordinal: number): void {
    assert(this.#ordinal < 0, 'a batch has one place in the order')
    this.#ordinal = ordinal
  }

  /** Hands over who waits for each record: for a batch that is split, and done by that. */
  handOver(): Waiter[] {
    return this.#waiters.handOver(this.recordCount)
  }

  /** A promise for the record that was appended last. */
  promiseOfLast(): Promise<RecordMetadata> {
    return this.#waiters.promise(this.recordCount - 1)
  }

  /** The record that was appended last is at `place` of a group, which is told what becomes of it. */
  groupLast(group: RecordGroup, place: number): void {
    this.#waiters.join(group, place, this.recordCount - 1)
  }

  /** Its records live on in `children`: those are open in its place. */
  becomeSplit(children: readonly ProducerBatch[]): void {
    this.#transition('done')
    for (const child of children) {
      child.#maybeWritten = this.#maybeWritten
      child.#hasLostAnswer = this.#hasLostAnswer
      if (this.span !== null) countIn(child, this.span)
    }
    countOut(this)
  }

  /**
   * Appends a record and remembers who waits for it (one of the two, or nobody); false, with
   * nothing changed, where the buffer has no room.
   */
  append(record: AppendableRecord): boolean {
    if (!this.records.append(record)) return false
    const { timestamp, callback, resolve } = record
    const index = this.records.recordCount - 1
    if (timestamp !== this.#lastTimestamp) {
      this.#timestampRuns.push(index, timestamp)
      this.#lastTimestamp = timestamp
    }
    this.#waiters.add(index, callback, resolve)
    return true
  }

  /** No further record. */
  close(): void {
    this.#transition('closed')
  }

  attempted(leaderEpoch: number, leaderTerm: number): void {
    this.#transition('sent')
    this.#attempts++
    this.#isInFlight = true
    this.#leaderEpochAtSend = leaderEpoch
    this.#leaderTermAtSend = leaderTerm
  }

  attemptEnded(): void {
    this.#isInFlight = false
  }

  /** The last attempt failed; `maybeWritten`: it may be in the log all the same. */
  attemptFailed(error: OttlaError, maybeWritten: boolean): void {
    this.#lastError = error
    if (!maybeWritten) return
    this.#maybeWritten = true
    if (!(error instanceof BrokerError)) this.#hasLostAnswer = true
  }

  /** Every record is in the log, from `baseOffset` on; -1n where the broker does not say. */
  acknowledge(baseOffset: bigint, logAppendTimeMs: number, run: CallbackRunner): void {
    this.#transition('done')
    const result: BatchResult = {
      topic: this.queue.topic.name,
      partition: this.queue.partition,
      baseOffset,
      logAppendTimeMs,
      timestampRuns: this.#timestampRuns,
    }
    const metadataOf = (index: number): RecordMetadata => new BatchRecordMetadata(result, index)
    this.#waiters.acknowledge(this.recordCount, metadataOf, run)
    this.#finish()
  }

  /** No record is acknowledged; `errorOf` gives each its error. `onUnheard` gets those nobody waits for. */
  fail(
    errorOf: (index: number) => Error,
    run: CallbackRunner,
    onUnheard: (error: Error, recordCount: number) => void,
  ): void {
    this.#transition('done')
    const unheard = this.recordCount - this.#waiters.heardCount
    this.#waiters.fail(this.recordCount, errorOf, run)
    if (unheard > 0) onUnheard(errorOf(0), unheard)
    this.#finish()
  }

  /** Calls `listener` when the batch becomes done. To be called once, before. */
  onDone(listener: () => void): void {
    this.#doneListener = listener
  }

  #finish(): void {
    this.#waiters = NOBODY
    countOut(this)
  }

  #transition(to: BatchState): void {
    assert(TRANSITIONS[this.#state].includes(to), `a batch cannot go from ${this.#state} to ${to}`)
    this.#state = to
    if (to !== 'done') return
    this.#doneListener?.()
    this.#doneListener = null
  }
}
