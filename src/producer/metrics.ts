/**
 * What a producer has done since it was made, and what it holds: counted once for each batch or
 * request, never for each record, so that counting costs nothing. Names follow the Java producer's
 * metrics where it has the same.
 *
 * Before: observing/metrics-counter.ts makes it. After: `producer.metrics()`; docs/metrics.md is made
 * from the docblocks here.
 */
import type { CompressionChoice } from './preparing/auto-compression.js'

/**
 * A snapshot; totals since the producer was made. Plain data: it may be stored as JSON. Durations are by
 * the producer's clock, which does not count the time for which the program keeps the event loop busy.
 */
export interface ProducerMetrics {
  /** When the producer was made: since 1970. */
  readonly createdAtMs: number
  /** When this was read: since 1970. What has risen between two of them makes a rate. */
  readonly readAtMs: number

  /** Records acknowledged (Java: record-send-total less record-error-total). */
  readonly recordsAcknowledged: number
  /** Records that failed after they were appended to a batch (Java: record-error-total). */
  readonly recordsFailed: number
  /**
   * Records that failed before that: they found no room, no topic or no right in time, or the producer was
   * closed. Mistakes of the call (InvalidRecordError, RecordTooLargeError, SerializationError) and what was
   * taken back are not counted.
   */
  readonly recordsNotAppended: number
  /** Records sent again, once for each time (Java: record-retry-total). */
  readonly recordsRetried: number
  /** Batches handed to a connection, retries included. */
  readonly batchesSent: number
  /** Batches sent again. */
  readonly batchesRetried: number
  /** Batches split because the broker found them too large (Java: batch-split-total). */
  readonly batchesSplit: number
  /** Bytes of batches handed to connections, as they travel: retries included, requests' own fields not. */
  readonly bytesSent: number
  /** Produce requests sent. */
  readonly requestsSent: number
  /** Produce requests whose answer will never come: a timeout, or their connection was closed. */
  readonly answersLost: number
  /** Compressed / plain bytes over all compressed batches; 1 where nothing was (Java: compression-rate-avg). */
  readonly compressionRatio: number
  /** What `compression: 'auto'` chose, by topic; empty without it. */
  readonly compressionChoices: Readonly<Record<string, CompressionChoice>>

  /** Bytes of `bufferMemoryBytes` that are free (Java: buffer-available-bytes). */
  readonly bufferAvailableBytes: number
  /** `bufferMemoryBytes` (Java: buffer-total-bytes). */
  readonly bufferTotalBytes: number
  /**
   * Calls that found no room: sends that began to wait, and calls of `enqueue` that returned false. Java's
   * counts only those that waited in vain (Java: buffer-exhausted-total).
   */
  readonly bufferExhausted: number
  /** Sends that wait for room now (Java: waiting-threads). */
  readonly waitingSends: number
  /** Batches with records that are not settled. */
  readonly batchesIncomplete: number
  /** Produce requests whose answer is awaited (Java: requests-in-flight). */
  readonly requestsInFlight: number
  /** Since metadata was last heard of; null before (Java: metadata-age). */
  readonly metadataAgeMs: number | null

  /**
   * From the making of a batch to its first sending, by batch: linger, and whatever kept it
   * (Java: record-queue-time-avg, record-queue-time-max).
   */
  readonly queueTimeMs: MetricsHistogram
  /**
   * From sending to answer, by Produce request; none with acks 0
   * (Java: request-latency-avg, request-latency-max).
   */
  readonly requestLatencyMs: MetricsHistogram
  /** From the making of a batch to its acknowledgement: what its first record has waited. */
  readonly acknowledgeTimeMs: MetricsHistogram
  /** A batch as it is sent, each time (Java: batch-size-avg, batch-size-max). */
  readonly batchSizeBytes: MetricsHistogram
  /** Records of a batch as it is sent, each time. */
  readonly recordsPerBatch: MetricsHistogram
  /** Records of a Produce request (Java: records-per-request-avg). */
  readonly recordsPerRequest: MetricsHistogram
  /** A Produce request as it travels, with all its fields (Java: request-size-avg, request-size-max). */
  readonly requestSizeBytes: MetricsHistogram
  /**
   * Pauses that brokers asked for, because of a quota
   * (Java: produce-throttle-time-avg, produce-throttle-time-max).
   */
  readonly throttleTimeMs: MetricsHistogram
  /** How long calls of `flush` took (Java: flush-time-ns-total). */
  readonly flushTimeMs: MetricsHistogram

