/**
 * What holds of any producer's metrics once it is closed: topics and brokers make up the totals, and
 * each histogram has as many values as its total counts.
 *
 * Neighbours: simulation.ts, and that of transactions, ask at the end of every seed.
 */
import type { MetricsHistogram, ProducerMetrics } from '../../src/producer/metrics.js'

type Named = Readonly<Record<string, number>>

/** What must not be, in words. `isAnswered`: not with acks 0. */
export function checkCounted(metrics: ProducerMetrics, isAnswered = true): string[] {
  return [
    ...differences('total', pairsOf(metrics, isAnswered)),
    ...Object.entries(histogramsOf(metrics)).flatMap(([name, it]) => misshapen(name, it)),
    ...atRest(metrics),
  ]
}

/** Each pair ought to be equal. */
function pairsOf(metrics: ProducerMetrics, isAnswered: boolean): [string, number, number][] {
  const { requestsSent, batchesSent, batchesRetried, answersLost, bytesSent } = metrics
  const { queueTimeMs, requestLatencyMs, batchSizeBytes } = metrics
  const { recordsPerBatch, recordsPerRequest, requestSizeBytes, transactions } = metrics
  const topics = sums(Object.values(metrics.topics).map((it) => ({ ...it })))
  const brokers = sums(
    Object.values(metrics.brokers).map(({ requestLatencyMs, throttleTimeMs, ...it }) => ({
      ...it,
      answered: requestLatencyMs.count,
      throttled: throttleTimeMs.count,
    })),
  )
  const of = (sum: Named, name: string): number => sum[name] ?? 0
  return [
    ['topics.recordsAcknowledged', of(topics, 'recordsAcknowledged'), metrics.recordsAcknowledged],
    ['topics.recordsFailed', of(topics, 'recordsFailed'), metrics.recordsFailed],
    ['topics.recordsRetried', of(topics, 'recordsRetried'), metrics.recordsRetried],
    ['topics.batchesSent', of(topics, 'batchesSent'), batchesSent],
    ['topics.bytesSent', of(topics, 'bytesSent'), bytesSent],
    ['brokers.requestsSent', of(brokers, 'requestsSent'), requestsSent],
    ['brokers.answersLost', of(brokers, 'answersLost'), answersLost],
    ['brokers.bytesSent', of(brokers, 'bytesSent'), bytesSent],
    ['brokers.requestLatencyMs', of(brokers, 'answered'), requestLatencyMs.count],
    ['brokers.throttleTimeMs', of(brokers, 'throttled'), metrics.throttleTimeMs.count],
    ['queueTimeMs', queueTimeMs.count, batchesSent - batchesRetried],
    ['batchSizeBytes', batchSizeBytes.count, batchesSent],
    ['bytes of batchSizeBytes', batchSizeBytes.sum, bytesSent],
    ['recordsPerBatch', recordsPerBatch.count, batchesSent],
    ['recordsPerRequest', recordsPerRequest.count, requestsSent],
    ['records of recordsPerRequest', recordsPerRequest.sum, recordsPerBatch.sum],
    ['requestSizeBytes', requestSizeBytes.count, requestsSent],
    ['requestLatencyMs', requestLatencyMs.count, isAnswered ? requestsSent - answersLost : 0],
    ['begun', transactions?.begun ?? 0, transactions === null ? 0 : endedOf(transactions)],
  ]
}

function endedOf(transactions: NonNullable<ProducerMetrics['transactions']>): number {
  const { committed, aborted, unknown, fenced } = transactions
  return committed + aborted + unknown + fenced
}

function differences(what: string, pairs: readonly [string, number, number][]): string[] {
  return pairs
    .filter(([, a, b]) => a !== b)
    .map(([name, a, b]) => `metrics: ${name} is ${a}, and the ${what} ${b}`)
}

function sums(all: readonly Named[]): Named {
  const sum: Record<string, number> = {}
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + value
  }
  return sum
}

function histogramsOf(metrics: ProducerMetrics): Readonly<Record<string, MetricsHistogram>> {
  const named = [metrics, metrics.transactions ?? {}, ...Object.values(metrics.brokers)]
  return Object.fromEntries(
    named.flatMap((it, index) =>
      Object.entries(it)
        .filter((entry): entry is [string, MetricsHistogram] => isHistogram(entry[1]))
        .map(([name, histogram]) => [`${index}.${name}`, histogram]),
    ),
  )
}

function isHistogram(value: unknown): value is MetricsHistogram {
  return typeof value === 'object' && value !== null && 'buckets' in value
}

function misshapen(name: string, histogram: MetricsHistogram): string[] {
  const { count, min, p50, p95, p99, max, mean, buckets } = histogram
  const counted = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  const rising = [min, p50, p95, p99, max]
  const isRising = rising.every((it, index) => it >= (rising[index - 1] ?? 0))
  const isMeanWithin = mean >= min * 0.999_999 && mean <= max * 1.000_001
  if (counted === count && isRising && isMeanWithin) return []
  return [`metrics: ${name} makes no sense: ${JSON.stringify(histogram)}`]
}

function atRest({ connections, requestsInFlight }: ProducerMetrics): string[] {
  const { open, opened, lost } = connections
  return [
    ...(open === 0 ? [] : [`metrics: ${open} connections are open after close`]),
    ...(lost <= opened ? [] : [`metrics: ${lost} connections of ${opened} were lost`]),
    ...(requestsInFlight === 0 ? [] : [`metrics: ${requestsInFlight} requests are in flight`]),
  ]
}
