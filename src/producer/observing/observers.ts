/**
 * Several observers as one: each is called in turn. One alone stands for itself, so that it costs no
 * more than without this.
 *
 * Before: pipeline.ts makes it. After: metrics-counter.ts, and whoever else watches.
 */
import type { OttlaError } from '../../errors.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { Observer, TransactionOutcome, TransactionStep } from '../observer.js'
import type { ProduceRequest } from '../sending/produce-request.js'

/** An observer that passes on to all of these. */
export function observerOf(first: Observer, ...others: readonly Observer[]): Observer {
  return others.length === 0 ? first : new Observers([first, ...others])
}

class Observers implements Observer {
  readonly #all: readonly Observer[]

  constructor(all: readonly Observer[]) {
    this.#all = all
  }

  requestSent(request: ProduceRequest): void {
    for (const each of this.#all) each.requestSent(request)
  }

  requestAnswered(request: ProduceRequest, nowMs: number): void {
    for (const each of this.#all) each.requestAnswered(request, nowMs)
  }

  answerLost(request: ProduceRequest, error: OttlaError): void {
    for (const each of this.#all) each.answerLost(request, error)
  }

  throttled(nodeId: number, pauseMs: number): void {
    for (const each of this.#all) each.throttled(nodeId, pauseMs)
  }

  batchAcknowledged(batch: ProducerBatch, nowMs: number): void {
    for (const each of this.#all) each.batchAcknowledged(batch, nowMs)
  }

  batchFailed(batch: ProducerBatch, error: OttlaError): void {
    for (const each of this.#all) each.batchFailed(batch, error)
  }

  batchSplit(batch: ProducerBatch): void {
    for (const each of this.#all) each.batchSplit(batch)
  }

  compressed(plainBytes: number, compressedBytes: number, topic: string): void {
    for (const each of this.#all) each.compressed(plainBytes, compressedBytes, topic)
  }

  connectionOpened(nodeId: number): void {
    for (const each of this.#all) each.connectionOpened(nodeId)
  }

  connectionLost(nodeId: number, error: OttlaError): void {
    for (const each of this.#all) each.connectionLost(nodeId, error)
  }

  bufferExhausted(): void {
    for (const each of this.#all) each.bufferExhausted()
  }

  recordsNotAppended(recordCount: number): void {
    for (const each of this.#all) each.recordsNotAppended(recordCount)
  }

  flushed(tookMs: number): void {
    for (const each of this.#all) each.flushed(tookMs)
  }

  transactionBegun(): void {
    for (const each of this.#all) each.transactionBegun()
  }

  transactionEnded(outcome: TransactionOutcome): void {
    for (const each of this.#all) each.transactionEnded(outcome)
  }

  transactionStep(step: TransactionStep, tookMs: number): void {
    for (const each of this.#all) each.transactionStep(step, tookMs)
  }
}
