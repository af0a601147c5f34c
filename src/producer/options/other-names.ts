/**
 * What other clients call our options: kafkajs 2, @platformatic/kafka, librdkafka (node-rdkafka,
 * @confluentinc/kafka-javascript), Java and kafka-node. Who comes from one of them writes its names
 * first, and is told ours, or what there is instead.
 *
 * Neighbours: option-checks.ts asks, once an option is unknown.
 */
import type { ProducerOptions } from './options.js'

/** Their name: ours. Case, dots and underscores do not count. */
export const RENAMED: Readonly<Record<string, keyof ProducerOptions>> = {
  // the cluster
  'bootstrap.servers': 'brokers',
  bootstrapBrokers: 'brokers',
  'metadata.broker.list': 'brokers',
  kafkaHost: 'brokers',
  servers: 'brokers',
  hosts: 'brokers',
  'client.id': 'clientId',
  // delivery
  'request.required.acks': 'acks',
  requiredAcks: 'acks',
  requireAcks: 'acks',
  'enable.idempotence': 'idempotence',
  idempotent: 'idempotence',
  'max.in.flight.requests.per.connection': 'maxInFlight',
  'max.in.flight': 'maxInFlight',
  maxInFlightRequests: 'maxInFlight',
  maxInflights: 'maxInFlight',
  'message.send.max.retries': 'retries',
  maxRetries: 'retries',
  'delivery.timeout.ms': 'deliveryTimeoutMs',
  'message.timeout.ms': 'deliveryTimeoutMs',
  'request.timeout.ms': 'requestTimeoutMs',
  requestTimeout: 'requestTimeoutMs',
  'socket.timeout.ms': 'requestTimeoutMs',
  ackTimeoutMs: 'requestTimeoutMs',
  'retry.backoff.ms': 'retryBackoffMs',
  retryDelay: 'retryBackoffMs',
  initialRetryTime: 'retryBackoffMs',
  'retry.backoff.max.ms': 'retryBackoffMaxMs',
  maxRetryTime: 'retryBackoffMaxMs',
  // batches and memory
  'linger.ms': 'lingerMs',
  'queue.buffering.max.ms': 'lingerMs',
  'batch.size': 'batchSizeBytes',
  'max.request.size': 'maxRequestSizeBytes',
  'message.max.bytes': 'maxRequestSizeBytes',
  'buffer.memory': 'bufferMemoryBytes',
  'queue.buffering.max.kbytes': 'bufferMemoryBytes',
  'max.block.ms': 'maxBlockMs',
  'compression.type': 'compression',
  'compression.codec': 'compression',
  'compression.level': 'compression',
  'compression.gzip.level': 'compression',
  'compression.lz4.level': 'compression',
  'compression.zstd.level': 'compression',
  compressionCodec: 'compression',
  // connections and metadata
  'reconnect.backoff.ms': 'reconnectBackoffMs',
  'reconnect.backoff.max.ms': 'reconnectBackoffMaxMs',
  connectionTimeout: 'connectionTimeoutMs',
  connectTimeout: 'connectionTimeoutMs',
  'socket.connection.setup.timeout.ms': 'connectionTimeoutMs',
  'socket.connection.setup.timeout.max.ms': 'connectionTimeoutMs',
  'connections.max.idle.ms': 'connectionsMaxIdleMs',
  'metadata.max.age.ms': 'metadataMaxAgeMs',
  metadataMaxAge: 'metadataMaxAgeMs',
  'topic.metadata.refresh.interval.ms': 'metadataMaxAgeMs',
  'metadata.max.idle.ms': 'metadataMaxIdleMs',
  'allow.auto.create.topics': 'createTopics',
  allowAutoTopicCreation: 'createTopics',
  autoCreateTopics: 'createTopics',
  // partitions and serializers
  'partitioner.class': 'partitioner',
  createPartitioner: 'partitioner',
  defaultPartitioner: 'partitioner',
  partitionerType: 'partitioner',
  partitioner_cb: 'partitioner',
  'partitioner.ignore.keys': 'partitionerIgnoreKeys',
  'partitioner.adaptive.partitioning.enable': 'partitionerAdaptive',
  'key.serializer': 'serializers',
  'value.serializer': 'serializers',
  serializer: 'serializers',
  beforeSerialization: 'serializers',
  registry: 'serializers',
  // what is seen and heard
  'interceptor.classes': 'interceptors',
  logCreator: 'logger',
  log_cb: 'logger',
  'api.version.request': 'apiVersions',
  'broker.version.fallback': 'apiVersions',
  'enable.metrics.push': 'metricsPush',
}

const LOG = 'the logger decides what it shows: give logger, e.g. console or pino({ level })'
const TRANSACTIONS =
  'transactions have a producer of their own: new TransactionalProducer({ transactionalId, transactionTimeoutMs, ... })'
const TWO_PHASES = 'a transaction of Kafka cannot be prepared for another system to decide'
const ONE_STEP =
  'it is no option here: give the options of the client and of the producer in one object'
const SOCKETS = 'Ottla sets its sockets up itself (no delay, keep-alive)'
const METRICS = 'there is nothing to set: producer.metrics() has the counts at any time'
const TOLD = 'the promise of send, or the callback of enqueue, reports each record'
const BACKPRESSURE =
  'it is always there: send waits for room up to maxBlockMs, and enqueue returns false'
