/**
 * What a producer has done since it was made, and what it holds: counted once for each batch or
 * request, never for each record, so that counting costs nothing. Names follow the Java producer's
 * metrics where it has the same.
 *
 * Before: observer.ts names what is counted. After: `producer.metrics()`.
 */
import type { ProducerBatch } from './batching/batch.js'
import type { Observer } from './observer.js'
import type { CompressionChoice } from './preparing/auto-compression.js'
import type { ProduceRequest } from './sending/produce-request.js'

/** A snapshot; totals since the producer was made. */
export interface ProducerMetrics {
  /** Records acknowledged (Java: record-send-total less errors). */
  readonly recordsAcknowledged: number
  /** Records that failed after they were appended (Java: record-error-total). */
  readonly recordsFailed: number
  /** Batches handed to a connection, retries included. */
  readonly batchesSent: number
  /** Batches sent again (Java: record-retry-total, in batches). */
  readonly batchesRetried: number
  /** Batches split because the broker found them too large (Java: batch-split-total). */
  readonly batchesSplit: number
  /** Bytes of batches handed to connections, as they travel. */
  readonly bytesSent: number
  /** Produce requests sent. */
  readonly requestsSent: number
  /** Requests whose answer never came. */
  readonly answersLost: number
  /** Compressed / plain over all compressed batches; 1 where nothing was (Java: compression-rate-avg). */
  readonly compressionRatio: number
  /** What `compression: 'auto'` chose, by topic; empty without it. */
  readonly compressionChoices: Readonly<Record<string, CompressionChoice>>
  /** Bytes of `bufferMemoryBytes` that are free (Java: buffer-available-bytes). */
  readonly bufferAvailableBytes: number
  /** Sends that wait for room (Java: waiting-threads). */
  readonly waitingSends: number
  /** Batches with records that are not settled. */
  readonly batchesIncomplete: number
}

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
