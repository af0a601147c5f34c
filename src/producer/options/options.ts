/**
 * Every option of a producer: its unit, default, range and Java name in one place.
 *
 * Before: the user. After: resolve-options.ts checks them, and producer.ts hands each room what it needs.
 */
import type { Logger, NestLogger } from '../../logger.js'
import type { SaslOptions } from '../../network/sasl/sasl-options.js'
import type { TlsCredentials } from '../../network/tls/secure-context.js'
import type { TlsOption } from '../../tls/tls-options.js'
import type { Secret } from '../../secret.js'
import type { Serialized, Serializers } from '../../serialization/serializer.js'
import type { CompressionOption } from '../preparing/compression-policy.js'
import type { Interceptor } from '../intercepting/interceptor.js'
import type { Partitioner } from '../partitioning/partitioner.js'

/**
 * A type that is settled elsewhere: the serializers, or the user, say what keys and values are, and not
 * an interceptor that takes any. (TypeScript's NoInfer, which came with 5.4.)
 */
type Settled<T> = [T][T extends unknown ? 0 : never]

/** What `new Producer(options)` takes; all but `brokers` may be left out. */
export interface ProducerOptions<K = Serialized, V = Serialized> {
  /**
   * Where to ask first for the cluster: `host:port`, `[::1]:9092` for IPv6; one or several. The
   * other brokers are learnt from any that answers. Java: bootstrap.servers.
   */
  readonly brokers: string | readonly string[]
  /**
   * Encrypts every connection: `true`, { ca, cert, key, passphrase, pfx, crl, servername, minVersion,
   * checkServerIdentity, rejectUnauthorized } with PEM as text, bytes or { path }, or a function that
   * returns such an object. Changed files, and what the function returns, are used by the next
   * connection. Default: none, plaintext. Java: security.protocol SSL, ssl.*.
   */
  readonly tls?: TlsOption | undefined
  /**
   * How to log in: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', username, password }, each a
   * value or a function; { mechanism: 'OAUTHBEARER', token }, with oidcToken or mskIamToken; or {
   * mechanism, authenticate } for GSSAPI and others. Default: no login. Java: sasl.mechanism,
   * sasl.jaas.config.
   */
  readonly sasl?: SaslOptions | undefined
  /** Name in the brokers' logs, quotas and metrics. Default 'ottla'. Java: client.id. */
  readonly clientId?: string | undefined
  /**
   * Who must have a record before it counts as acknowledged: 'all' in-sync replicas, the leader (1),
   * or nobody (0: acknowledged when the socket has it). Default 'all'; 0 and 1 can lose records
   * when a broker fails, and turn idempotence off. Java: acks.
   */
  readonly acks?: 'all' | 0 | 1 | undefined
  /**
   * Retries never double or reorder records: the broker recognises what it has. Default true. Java:
   * enable.idempotence.
   */
  readonly idempotence?: boolean | undefined
  /**
   * How long a batch may wait for more records, in ms, 0 and up. With 0 a batch leaves as soon as
   * its broker can take it: what is sent in one tick still travels together, and under load
   * batches fill while requests are in flight. Default 0 (Java: linger.ms, 5; see
   * docs/performance.md for why not 5).
   */
  readonly lingerMs?: number | undefined
  /**
   * Largest batch, in bytes with its header; a larger record gets a batch of its own. From 512.
   * Default 524288 (Java: batch.size, 16384; larger because a broker's work is by batch and request,
   * and buffers start small and grow; see docs/performance.md).
   */
  readonly batchSizeBytes?: number | undefined
  /**
   * Largest request, in bytes, and so the largest record, before compression: its batches, without what
   * a request has around them (dozens of bytes, and the names of topics). Default 1048576. Java:
   * max.request.size. Brokers have limits of their own (message.max.bytes).
   */
  readonly maxRequestSizeBytes?: number | undefined
  /**
   * Bound on the records that were accepted and are not settled yet, in bytes. Beyond it `enqueue`
   * returns false, and `send` waits with a copy of its record (`maxWaitingSends`), as the rest of a
   * `sendAll` does. Default 33554432 (32 MiB). Java: buffer.memory.
   */
  readonly bufferMemoryBytes?: number | undefined
  /**
   * How long `send`, `writable`, `connect` and `partitionsFor` wait for room or for metadata, in ms.
   * Default 60000. Java: max.block.ms.
   */
  readonly maxBlockMs?: number | undefined
  /**
   * How many sends may wait for room; more are rejected at once (records of a `sendAll` do not count).
   * Default 100000. Not in Java.
   */
  readonly maxWaitingSends?: number | undefined
  /**
   * Requests in flight to one broker, 1 and up; at most 5 with idempotence. The second and later
   * leave only with full batches, or where the round trip is long. Default 5. Java:
   * max.in.flight.requests.per.connection.
   */
  readonly maxInFlight?: number | undefined
  /**
   * From a batch's opening until its records are acknowledged or have failed, all retries included,
   * in ms. At least lingerMs + requestTimeoutMs. Default 120000. Java: delivery.timeout.ms.
   */
  readonly deliveryTimeoutMs?: number | undefined
  /**
   * How long a broker may take to answer, in ms; then its connection is closed and the request
   * tried again. Default 30000. Java: request.timeout.ms.
   */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Attempts after the first. Default 2147483647: `deliveryTimeoutMs` is the bound. 0 turns
   * idempotence off. Java: retries.
   */
  readonly retries?: number | undefined
  /** First pause before a retry, in ms; it doubles, ±20 %. Default 50 (Java: retry.backoff.ms, 100). */
  readonly retryBackoffMs?: number | undefined
  /** Longest pause before a retry, in ms. Default 500 (Java: retry.backoff.max.ms, 1000). */
  readonly retryBackoffMaxMs?: number | undefined
  /** First pause before a lost broker is dialled again, in ms. Default 50. Java: reconnect.backoff.ms. */
  readonly reconnectBackoffMs?: number | undefined
  /** Longest such pause, in ms. Default 500 (Java: reconnect.backoff.max.ms, 1000). */
  readonly reconnectBackoffMaxMs?: number | undefined
  /**
   * To reach a broker: its name, TCP, TLS, its versions and the login together, in ms. Default 10000.
   * Java: socket.connection.setup.timeout.ms.
   */
  readonly connectionTimeoutMs?: number | undefined
  /** A connection unused for this long is closed, in ms. Default 540000. Java: connections.max.idle.ms. */
  readonly connectionsMaxIdleMs?: number | undefined
  /** Metadata older than this is asked for again, in ms. Default 300000. Java: metadata.max.age.ms. */
  readonly metadataMaxAgeMs?: number | undefined
  /** A topic unused for this long is no longer asked for, in ms. Default 300000. Java: metadata.max.idle.ms. */
  readonly metadataMaxIdleMs?: number | undefined
  /**
   * Ask the cluster to make a topic that it does not have, which it does where the brokers'
   * auto.create.topics.enable is true (Kafka's default). With false a misspelt name does not
   * create a topic: its records wait for `maxBlockMs`, then fail with TopicUnavailableError. Default
   * true. Not in Java.
   */
  readonly createTopics?: boolean | undefined
  /**
   * 'none', 'gzip', 'snappy', 'lz4' or 'zstd'; { codec, level } with gzip 1 to 9, zstd -131072 to
   * 22; or 'auto', which tries the codecs on each topic's own records and takes the best. Default 'none'. A batch that does not get smaller travels as it is. Java: compression.type,
   * compression.gzip.level, compression.zstd.level.
   */
  readonly compression?: CompressionOption | undefined
  /** Chooses partitions instead of the key's hash and the sticky partitioner. Java: partitioner.class. */
  readonly partitioner?: Partitioner | undefined
  /** Spread keyed records like those without a key. Default false. Java: partitioner.ignore.keys. */
  readonly partitionerIgnoreKeys?: boolean | undefined
  /**
   * Give slow partitions fewer of the records without a key. Default true. Java:
   * partitioner.adaptive.partitioning.enable.
   */
  readonly partitionerAdaptive?: boolean | undefined
  /** Turn keys and values into bytes; without, they are string, Uint8Array or null. Java: key.serializer, value.serializer. */
  readonly serializers?: Serializers<K, V> | undefined
  /**
   * Called for every record on its way in and with its outcome, in the order given; one may change the
   * record. Default: none. Java: interceptor.classes.
   */
  readonly interceptors?: readonly Interceptor<Settled<K>, Settled<V>>[] | undefined
  /**
   * Where to log: console, which prints debug lines, too, or a logger of pino, bunyan, winston or Nest.
   * Default: nowhere; but that no broker can be reached is reported once, by `process.emitWarning`.
   */
  readonly logger?: Logger | NestLogger | undefined
  /** Highest version to speak, by API name, e.g. { Produce: 9 }: for odd brokers, and tests. */
  readonly apiVersions?: Readonly<Record<string, number>> | undefined
  /**
   * Push this producer's metrics to the cluster where its operators ask for them (KIP-714): numbers, and
   * the names of topics; nothing of a record. Brokers without a telemetry plug-in are not even asked. See
   * docs/telemetry.md. Default true. Java: enable.metrics.push.
   */
  readonly metricsPush?: boolean | undefined
}

