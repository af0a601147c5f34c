/**
 * The one table of what Prometheus is shown: name, type, meaning, and where in the snapshot it stands.
 * Seconds and bytes; counters end in `_total`; ratios are 0 to 1; labels are topic and broker, never
 * partition or key. By topic and by broker have names of their own, so that a sum counts nothing twice.
 *
 * Before: collection.ts.
 */
import type { ProducerHealth } from '../producer/health.js'
import type {
  BrokerMetrics,
  MetricsHistogram,
  ProducerMetrics,
  TopicMetrics,
  TransactionMetrics,
} from '../producer/metrics.js'

/** A Producer, a TransactionalProducer, or what has the same. */
export interface MetricsSource {
  readonly clientId: string
  metrics(): ProducerMetrics
  health?(): ProducerHealth
}

export type Labels = Readonly<Record<string, string>>

/** A producer's figures at one moment. */
export interface Reading {
  readonly metrics: ProducerMetrics
  readonly health: ProducerHealth | null
}

/** What a histogram is shown by. */
export interface Scale {
  /** Upper bounds in the snapshot's unit, ascending; +Inf is understood. */
  readonly bounds: readonly number[]
  /** So many of the snapshot's units are one of Prometheus': 1000 where ms become seconds. */
  readonly divisor: number
}

interface Sample<T> {
  readonly labels: Labels
  readonly value: T
}

interface Described {
  /** Without the prefix. */
  readonly name: string
  readonly help: string
  /** Of what there is a series each. */
  readonly of: 'producer' | 'topic' | 'broker'
  /** How prom-client sums up the workers of a cluster. */
  readonly aggregator: 'sum' | 'min' | 'max' | 'average'
}

export interface NumberFigure extends Described {
  readonly type: 'counter' | 'gauge'
  readonly read: (reading: Reading) => Sample<number>[]
}

export interface HistogramFigure extends Described {
  readonly type: 'histogram'
  readonly scale: Scale
  readonly read: (reading: Reading) => Sample<MetricsHistogram>[]
}

export type Figure = NumberFigure | HistogramFigure

const SECONDS: Scale = {
  bounds: [
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
    ...[10_000, 30_000, 60_000, 120_000],
  ],
  divisor: 1000,
}
const BYTES: Scale = {
  bounds: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216],
  divisor: 1,
}
const RECORDS: Scale = {
  bounds: [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000],
  divisor: 1,
}

type Read<T> = (metrics: ProducerMetrics) => T | null | undefined

/** One series, or none where there is nothing to show. */
function one<T>(value: T | null | undefined): Sample<T>[] {
  return value === null || value === undefined ? [] : [{ labels: {}, value }]
}

function counter(name: string, help: string, read: Read<number>): NumberFigure {
  const described = { name: `${name}_total`, help, of: 'producer', aggregator: 'sum' } as const
  return { ...described, type: 'counter', read: ({ metrics }) => one(read(metrics)) }
}

function gauge(
  name: string,
  help: string,
  read: Read<number>,
  aggregator: Described['aggregator'] = 'sum',
): NumberFigure {
  const described = { name, help, of: 'producer', aggregator } as const
  return { ...described, type: 'gauge', read: ({ metrics }) => one(read(metrics)) }
}

function ofHealth(
  name: string,
  help: string,
  aggregator: Described['aggregator'],
  read: (health: ProducerHealth) => number | null,
): NumberFigure {
  const described = { name, help, of: 'producer', aggregator } as const
  return { ...described, type: 'gauge', read: ({ health }) => one(health && read(health)) }
}

function histogram(
  name: string,
  help: string,
  scale: Scale,
  read: Read<MetricsHistogram>,
): HistogramFigure {
  const described = { name, help, of: 'producer', aggregator: 'sum', scale } as const
  return { ...described, type: 'histogram', read: ({ metrics }) => one(read(metrics)) }
}

function ofTopic(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: (topic: TopicMetrics) => number,
): NumberFigure {
  const aggregator = type === 'counter' ? 'sum' : 'average'
  const of = 'topic'
  return {
    ...{ type, name: `topic_${name}`, help, of, aggregator },
    read: ({ metrics }) => each(metrics.topics, 'topic', read),
  }
}

