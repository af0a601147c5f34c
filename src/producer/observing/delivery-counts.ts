/**
 * What became of records and batches: of one topic, or of all.
 *
 * Neighbours: metrics-counter.ts has one for each topic, and one for the producer.
 */
import type { ProducerBatch } from '../batching/batch.js'
import type { TopicMetrics } from '../metrics.js'

export class DeliveryCounts {
  #recordsAcknowledged = 0
  #recordsFailed = 0
  #recordsRetried = 0
  #batchesSent = 0
  #bytesSent = 0
  #plainBytes = 0
  #compressedBytes = 0

  /** It was handed to a connection; not for the first time where it has had attempts before. */
  sent({ recordCount, sizeBytes, attempts }: ProducerBatch): void {
    this.#batchesSent++
    this.#bytesSent += sizeBytes
    if (attempts > 1) this.#recordsRetried += recordCount
  }

  acknowledged({ recordCount }: ProducerBatch): void {
    this.#recordsAcknowledged += recordCount
  }

  failed({ recordCount }: ProducerBatch): void {
    this.#recordsFailed += recordCount
  }

  compressed(plainBytes: number, compressedBytes: number): void {
    this.#plainBytes += plainBytes
    this.#compressedBytes += compressedBytes
  }

  snapshot(): TopicMetrics {
    return {
      recordsAcknowledged: this.#recordsAcknowledged,
      recordsFailed: this.#recordsFailed,
      recordsRetried: this.#recordsRetried,
      batchesSent: this.#batchesSent,
      bytesSent: this.#bytesSent,
      compressionRatio: this.#plainBytes === 0 ? 1 : this.#compressedBytes / this.#plainBytes,
    }
  }
}