const STICKY =
  'the sticky partitioner needs no setting: it moves on when a batch is full, or after 16 KiB in smaller ones'
const MORE_BROKERS = 'Ottla asks another broker by itself, and starts over from brokers'

/** Their name: what there is instead, where no option of ours is its counterpart. */
export const INSTEAD: Readonly<Record<string, string>> = {
  retry: 'give retries, retryBackoffMs and retryBackoffMaxMs, each an option by itself',
  timeout:
    'give requestTimeoutMs, for an answer, or deliveryTimeoutMs, for a record with all retries',
  enforceRequestTimeout: 'requestTimeoutMs always holds',
  kafkaJS: ONE_STEP,
  producer: ONE_STEP,
  logLevel: LOG,
  log_level: LOG,
  debug: LOG,
  'log.connection.close': LOG,
  transactionalId: TRANSACTIONS,
  'transactional.id': TRANSACTIONS,
  transactionTimeout: TRANSACTIONS,
  'transaction.timeout.ms': TRANSACTIONS,
  transactionTimeoutMs: TRANSACTIONS,
  'transaction.two.phase.commit.enable': TWO_PHASES,
  producerId: 'an idempotent producer gets its id from the cluster',
  producerEpoch: 'an idempotent producer gets its epoch from the cluster',
  'enable.gapless.guarantee':
    'records after a failed one go on: wait for each send, or stop at the first error',
  'batch.num.messages': 'a batch is bounded by its size: give batchSizeBytes',
  'message.copy.max.bytes': 'a record is copied once, when it is appended',
  'queue.buffering.max.messages': 'the buffer is bounded by its bytes: give bufferMemoryBytes',
  'queue.buffering.backpressure.threshold': 'lingerMs says how long a batch may wait for more',
  'queuing.strategy': 'records of a partition go in the order of the calls',
  handleBackPressure: BACKPRESSURE,
  'sticky.partitioning.linger.ms': STICKY,
  'partitioner.availability.timeout.ms': STICKY,
  repeatOnStaleMetadata: 'a stale leader is always asked for again, within deliveryTimeoutMs',
  dr_cb: TOLD,
  dr_msg_cb: TOLD,
  'delivery.report.only.error': TOLD,
  enabled_events: TOLD,
  'statistics.interval.ms': METRICS,
  metrics: METRICS,
  'metric.reporters': METRICS,
  'metrics.num.samples': METRICS,
  'metrics.recording.level': METRICS,
  'metrics.sample.window.ms': METRICS,
  instrumentationEvents: METRICS,
  'plugin.library.paths': 'give interceptors, or serializers',
  'client.dns.lookup': 'every address of a name is tried',
  'broker.address.family': 'every address of a name is tried, IPv6 and IPv4',
  'broker.address.ttl': 'a name is looked up at each dial',
  'send.buffer.bytes': SOCKETS,
  'receive.buffer.bytes': SOCKETS,
  'socket.send.buffer.bytes': SOCKETS,
  'socket.receive.buffer.bytes': SOCKETS,
  'socket.keepalive.enable': SOCKETS,
  'socket.nagle.disable': SOCKETS,
  'socket.max.fails': SOCKETS,
  socketFactory: SOCKETS,
  'receive.message.max.bytes': 'answers to a producer are small, and bounded',
  'client.rack': 'a producer writes to the leader, wherever that is',
  'metadata.recovery.strategy': MORE_BROKERS,
  'metadata.recovery.rebootstrap.trigger.ms': MORE_BROKERS,
  'topic.metadata.refresh.fast.interval.ms': 'give retryBackoffMs and retryBackoffMaxMs',
  'topic.metadata.refresh.sparse': 'Ottla asks only for the topics that are in use',
  'topic.metadata.propagation.max.ms': 'a new topic is waited for up to maxBlockMs',
  strict: 'options are always checked',
  topic: 'a topic stands in each record: send({ topic, value })',
  topics: 'a topic stands in each record: send({ topic, value })',
  groupId: 'Ottla is a producer, and has no consumer',
  'group.id': 'Ottla is a producer, and has no consumer',
}

/** Options of other clients that are a part of one of ours. */
const PARTS: readonly { start: RegExp; option: string }[] = [
  { start: /^(ssl|tls|rejectunauthorized|securityprotocol|securityproviders)/, option: 'tls' },
  { start: /^(sasl|authenticationtimeout|reauthenticationthreshold)/, option: 'sasl' },
]

/** The fix for an option of another client; undefined where `name` is none. */
export function mendOf(name: string): string | undefined {
  const wanted = letters(name)
  const renamed = find(RENAMED, wanted)
  if (renamed !== undefined) return `did you mean ${renamed}?`
  const instead = find(INSTEAD, wanted)
  if (instead !== undefined) return instead
  const part = PARTS.find(({ start }) => start.test(wanted))
  return part === undefined ? undefined : `did you mean ${part.option}?`
}

function find<T>(table: Readonly<Record<string, T>>, wanted: string): T | undefined {
  return Object.entries(table).find(([name]) => letters(name) === wanted)?.[1]
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}