function ofBroker(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: (broker: BrokerMetrics) => number,
): NumberFigure {
  const of = 'broker'
  return {
    ...{ type, name: `broker_${name}`, help, of, aggregator: 'sum' },
    read: ({ metrics }) => each(metrics.brokers, 'broker', read),
  }
}

function histogramOfBroker(
  name: string,
  help: string,
  read: (broker: BrokerMetrics) => MetricsHistogram,
): HistogramFigure {
  const described = { name: `broker_${name}`, help, of: 'broker', aggregator: 'sum' } as const
  return {
    ...{ ...described, type: 'histogram', scale: SECONDS },
    read: ({ metrics }) => each(metrics.brokers, 'broker', read),
  }
}

function each<Part, T>(
  parts: Readonly<Record<string, Part>> | Readonly<Record<number, Part>>,
  label: string,
  read: (part: Part) => T,
): Sample<T>[] {
  return Object.entries(parts as Readonly<Record<string, Part>>).map(([name, part]) => {
    return { labels: { [label]: name }, value: read(part) }
  })
}

const count = (
  name: string,
  help: string,
  read: (transactions: TransactionMetrics) => number,
): NumberFigure =>
  counter(`transactions_${name}`, help, ({ transactions }) => transactions && read(transactions))

const time = (
  name: string,
  help: string,
  read: (transactions: TransactionMetrics) => MetricsHistogram,
): HistogramFigure =>
  histogram(`transaction_${name}_time_seconds`, help, SECONDS, ({ transactions }) => {
    return transactions && read(transactions)
  })

