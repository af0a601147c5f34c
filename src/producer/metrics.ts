/**
 * What a producer has done since it was made, and what it holds: counted once for each batch or
 * request, never for each record, so that counting costs nothing. Names follow the Java producer's
 * metrics where it has the same.
 *
 * Before: observer.ts names what is counted. After: `producer.metrics()`.
 */
import type { CompressionChoice } from './preparing/auto-compression.js'

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
