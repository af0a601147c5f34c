/**
 * The instruments that are filled from a producer's snapshot, in three tables: of the producer, of each
 * topic, of each broker; and its histograms. Units are UCUM's: seconds, bytes, and what is counted in
 * braces. What a topic or a broker has is not given for the producer once more: it is the sum.
 *
 * Neighbours: observe-metrics.ts makes and fills them; docs/tracing.md shows them.
 */
import type {
  BrokerMetrics,
  MetricsHistogram,
  ProducerMetrics,
  TopicMetrics,
} from '../producer/metrics.js'
import { METRIC } from './conventions.js'

/** `counter` only rises, `upDownCounter` may be summed over producers, `gauge` may not. */
export type InstrumentKind = 'counter' | 'upDownCounter' | 'gauge'

/** One instrument, and where its value stands in a snapshot; null: there is none now. */
export interface InstrumentOf<From> {
  readonly name: string
  readonly kind: InstrumentKind
  readonly unit: string
  readonly description: string
  read(from: From): number | null
}

/** A histogram of a snapshot: it becomes `.count`, `.sum` and a gauge of quantiles. */
export interface HistogramOf<From> {
  readonly name: string
  /** What is counted, as in `{request}`. */
  readonly counted: string
  readonly unit: string
  /** From the snapshot's unit to this one. */
  readonly scale: number
  readonly description: string
  read(from: From): MetricsHistogram | null
}

type Row<From> = readonly [
  name: string,
  kind: InstrumentKind,
  unit: string,
  description: string,
  read: (from: From) => number | null,
]

type HistogramRow<From> = readonly [
  name: string,
  counted: string,
  unit: 's' | 'By' | '{record}',
  description: string,
  read: (from: From) => MetricsHistogram | null,
]

const OWN = 'ottla.producer.'

const PRODUCER_ROWS: readonly Row<ProducerMetrics>[] = [
  ['records.not_appended', 'counter', '{record}', 'Records that failed before they were appended, but for mistakes of the call', (it) => it.recordsNotAppended],
  ['batches.split', 'counter', '{batch}', 'Batches split, since the broker found them too large', (it) => it.batchesSplit],
  ['buffer.available', 'upDownCounter', 'By', 'Bytes of bufferMemoryBytes that are free', (it) => it.bufferAvailableBytes],
  ['buffer.limit', 'upDownCounter', 'By', 'bufferMemoryBytes', (it) => it.bufferTotalBytes],
  ['buffer.exhausted', 'counter', '{call}', 'Calls that found no room', (it) => it.bufferExhausted],
  ['sends.waiting', 'upDownCounter', '{send}', 'Sends that wait for room', (it) => it.waitingSends],
  ['batches.incomplete', 'upDownCounter', '{batch}', 'Batches with records that are not settled', (it) => it.batchesIncomplete],
  ['metadata.age', 'gauge', 's', 'Since metadata was last heard of', (it) => it.metadataAgeMs === null ? null : it.metadataAgeMs / 1000],
  ['connections.open', 'upDownCounter', '{connection}', 'Connections that are open', (it) => it.connections.open],
  ['connections.opened', 'counter', '{connection}', 'Connections that have come up', (it) => it.connections.opened],
  ['connections.lost', 'counter', '{connection}', 'Connections closed by the other side, or broken', (it) => it.connections.lost],
  ['connections.failed', 'counter', '{connection}', 'Attempts to connect that came to nothing', (it) => it.connections.failed],
  ['authentications', 'counter', '{authentication}', 'Logins that the brokers accepted', (it) => it.connections.authenticated],
  ['reauthentications', 'counter', '{authentication}', 'Logins renewed on open connections', (it) => it.connections.reauthenticated],
  ['authentications.failed', 'counter', '{authentication}', 'Logins that failed', (it) => it.connections.authenticationsFailed],
  ['transactions.begun', 'counter', '{transaction}', 'Transactions begun', (it) => it.transactions?.begun ?? null],
  ['transactions.committed', 'counter', '{transaction}', 'Transactions committed', (it) => it.transactions?.committed ?? null],
  ['transactions.aborted', 'counter', '{transaction}', 'Transactions aborted', (it) => it.transactions?.aborted ?? null],
  ['transactions.unknown', 'counter', '{transaction}', 'Transactions whose commit was never answered', (it) => it.transactions?.unknown ?? null],
  ['transactions.fenced', 'counter', '{transaction}', 'Transactions ended by a newer producer with their id', (it) => it.transactions?.fenced ?? null],
] // prettier-ignore

