/**
 * Counts what the pipeline does, for `producer.metrics()`: once for each batch or request, never for
 * each record.
 *
 * Before: observer.ts names what is reported. After: pipeline.ts adds what is held.
 */
import type { ProducerBatch } from './batching/batch.js'
import type { ProducerMetrics } from './metrics.js'
import type { Observer } from './observer.js'
import type { ProduceRequest } from './sending/produce-request.js'

/** What is counted; the rest of a snapshot is looked up. */
type Totals = Omit<
  ProducerMetrics,
  'compressionChoices' | 'bufferAvailableBytes' | 'waitingSends' | 'batchesIncomplete'
>

/** Counts what happens. */
export class MetricsCounter implements Observer {
  #recordsAcknowledged = 0
  #recordsFailed = 0
  #batchesSent = 0
  #batchesRetried = 0
  #batchesSplit = 0
  #bytesSent = 0
  #requestsSent = 0
  #answersLost = 0
  #plainBytes = 0
  #compressedBytes = 0

  requestSent(request: ProduceRequest): void {
    this.#requestsSent++
    this.#bytesSent += request.sizeBytes
    for (const batch of request.batches()) {
      this.#batchesSent++
      if (batch.attempts > 1) this.#batchesRetried++
    }
  }

  requestAnswered(): void {}

  answerLost(): void {
    this.#answersLost++
  }

  batchAcknowledged({ recordCount }: ProducerBatch): void {
    this.#recordsAcknowledged += recordCount
  }

  batchFailed({ recordCount }: ProducerBatch): void {
    this.#recordsFailed += recordCount
  }

  batchSplit(): void {
    this.#batchesSplit++
  }

  compressed(plainBytes: number, compressedBytes: number): void {
    this.#plainBytes += plainBytes
    this.#compressedBytes += compressedBytes
  }

  throttled(): void {}

  connectionOpened(): void {}

  connectionLost(): void {}

  get totals(): Totals {
    return {
      recordsAcknowledged: this.#recordsAcknowledged,
      recordsFailed: this.#recordsFailed,
      batchesSent: this.#batchesSent,
      batchesRetried: this.#batchesRetried,
      batchesSplit: this.#batchesSplit,
      bytesSent: this.#bytesSent,
      requestsSent: this.#requestsSent,
      answersLost: this.#answersLost,
      compressionRatio: this.#plainBytes === 0 ? 1 : this.#compressedBytes / this.#plainBytes,
    }
  }
}
