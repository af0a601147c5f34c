/** A producer whose figures are made up: every field of a snapshot that tests may want to see again. */
import type {
  BrokerMetrics,
  MetricsHistogram,
  ProducerMetrics,
  TopicMetrics,
} from '../../../src/producer/metrics.js'
import type { ProducerHealth } from '../../../src/producer/health.js'

/** Of these values, as the producer's histogram gives it: one bucket a value. */
export function histogramOf(...values: readonly number[]): MetricsHistogram {
  const sorted = [...values].sort((a, b) => a - b)
  const sum = sorted.reduce((total, value) => total + value, 0)
  const buckets = [...new Set(sorted)].map((upTo) => {
    return { upTo, count: sorted.filter((value) => value === upTo).length }
  })
  const [min = 0, max = 0] = [sorted[0], sorted.at(-1)]
  const count = sorted.length
  return { count, sum, min, max, mean: sum / (count || 1), p50: 0, p95: 0, p99: 0, buckets }
}

const NONE = histogramOf()

export const TOPIC: TopicMetrics = {
  ...{ recordsAcknowledged: 7, recordsFailed: 1, recordsRetried: 2, batchesSent: 3 },
  ...{ bytesSent: 400, compressionRatio: 0.5 },
}

export const BROKER: BrokerMetrics = {
  ...{ requestsSent: 5, answersLost: 1, bytesSent: 400, requestsInFlight: 2 },
  ...{ requestLatencyMs: histogramOf(4, 40), throttleTimeMs: NONE },
}

export function snapshot(changes: Partial<ProducerMetrics> = {}): ProducerMetrics {
  return {
    ...{ createdAtMs: 1_700_000_000_000, readAtMs: 1_700_000_060_000 },
    ...{ recordsAcknowledged: 7, recordsFailed: 1, recordsRetried: 2, batchesSent: 3 },
    recordsNotAppended: 2,
    ...{ batchesRetried: 1, batchesSplit: 0, bytesSent: 400, requestsSent: 5, answersLost: 1 },
    ...{ compressionRatio: 0.5, compressionChoices: {}, bufferAvailableBytes: 1000 },
    ...{ bufferTotalBytes: 1024, bufferExhausted: 0, waitingSends: 0, batchesIncomplete: 2 },
    ...{ requestsInFlight: 2, metadataAgeMs: 1500 },
    ...{ queueTimeMs: NONE, requestLatencyMs: histogramOf(4, 40), acknowledgeTimeMs: NONE },
    ...{ batchSizeBytes: NONE, recordsPerBatch: NONE, recordsPerRequest: NONE },
    ...{ requestSizeBytes: NONE, throttleTimeMs: NONE, flushTimeMs: NONE },
    connections: {
      ...{ open: 2, opened: 3, lost: 1, failed: 4 },
      ...{ authenticated: 3, reauthenticated: 1, authenticationsFailed: 2 },
    },
    topics: { orders: TOPIC },
    brokers: { 1: BROKER },
    transactions: null,
    ...changes,
  }
}

const HEALTH: ProducerHealth = {
  ...{ status: 'ok', reason: null, isReady: true, isAlive: true, isConnected: true },
  ...{ isAuthenticated: null, clientId: 'shop', lastAcknowledgedAtMs: 1_700_000_059_000 },
  ...{ lastFailure: null, oldestUnsettledMs: 250, waitingSends: 0, overdue: [] },
}

/** Counts how often it is asked. */
export class MadeUpProducer {
  readonly clientId: string
  current: ProducerMetrics
  status: ProducerHealth['status'] = 'ok'
  asked = 0

  constructor(clientId = 'shop', changes: Partial<ProducerMetrics> = {}) {
    this.clientId = clientId
    this.current = snapshot(changes)
  }

  metrics(): ProducerMetrics {
    this.asked++
    return this.current
  }

  health(): ProducerHealth {
    return { ...HEALTH, status: this.status }
  }
}
