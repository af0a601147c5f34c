/**
 * Counts what the pipeline does, for `producer.metrics()`: once for each batch or request, never for
 * each record.
 *
 * Before: observer.ts names what is reported. After: pipeline.ts asks for a snapshot, and says what is
 * held.
 */
import type { Clock } from '../../clock.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { ProducerMetrics } from '../metrics.js'
import type { Observer, TransactionOutcome, TransactionStep } from '../observer.js'
import type { ProduceRequest } from '../sending/produce-request.js'
import { BrokerCounts } from './broker-counts.js'
import { ConnectionCounts } from './connection-counts.js'
import { DeliveryCounts } from './delivery-counts.js'
import { Histogram } from './histogram.js'
import { RecentlyUsed } from './recently-used.js'
import { TransactionCounts } from './transaction-counts.js'

/** The topics, and the brokers, that have numbers of their own: those used last (docs/metrics.md). */
export const MOST_NAMED = 1000

/** What is not counted but looked at, when a snapshot is made. */
export interface Held extends Pick<
  ProducerMetrics,
  | 'compressionChoices'
  | 'bufferAvailableBytes'
  | 'bufferTotalBytes'
  | 'waitingSends'
  | 'batchesIncomplete'
  | 'metadataAgeMs'
> {
  /** The requests that a broker has not answered. */
  readonly inFlightOf: (nodeId: number) => number
  readonly requestsInFlight: number
  readonly isTransactional: boolean
}

/** One for a producer. */
export class MetricsCounter implements Observer {
  /** The network tells it. */
  readonly connections = new ConnectionCounts()
  readonly #clock: Clock
  readonly #createdAtMs: number
  readonly #totals = new DeliveryCounts()
  readonly #topics = new RecentlyUsed<string, DeliveryCounts>(
    MOST_NAMED,
    () => new DeliveryCounts(),
  )
  readonly #brokers = new RecentlyUsed<number, BrokerCounts>(MOST_NAMED, () => new BrokerCounts())
  readonly #transactions = new TransactionCounts()
  readonly #queueTimeMs = new Histogram()
  readonly #requestLatencyMs = new Histogram()
  readonly #acknowledgeTimeMs = new Histogram()
  readonly #batchSizeBytes = new Histogram()
  readonly #recordsPerBatch = new Histogram()
  readonly #recordsPerRequest = new Histogram()
  readonly #requestSizeBytes = new Histogram()
  readonly #throttleTimeMs = new Histogram()
  readonly #flushTimeMs = new Histogram()
  #batchesRetried = 0
  #batchesSplit = 0
  #requestsSent = 0
  #answersLost = 0
  #bufferExhausted = 0
  #recordsNotAppended = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#createdAtMs = clock.now()
  }

  requestSent(request: ProduceRequest): void {
    this.#requestsSent++
    this.#brokers.get(request.nodeId).sent(request.sizeBytes)
    let recordCount = 0
    for (const batch of request.batches()) {
      recordCount += batch.recordCount
      this.#batchSent(batch, request.sentAtMs)
    }
    this.#recordsPerRequest.add(recordCount)
    this.#requestSizeBytes.add(request.frameBytes)
  }

  #batchSent(batch: ProducerBatch, sentAtMs: number): void {
    this.#totals.sent(batch)
    this.#topics.get(batch.queue.topic.name).sent(batch)
    this.#batchSizeBytes.add(batch.sizeBytes)
    this.#recordsPerBatch.add(batch.recordCount)
    if (batch.attempts > 1) this.#batchesRetried++
    else this.#queueTimeMs.add(sentAtMs - batch.createdMs)
  }

  requestAnswered({ nodeId, sentAtMs }: ProduceRequest, nowMs: number): void {
    const tookMs = nowMs - sentAtMs
    this.#requestLatencyMs.add(tookMs)
    this.#brokers.get(nodeId).requestLatencyMs.add(tookMs)
  }

  answerLost({ nodeId }: ProduceRequest): void {
    this.#answersLost++
    this.#brokers.get(nodeId).answerLost()
  }

  throttled(nodeId: number, pauseMs: number): void {
    this.#throttleTimeMs.add(pauseMs)
    this.#brokers.get(nodeId).throttleTimeMs.add(pauseMs)
  }

  batchAcknowledged(batch: ProducerBatch, nowMs: number): void {
    this.#totals.acknowledged(batch)
    this.#topics.get(batch.queue.topic.name).acknowledged(batch)
    this.#acknowledgeTimeMs.add(nowMs - batch.createdMs)
  }

  batchFailed(batch: ProducerBatch): void {
    this.#totals.failed(batch)
    this.#topics.get(batch.queue.topic.name).failed(batch)
  }

  batchSplit(): void {
    this.#batchesSplit++
  }

  compressed(plainBytes: number, compressedBytes: number, topic: string): void {
    this.#totals.compressed(plainBytes, compressedBytes)
    this.#topics.get(topic).compressed(plainBytes, compressedBytes)
  }

  // Connections of every kind are counted where they are made (ConnectionCounts).
  connectionOpened(): void {}

  connectionLost(): void {}

  bufferExhausted(): void {
    this.#bufferExhausted++
  }

  recordsNotAppended(recordCount: number): void {
    this.#recordsNotAppended += recordCount
  }

  flushed(tookMs: number): void {
    this.#flushTimeMs.add(tookMs)
  }

  transactionBegun(): void {
    this.#transactions.begun()
  }

  transactionEnded(outcome: TransactionOutcome): void {
    this.#transactions.ended(outcome)
  }

  transactionStep(step: TransactionStep, tookMs: number): void {
    this.#transactions.took(step, tookMs)
  }

  /** Everything, as it is now. */
  snapshot({ inFlightOf, isTransactional, ...held }: Held): ProducerMetrics {
    return {
      createdAtMs: this.#createdAtMs,
      readAtMs: this.#clock.now(),
      ...this.#totals.snapshot(),
      recordsNotAppended: this.#recordsNotAppended,
      batchesRetried: this.#batchesRetried,
      batchesSplit: this.#batchesSplit,
      requestsSent: this.#requestsSent,
      answersLost: this.#answersLost,
      bufferExhausted: this.#bufferExhausted,
      ...held,
      queueTimeMs: this.#queueTimeMs.snapshot(),
      requestLatencyMs: this.#requestLatencyMs.snapshot(),
      acknowledgeTimeMs: this.#acknowledgeTimeMs.snapshot(),
      batchSizeBytes: this.#batchSizeBytes.snapshot(),
      recordsPerBatch: this.#recordsPerBatch.snapshot(),
      recordsPerRequest: this.#recordsPerRequest.snapshot(),
      requestSizeBytes: this.#requestSizeBytes.snapshot(),
      throttleTimeMs: this.#throttleTimeMs.snapshot(),
      flushTimeMs: this.#flushTimeMs.snapshot(),
      connections: this.connections.snapshot(),
      topics: Object.fromEntries(this.#topics.snapshot((counts) => counts.snapshot())),
      brokers: Object.fromEntries(
        this.#brokers.snapshot((counts, nodeId) => counts.snapshot(inFlightOf(nodeId))),
      ),
      transactions: isTransactional ? this.#transactions.snapshot() : null,
    }
  }
}
