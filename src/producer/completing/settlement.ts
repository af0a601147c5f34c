/**
 * Settles batches: resolves or rejects every record, once, and frees the batch's memory.
 *
 *   acknowledge ─┐
 *   fail ────────┼──> the batch leaves its queue ──> its memory is free ──> records settled
 *   split ───────┘    (in flight: once the answer has come; split: its parts take its place)
 *
 * Before: completion.ts decides. After: the users' promises and callbacks, which may send, abort, close.
 */
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { Decompress } from '../../protocol/record-batch-reader.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import { splitBatch } from '../batching/split-batch.js'
import type { Observer } from '../observer.js'

/** What settling works with; all made by the producer. */
export interface SettlementParts {
  readonly unheard: Pick<Log, 'error'> // of records without a callback
  readonly observer: Observer
  readonly accumulator: Accumulator
  readonly runCallback: CallbackRunner
  readonly decompress: Decompress
  /** The batch has left its queue, and its memory came free. */
  readonly onFreed: (batch: ProducerBatch) => void
  /** What a transaction has to know; none without transactions. */
  readonly transaction?: {
    /** Records of it are lost. */
    recordFailed(error: OttlaError): void
    /** An answer came that was owed. */
    answerCame(isAcknowledged: boolean): void
  } | null
}

export class Settlement {
  readonly #parts: SettlementParts

  constructor(parts: SettlementParts) {
    this.#parts = parts
  }

  /** Every record is in the log, from `baseOffset` on; -1n where the broker does not say. */
  acknowledge(batch: ProducerBatch, baseOffset: bigint, appendedMs: number, nowMs: number): void {
    this.#parts.observer.batchAcknowledged(batch, nowMs)
    this.#parts.accumulator.settled(batch)
    batch.queue.topic.fill.taken(batch.sizeBytes)
    this.leave(batch, true)
    batch.acknowledge(baseOffset, appendedMs, this.#parts.runCallback)
  }

  /** No record is acknowledged; `errorOf` gives the error of the record at each index. */
  fail(batch: ProducerBatch, errorOf: (index: number) => OttlaError): void {
    const { topic, partition } = batch.queue
    this.#parts.observer.batchFailed(batch, errorOf(0))
    this.#parts.accumulator.settled(batch)
    batch.queue.failed(batch)
    // In flight it may still be written, and the batches behind it must not overtake it.
    if (!batch.isInFlight) this.leave(batch, false)
    this.#parts.transaction?.recordFailed(errorOf(0)) // before a callback ends it, and another begins
    batch.fail(errorOf, this.#parts.runCallback, (err, recordCount) => {
      this.#parts.unheard.error(
        { topic: topic.name, partition, recordCount, err },
        'records without a callback were not delivered',
      )
    })
  }

  /** Takes the batch's place: smaller ones with the same records and numbers. */
  split(batch: ProducerBatch, maxBytes: number): void {
    const { accumulator, decompress, observer } = this.#parts
    const parts = splitBatch(batch, maxBytes, decompress)
    observer.batchSplit(batch)
    accumulator.settled(batch)
    accumulator.free(batch, false)
    accumulator.adopt(parts)
    batch.becomeSplit(parts)
    batch.queue.split(batch, parts)
  }

  /** The batch leaves its queue for good: its memory is free, and the next may go. */
  leave(batch: ProducerBatch, isAnswered: boolean): void {
    // Only where its one attempt was answered is it certain that no socket holds the buffer. Reused
    // earlier, its bytes would go to another topic (KAFKA-19012).
    this.#parts.accumulator.free(batch, isAnswered && batch.attempts === 1)
    batch.queue.leave(batch)
    this.#parts.onFreed(batch)
    this.#parts.transaction?.answerCame(isAnswered)
  }
}