/** The same with every default filled in. @internal */
export interface ResolvedOptions<K, V> {
  readonly brokers: readonly string[]
  readonly tls: TlsCredentials | undefined
  readonly sasl: Secret<SaslOptions> | undefined
  readonly clientId: string
  readonly acks: 'all' | 0 | 1
  readonly idempotence: boolean
  readonly lingerMs: number
  readonly batchSizeBytes: number
  readonly maxRequestSizeBytes: number
  readonly bufferMemoryBytes: number
  readonly maxBlockMs: number
  readonly maxWaitingSends: number
  readonly maxInFlight: number
  readonly deliveryTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  readonly connectionTimeoutMs: number
  readonly connectionsMaxIdleMs: number
  readonly metadataMaxAgeMs: number
  readonly metadataMaxIdleMs: number
  readonly createTopics: boolean
  readonly compression: CompressionOption
  readonly partitioner: Partitioner | undefined
  readonly partitionerIgnoreKeys: boolean
  readonly partitionerAdaptive: boolean
  readonly serializers: Serializers<K, V>
  /** Whatever they take: a producer of any records is one of these. */
  readonly interceptors: readonly Interceptor<unknown, unknown>[]
  readonly logger: Logger | NestLogger | undefined
  readonly apiVersions: Readonly<Record<string, number>>
  readonly metricsPush: boolean
  /** null without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
}

/** `deliveryTimeoutMs` alone is the bound. */
export const UNLIMITED_RETRIES = 2_147_483_647