  /** Connections and logins. */
  readonly connections: ConnectionMetrics
  /** By name: the 1000 topics that were sent to last; the totals above count all. */
  readonly topics: Readonly<Record<string, TopicMetrics>>
  /** By node id: the 1000 brokers that were sent to last. */
  readonly brokers: Readonly<Record<number, BrokerMetrics>>
  /** null where the producer is not transactional. */
  readonly transactions: TransactionMetrics | null
}

/** Values, counted by their size. */
export interface MetricsHistogram {
  /** How many values. */
  readonly count: number
  /** Their sum. */
  readonly sum: number
  /** The smallest; 0 where there is none. */
  readonly min: number
  /** The largest; 0 where there is none. */
  readonly max: number
  /** `sum` / `count`; 0 where there is none. */
  readonly mean: number
  /** Half of the values are at most this; at most 7 % (or 0.001) above the true value, as the other two. */
  readonly p50: number
  /** Of a hundred values 95 are at most this. */
  readonly p95: number
  /** Of a hundred values 99 are at most this. */
  readonly p99: number
  /** Those that have values, smallest first: how many were at most `upTo`, and more than the one before. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[]
}

/** Connections of every kind: to produce on, for metadata, to coordinators. */
export interface ConnectionMetrics {
  /** Those that take requests now (Java: connection-count). */
  readonly open: number
  /** Those that came to take requests (Java: connection-creation-total). */
  readonly opened: number
  /**
   * Of them, those that were closed by the other side, broke, or were given up because an answer did not
   * come; not those that were no longer needed.
   */
  readonly lost: number
  /** Attempts that came to nothing: not reachable, no Kafka, refused. */
  readonly failed: number
  /** Logins on new connections (Java: successful-authentication-total). */
  readonly authenticated: number
  /** Later logins on the same connection, KIP-368 (Java: successful-reauthentication-total). */
  readonly reauthenticated: number
  /** Logins that were refused (Java: failed-authentication-total). */
  readonly authenticationsFailed: number
}

/** Of one topic. */
export interface TopicMetrics {
  /** As the producer's, of this topic (Java: record-send-total less record-error-total). */
  readonly recordsAcknowledged: number
  /** As the producer's, of this topic (Java: record-error-total). */
  readonly recordsFailed: number
  /** As the producer's, of this topic (Java: record-retry-total). */
  readonly recordsRetried: number
  /** As the producer's, of this topic. */
  readonly batchesSent: number
  /** As the producer's, of this topic (Java: byte-total). */
  readonly bytesSent: number
  /** Compressed / plain bytes; 1 where nothing was (Java: compression-rate). */
  readonly compressionRatio: number
}

/** Of one broker. */
export interface BrokerMetrics {
  /** Produce requests sent to it (Java: request-total). */
  readonly requestsSent: number
  /** Of them, those whose answer will never come. */
  readonly answersLost: number
  /** Bytes of batches sent to it (Java: outgoing-byte-total). */
  readonly bytesSent: number
  /** Those whose answer is awaited. */
  readonly requestsInFlight: number
  /** From sending to answer (Java: request-latency-avg, request-latency-max). */
  readonly requestLatencyMs: MetricsHistogram
  /** Pauses that it asked for. */
  readonly throttleTimeMs: MetricsHistogram
}

/** Of a transactional producer. */
export interface TransactionMetrics {
  /** Transactions begun: `committed`, `aborted`, `unknown`, `fenced`, and what has not ended. */
  readonly begun: number
  /** Those that are committed. */
  readonly committed: number
  /** Those that are aborted, by the user or by a failure. */
  readonly aborted: number
  /** Those whose commit has lost its answer for good. */
  readonly unknown: number
  /** Those that ended because a newer producer has the transactional id. */
  readonly fenced: number
  /** Until the transactional id was registered (Java: txn-init-time-ns-total). */
  readonly initTimeMs: MetricsHistogram
  /** Until a group's offsets were stored, by call (Java: txn-send-offsets-time-ns-total). */
  readonly sendOffsetsTimeMs: MetricsHistogram
  /** From `commit` to the outcome, whichever it is (Java: txn-commit-time-ns-total). */
  readonly commitTimeMs: MetricsHistogram
  /** From an abort, by the user or by a failure, to the outcome (Java: txn-abort-time-ns-total). */
  readonly abortTimeMs: MetricsHistogram
}
