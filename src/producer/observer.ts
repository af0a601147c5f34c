/**
 * What happens in the pipeline, for whoever watches it: metrics, diagnostics channels. Called once for
 * each batch, request, connection or transaction, never for each record, so that watching costs next
 * to nothing; and often amid a change. An observer changes nothing, must not throw, and calls code of the
 * user's later.
 *
 * Before: sending/, completing/, preparing/, intake/ and transactions/ call. After: observing/ counts.
 */
import type { OttlaError } from '../errors.js'
import type { ProducerBatch } from './batching/batch.js'
import type { ProduceRequest } from './sending/produce-request.js'

/** How a transaction has ended. */
export type TransactionOutcome = 'committed' | 'aborted' | 'unknown' | 'fenced'
/** What a transactional producer does that takes its time. */
export type TransactionStep = 'init' | 'sendOffsets' | 'commit' | 'abort'

export interface Observer {
  /** A Produce request was handed to its connection, with these batches. */
  requestSent(request: ProduceRequest): void
  /** Its answer came, at `nowMs` (monotonic); it was sent at `request.sentAtMs`. */
  requestAnswered(request: ProduceRequest, nowMs: number): void
  /** No answer to it will come. */
  answerLost(request: ProduceRequest, error: OttlaError): void
  /** The broker wants a pause of so many ms (a quota, KIP-219). */
  throttled(nodeId: number, pauseMs: number): void
  /** Every record of the batch is in the log, as is known since `nowMs` (monotonic). */
  batchAcknowledged(batch: ProducerBatch, nowMs: number): void
  /** No record of the batch is acknowledged; `error` is that of the first. */
  batchFailed(batch: ProducerBatch, error: OttlaError): void
  /** The broker found the batch too large: smaller ones take its place. */
  batchSplit(batch: ProducerBatch): void
  /** Records of a topic, of so many bytes, were compressed to so many. */
  compressed(plainBytes: number, compressedBytes: number, topic: string): void
  /** A connection to this broker for producing has come up. */
  connectionOpened(nodeId: number): void
  /** The same was lost, or could not be opened. */
  connectionLost(nodeId: number, error: OttlaError): void
  /** A call found no room in the buffer: it waits, or was not accepted. */
  bufferExhausted(): void
  /** So many records were given up before they were in a batch, which was not their own fault. */
  recordsNotAppended(recordCount: number): void
  /** A call of `flush` has ended, after so many ms. */
  flushed(tookMs: number): void
  transactionBegun(): void
  transactionEnded(outcome: TransactionOutcome): void
  /** A step has succeeded (init, sendOffsets), or the transaction has ended: so many ms after its call. */
  transactionStep(step: TransactionStep, tookMs: number): void
}

/** Where nobody watches. */
export const NO_OBSERVER: Observer = {
  requestSent() {},
  requestAnswered() {},
  answerLost() {},
  throttled() {},
  batchAcknowledged() {},
  batchFailed() {},
  batchSplit() {},
  compressed() {},
  connectionOpened() {},
  connectionLost() {},
  bufferExhausted() {},
  recordsNotAppended() {},
  flushed() {},
  transactionBegun() {},
  transactionEnded() {},
  transactionStep() {},
}