// prettier-ignore
export const FIGURES: readonly Figure[] = [
  counter('records_acknowledged', 'Records that are in the log.', (it) => it.recordsAcknowledged),
  counter('records_failed', 'Records that failed after they were appended to a batch.', (it) => it.recordsFailed),
  counter('records_not_appended', 'Records that failed before that, for want of room, of the topic or of a right, or at close.', (it) => it.recordsNotAppended),
  counter('records_retried', 'Records sent again, once for each time.', (it) => it.recordsRetried),
  counter('batches_sent', 'Batches handed to connections, retries included.', (it) => it.batchesSent),
  counter('batches_retried', 'Batches sent again.', (it) => it.batchesRetried),
  counter('batches_split', 'Batches split because a broker found them too large.', (it) => it.batchesSplit),
  counter('sent_bytes', 'Bytes of batches handed to connections, as they travel.', (it) => it.bytesSent),
  counter('requests_sent', 'Produce requests sent.', (it) => it.requestsSent),
  counter('answers_lost', 'Produce requests whose answer never came.', (it) => it.answersLost),
  counter('buffer_exhausted', 'Calls that found no room in the buffer.', (it) => it.bufferExhausted),
  counter('connections_opened', 'Connections opened.', ({ connections }) => connections.opened),
  counter('connections_lost', 'Connections closed by the other side, or broken.', ({ connections }) => connections.lost),
  counter('connections_failed', 'Attempts to connect that failed.', ({ connections }) => connections.failed),
  counter('authentications', 'Logins that succeeded.', ({ connections }) => connections.authenticated),
  counter('reauthentications', 'Logins renewed on a connection.', ({ connections }) => connections.reauthenticated),
  counter('authentications_failed', 'Logins that failed.', ({ connections }) => connections.authenticationsFailed),

  gauge('start_time_seconds', 'When the producer was made, in seconds since 1970.', (it) => it.createdAtMs / 1000, 'min'),
  gauge('compression_ratio', 'Compressed by plain bytes over all compressed batches; 1 without.', (it) => it.compressionRatio, 'average'),
  gauge('buffer_size_bytes', 'The option bufferMemoryBytes.', (it) => it.bufferTotalBytes),
  gauge('buffer_available_bytes', 'Bytes of the buffer that are free.', (it) => it.bufferAvailableBytes),
  gauge('waiting_sends', 'Sends that wait for room in the buffer.', (it) => it.waitingSends),
  gauge('batches_incomplete', 'Batches with records that are not settled.', (it) => it.batchesIncomplete),
  gauge('requests_in_flight', 'Produce requests whose answer is awaited.', (it) => it.requestsInFlight),
  gauge('metadata_age_seconds', 'Since metadata was last heard of.', ({ metadataAgeMs: age }) => age === null ? null : age / 1000, 'max'),
  gauge('connections_open', 'Connections that are open.', ({ connections }) => connections.open),

  ofHealth('ready', '1 where the producer is connected and not stuck, else 0.', 'min', ({ isReady }) => Number(isReady)),
  ofHealth('oldest_unsettled_seconds', 'How long the oldest unsettled record has waited; 0 where none does.', 'max', (it) => it.oldestUnsettledMs / 1000),
  ofHealth('overdue_partitions', 'Partitions whose records should be settled by now, at most 10.', 'sum', ({ overdue }) => overdue.length),
  ofHealth('last_acknowledged_time_seconds', 'When a record was last acknowledged, in seconds since 1970.', 'max', ({ lastAcknowledgedAtMs: at }) => at === null ? null : at / 1000),

  histogram('queue_time_seconds', 'From the making of a batch to its first sending.', SECONDS, (it) => it.queueTimeMs),
  histogram('request_latency_seconds', 'From sending to answer, by Produce request.', SECONDS, (it) => it.requestLatencyMs),
  histogram('acknowledge_time_seconds', 'From the making of a batch to its acknowledgement.', SECONDS, (it) => it.acknowledgeTimeMs),
  histogram('throttle_time_seconds', 'Pauses that brokers asked for (quotas).', SECONDS, (it) => it.throttleTimeMs),
  histogram('flush_time_seconds', 'How long calls of flush took.', SECONDS, (it) => it.flushTimeMs),
  histogram('batch_size_bytes', 'Bytes of a batch as it is sent.', BYTES, (it) => it.batchSizeBytes),
  histogram('batch_records', 'Records of a batch.', RECORDS, (it) => it.recordsPerBatch),
  histogram('request_size_bytes', 'Bytes of a Produce request.', BYTES, (it) => it.requestSizeBytes),
  histogram('request_records', 'Records of a Produce request.', RECORDS, (it) => it.recordsPerRequest),

  ofTopic('counter', 'records_acknowledged_total', 'Records of the topic that are in the log.', (it) => it.recordsAcknowledged),
  ofTopic('counter', 'records_failed_total', 'Records of the topic that failed after they were appended.', (it) => it.recordsFailed),
  ofTopic('counter', 'records_retried_total', 'Records of the topic sent again, once for each time.', (it) => it.recordsRetried),
  ofTopic('counter', 'batches_sent_total', 'Batches of the topic handed to connections.', (it) => it.batchesSent),
  ofTopic('counter', 'sent_bytes_total', 'Bytes of the topic\'s batches, as they travel.', (it) => it.bytesSent),
  ofTopic('gauge', 'compression_ratio', 'Compressed by plain bytes of the topic; 1 without.', (it) => it.compressionRatio),

  ofBroker('counter', 'requests_sent_total', 'Produce requests sent to the broker.', (it) => it.requestsSent),
  ofBroker('counter', 'answers_lost_total', 'Produce requests that the broker never answered.', (it) => it.answersLost),
  ofBroker('counter', 'sent_bytes_total', 'Bytes of batches handed to connections to the broker.', (it) => it.bytesSent),
  ofBroker('gauge', 'requests_in_flight', 'Produce requests that the broker has not answered.', (it) => it.requestsInFlight),
  histogramOfBroker('request_latency_seconds', 'From sending to answer, by Produce request to the broker.', (it) => it.requestLatencyMs),
  histogramOfBroker('throttle_time_seconds', 'Pauses that the broker asked for (quotas).', (it) => it.throttleTimeMs),

  count('begun', 'Transactions begun.', (it) => it.begun),
  count('committed', 'Transactions committed.', (it) => it.committed),
  count('aborted', 'Transactions aborted.', (it) => it.aborted),
  count('unknown', 'Transactions whose outcome is not known.', (it) => it.unknown),
  count('fenced', 'Transactions ended by a newer producer with their id.', (it) => it.fenced),
  time('init', 'How long it took to register the transactional id.', (it) => it.initTimeMs),
  time('send_offsets', 'How long it took to add offsets to a transaction.', (it) => it.sendOffsetsTimeMs),
  time('commit', 'From commit to its outcome.', (it) => it.commitTimeMs),
  time('abort', 'From abort to its outcome.', (it) => it.abortTimeMs),
]
