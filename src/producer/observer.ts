/**
 * What happens in the pipeline, for whoever watches it: metrics today; tracing and telemetry
 * tomorrow. Called once for each batch, request or connection, never for each record, so that
 * watching costs next to nothing. An observer changes nothing, and must not throw.
 *
 * Before: sending/, completing/ and preparing/ call. After: metrics.ts counts.
 */
import type { ProducerBatch } from './batching/batch.js'
import type { ProduceRequest } from './sending/produce-request.js'

export interface Observer {
  /** A Produce request was handed to its connection, with these batches. */
  requestSent(request: ProduceRequest): void
  /** Its answer came, at `nowMs` (monotonic); it was sent at `request.sentAtMs`. */
  requestAnswered(request: ProduceRequest, nowMs: number): void
  /** No answer to it will come. */
  answerLost(request: ProduceRequest): void
  /** The broker wants a pause of so many ms (a quota, KIP-219). */
  throttled(nodeId: number, pauseMs: number): void
  /** Every record of the batch is in the log. */
  batchAcknowledged(batch: ProducerBatch): void
  /** No record of the batch is acknowledged. */
  batchFailed(batch: ProducerBatch): void
  /** The broker found the batch too large: smaller ones take its place. */
  batchSplit(batch: ProducerBatch): void
  /** Records of so many bytes were compressed to so many. */
  compressed(plainBytes: number, compressedBytes: number): void
  /** A connection to this broker for producing has come up. */
  connectionOpened(nodeId: number): void
  /** The same was lost, or could not be opened. */
  connectionLost(nodeId: number): void
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
}
