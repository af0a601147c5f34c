/** Snapshots of metrics, made by hand. */
import type { MetricsHistogram, ProducerMetrics } from '../../../../src/producer/metrics.js'

const NOTHING: MetricsHistogram = {
  ...{ count: 0, sum: 0, min: 0, max: 0, mean: 0, p50: 0, p95: 0, p99: 0, buckets: [] },
}

/** `counts`: how many were at most so much, by that much. */
export function histogram(
  sum: number,
  counts: Readonly<Record<number, number>>,
  max = Math.max(...Object.keys(counts).map(Number)),
): MetricsHistogram {
  const buckets = Object.entries(counts).map(([upTo, count]) => ({ upTo: Number(upTo), count }))
  const count = buckets.reduce((total, bucket) => total + bucket.count, 0)
  return { ...NOTHING, count, sum, max, mean: sum / count, buckets }
}

/** Of a producer that has done nothing but what `more` says. */
export function snapshot(more: Partial<ProducerMetrics> = {}): ProducerMetrics {
  return {
    ...{ createdAtMs: 0, readAtMs: 0, recordsAcknowledged: 0, recordsFailed: 0 },
    recordsNotAppended: 0,
    ...{ recordsRetried: 0, batchesSent: 0, batchesRetried: 0, batchesSplit: 0, bytesSent: 0 },
    ...{ requestsSent: 0, answersLost: 0, compressionRatio: 1, compressionChoices: {} },
    ...{ bufferAvailableBytes: 100, bufferTotalBytes: 100, bufferExhausted: 0, waitingSends: 0 },
    ...{ batchesIncomplete: 0, requestsInFlight: 0, metadataAgeMs: null },
    ...{ queueTimeMs: NOTHING, requestLatencyMs: NOTHING, acknowledgeTimeMs: NOTHING },
    ...{ batchSizeBytes: NOTHING, recordsPerBatch: NOTHING, recordsPerRequest: NOTHING },
    ...{ requestSizeBytes: NOTHING, throttleTimeMs: NOTHING, flushTimeMs: NOTHING },
    connections: {
      ...{ open: 0, opened: 0, lost: 0, failed: 0 },
      ...{ authenticated: 0, reauthenticated: 0, authenticationsFailed: 0 },
    },
    topics: {},
    brokers: {},
    transactions: null,
    ...more,
  }
}

/** Of one that has counted something of everything. */
export function fullSnapshot(): ProducerMetrics {
  const some = histogram(3, { 1: 1, 2: 1 })
  const topic = {
    ...{ recordsAcknowledged: 1, recordsFailed: 1, recordsRetried: 1 },
    ...{ batchesSent: 1, bytesSent: 1, compressionRatio: 1 },
  }
  const broker = {
    ...{ requestsSent: 1, answersLost: 0, bytesSent: 1, requestsInFlight: 0 },
    ...{ requestLatencyMs: some, throttleTimeMs: some },
  }
  return snapshot({
    ...{ queueTimeMs: some, requestLatencyMs: some, acknowledgeTimeMs: some },
    ...{ batchSizeBytes: some, recordsPerBatch: some, recordsPerRequest: some },
    ...{ requestSizeBytes: some, throttleTimeMs: some, flushTimeMs: some },
    ...{ metadataAgeMs: 1, topics: { orders: topic }, brokers: { 1: broker } },
    transactions: {
      ...{ begun: 1, committed: 1, aborted: 0, unknown: 0, fenced: 0 },
      ...{ initTimeMs: some },
      ...{ sendOffsetsTimeMs: some, commitTimeMs: some, abortTimeMs: some },
    },
  })
}