const TOPIC_ROWS: readonly Row<TopicMetrics>[] = [
  ['records.failed', 'counter', '{record}', 'Records that failed after they were appended', (it) => it.recordsFailed],
  ['records.retried', 'counter', '{record}', 'Records sent again, once for each time', (it) => it.recordsRetried],
  ['batches.sent', 'counter', '{batch}', 'Batches handed to a connection, retries included', (it) => it.batchesSent],
  ['bytes.sent', 'counter', 'By', 'Bytes of these batches as they travel', (it) => it.bytesSent],
  ['compression.ratio', 'gauge', '1', 'Compressed / plain bytes', (it) => it.compressionRatio],
] // prettier-ignore

const BROKER_ROWS: readonly Row<BrokerMetrics>[] = [
  ['requests.sent', 'counter', '{request}', 'Produce requests sent', (it) => it.requestsSent],
  ['requests.lost', 'counter', '{request}', 'Produce requests whose answer never came', (it) => it.answersLost],
  ['requests.in_flight', 'upDownCounter', '{request}', 'Produce requests whose answer is awaited', (it) => it.requestsInFlight],
] // prettier-ignore

const PRODUCER_HISTOGRAM_ROWS: readonly HistogramRow<ProducerMetrics>[] = [
  ['queue.time', '{batch}', 's', 'From the making of a batch to its first sending', (it) => it.queueTimeMs],
  ['acknowledge.time', '{batch}', 's', 'From the making of a batch to its acknowledgement', (it) => it.acknowledgeTimeMs],
  ['batch.size', '{batch}', 'By', 'Bytes of a batch as it is sent', (it) => it.batchSizeBytes],
  ['batch.records', '{batch}', '{record}', 'Records in a batch', (it) => it.recordsPerBatch],
  ['request.records', '{request}', '{record}', 'Records in a Produce request', (it) => it.recordsPerRequest],
  ['request.size', '{request}', 'By', 'Bytes of a Produce request', (it) => it.requestSizeBytes],
  ['flush.time', '{call}', 's', 'How long flush took', (it) => it.flushTimeMs],
  ['transaction.init.time', '{call}', 's', 'How long InitProducerId took', (it) => it.transactions?.initTimeMs ?? null],
  ['transaction.send_offsets.time', '{call}', 's', 'How long the sending of offsets took', (it) => it.transactions?.sendOffsetsTimeMs ?? null],
  ['transaction.commit.time', '{call}', 's', 'From commit to its outcome', (it) => it.transactions?.commitTimeMs ?? null],
  ['transaction.abort.time', '{call}', 's', 'From abort to its outcome', (it) => it.transactions?.abortTimeMs ?? null],
] // prettier-ignore

const BROKER_HISTOGRAM_ROWS: readonly HistogramRow<BrokerMetrics>[] = [
  ['request.latency', '{request}', 's', 'From sending to answer, by Produce request', (it) => it.requestLatencyMs],
  ['throttle.time', '{pause}', 's', 'Pauses that the broker asked for', (it) => it.throttleTimeMs],
] // prettier-ignore

/** By the conventions: records that a broker has. Those that failed are told by `records.failed`. */
const SENT_MESSAGES: InstrumentOf<TopicMetrics> = {
  name: METRIC.sentMessages,
  kind: 'counter',
  unit: '{message}',
  description: 'Number of messages producer attempted to send to the broker.',
  read: (it) => it.recordsAcknowledged,
}

export const OF_PRODUCER = PRODUCER_ROWS.map(instrument)
export const OF_TOPICS = [SENT_MESSAGES, ...TOPIC_ROWS.map(instrument)]
export const OF_BROKERS = BROKER_ROWS.map(instrument)
export const HISTOGRAMS_OF_PRODUCER = PRODUCER_HISTOGRAM_ROWS.map(histogram)
export const HISTOGRAMS_OF_BROKERS = BROKER_HISTOGRAM_ROWS.map(histogram)

function instrument<From>([name, kind, unit, description, read]: Row<From>): InstrumentOf<From> {
  return { name: OWN + name, kind, unit, description, read }
}

function histogram<From>(row: HistogramRow<From>): HistogramOf<From> {
  const [name, counted, unit, description, read] = row
  const scale = unit === 's' ? 0.001 : 1
  return { name: OWN + name, counted, unit, scale, description, read }
}
