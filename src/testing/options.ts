/**
 * What `TestCluster.start` takes, and its defaults.
 *
 * Neighbours: cluster.ts; cluster-state.ts gets the settings.
 */
import type { Clock } from '../clock.js'
import type { ClusterNetwork } from './cluster-network.js'
import type { ClusterSettings } from './cluster-state.js'
import { checkNames, type NamesOf } from './option-names.js'
import type { ReplicationDelay } from './partition.js'
import { judgeByClaims } from './sasl/oauthbearer-server.js'
import type { TestSaslOptions } from './sasl/sasl-options.js'
import { TestSasl } from './sasl/test-sasl.js'
import { TestTelemetry, type TestTelemetryOptions } from './telemetry/test-telemetry.js'
import { ServerTls, type TestTlsOptions } from './tls/server-tls.js'
import type { TopicSettings } from './topic-config.js'
import { knobsOf } from './transactions/environment.js'
import { TransactionLevel } from './transactions/transaction-level.js'
import type { TransactionOptions, TransactionVersion } from './transactions/transaction-options.js'

/** What a topic is to be. */
export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number | undefined
  /** Default 3, or the number of brokers where that is less. */
  readonly replicationFactor?: number | undefined
  /** Settings by Kafka's name, e.g. `{ 'max.message.bytes': '1000' }`. */
  readonly config?: TopicSettings | undefined
}

/** What `TestCluster.start` takes; all may be left out. */
export interface TestClusterOptions {
  /** How many; their ids are 1, 2, … Default 1. */
  readonly brokers?: number | undefined
  /** Topics to begin with, by name. */
  readonly topics?: Readonly<Record<string, TopicOptions>> | undefined
  /** Makes a topic that a producer asks for, with one partition, as Kafka does. Default true. */
  readonly autoCreateTopics?: boolean | undefined
  /** Highest version that the brokers speak, by API name, e.g. `{ Produce: 9 }`: older Kafkas. */
  readonly apiVersions?: Readonly<Record<string, number>> | undefined
  /**
   * How long, in ms, a batch is on its leader alone: acks=all waits for it, and a leader that dies
   * within it may take the batch along. A number or a function asked for each batch. Default 0.
   */
  readonly replicationDelayMs?: number | ReplicationDelay | undefined
  /** First producer id given to an idempotent producer; real ones may exceed 2^53. Default 1000n. */
  readonly firstProducerId?: bigint | undefined
  /** What metadata calls the cluster. Default: another one for each cluster of the process. */
  readonly clusterId?: string | undefined
  /**
   * The brokers speak TLS; `true`: with a certificate for this machine, whose authority is the
   * cluster's `certificateAuthority`. Default: they do not.
   */
  readonly tls?: boolean | TestTlsOptions | undefined
  /** Clients must log in; `cluster.sasl` changes it while the cluster runs. Default: they need not. */
  readonly sasl?: TestSaslOptions | undefined
  /**
   * The finalized level of Kafka's feature `transaction.version` (KIP-890): 2 as new clusters from Kafka
   * 4.0 have it, 0 or 1 as older ones and such as were upgraded; `cluster.setTransactionVersion` changes
   * it. Default 2.
   */
  readonly transactionVersion?: TransactionVersion | undefined
  /** How slow the coordinator of transactions is, and how it times them. */
  readonly transactions?: TransactionOptions | undefined
  /**
   * The brokers have a telemetry plug-in, and ask clients for their metrics (KIP-714);
   * `cluster.telemetry` has what was pushed. Default: they have none, as Kafka without one.
   */
  readonly telemetry?: TestTelemetryOptions | undefined
  /** What carries the bytes. Default: TCP on the loopback interface. */
  readonly network?: ClusterNetwork | undefined
}

/** The same with every default filled in. @internal */
export interface ResolvedClusterOptions {
  readonly brokers: number
  readonly topics: Readonly<Record<string, TopicOptions>>
  readonly versionCaps: Readonly<Record<string, number>>
  readonly settings: ClusterSettings
}

const NAMES: NamesOf<TestClusterOptions> = {
  ...{ brokers: true, topics: true, autoCreateTopics: true, apiVersions: true },
  ...{ replicationDelayMs: true, firstProducerId: true, clusterId: true, tls: true, sasl: true },
  ...{ transactionVersion: true, transactions: true, telemetry: true, network: true },
}
const TOPIC_NAMES: NamesOf<TopicOptions> = {
  partitions: true,
  replicationFactor: true,
  config: true,
}
const TLS_NAMES: NamesOf<TestTlsOptions> = {
  ...{ authority: true, cert: true, key: true, hosts: true, advertisedHost: true },
  ...{ clientAuth: true, ca: true, minVersion: true, maxVersion: true },
}
const SASL_NAMES: NamesOf<TestSaslOptions> = {
  ...{ users: true, mechanisms: true, tokens: true, delegationTokens: true },
  ...{ scramIterations: true, sessionLifetimeMs: true, failureDelayMs: true },
}
const TRANSACTION_NAMES: NamesOf<TransactionOptions> = {
  ...{ logWriteDelayMs: true, markerDelayMs: true, timeoutCheckIntervalMs: true },
  ...{ maxTimeoutMs: true, partitionVerification: true },
}
const TELEMETRY_NAMES: NamesOf<TestTelemetryOptions> = {
  ...{ pushIntervalMs: true, requestedMetrics: true, acceptedCompressionTypes: true },
  ...{ telemetryMaxBytes: true, deltaTemporality: true },
}

/** What is no option, at any depth. Throws TypeError. @internal */
export function checkOptions(options: TestClusterOptions): void {
  checkNames('a test cluster', options, NAMES)
  const { topics, tls, sasl, transactions, telemetry } = options
  if (typeof tls === 'object') checkNames('option tls of a test cluster', tls, TLS_NAMES)
  checkNames('option sasl of a test cluster', sasl, SASL_NAMES)
  checkNames('option transactions of a test cluster', transactions, TRANSACTION_NAMES)
  checkNames('option telemetry of a test cluster', telemetry, TELEMETRY_NAMES)
  if (topics === undefined) return
  if (typeof topics !== 'object' || (topics as unknown) === null || Symbol.iterator in topics) {
    throw new TypeError("option topics of a test cluster has topics by name: { orders: { partitions: 3 } }, or { orders: {} }") // prettier-ignore
  }
  for (const [name, topic] of Object.entries(topics)) checkTopicOptions(name, topic)
}

/** Throws TypeError for what is no option of a topic. @internal */
export function checkTopicOptions(name: string, options: TopicOptions): void {
  checkNames(`topic ${JSON.stringify(name)} of a test cluster`, options, TOPIC_NAMES)
}

const DEFAULT_REPLICATION_FACTOR = 3

let clustersStarted = 0

/** @internal */
export function resolveOptions(options: TestClusterOptions, clock: Clock): ResolvedClusterOptions {
  const { brokers = 1, replicationDelayMs = 0 } = options
  if (!Number.isInteger(brokers) || brokers < 1) {
    throw new RangeError(`a test cluster needs at least one broker, not ${brokers}`)
  }
  return {
    brokers,
    topics: options.topics ?? {},
    versionCaps: options.apiVersions ?? {},
    settings: {
      clock,
      autoCreateTopics: options.autoCreateTopics ?? true,
      defaultPartitions: 1,
      defaultReplicationFactor: Math.min(DEFAULT_REPLICATION_FACTOR, brokers),
      replicationDelayMs:
        typeof replicationDelayMs === 'function' ? replicationDelayMs : () => replicationDelayMs,
      firstProducerId: options.firstProducerId ?? 1000n,
      clusterId: options.clusterId ?? newClusterId(),
      sasl: options.sasl === undefined ? null : newSasl(options.sasl, clock),
      telemetry: newTelemetry(options, clock),
      ...resolveTransactions(options),
    },
  }
}

function resolveTransactions({
  transactionVersion = 2,
  transactions = {},
}: TestClusterOptions): Pick<ClusterSettings, 'transactionLevel' | 'transactionKnobs'> {
  return {
    transactionLevel: new TransactionLevel(transactionVersion),
    transactionKnobs: knobsOf(transactions),
  }
}

function newSasl(options: TestSaslOptions, clock: Clock): TestSasl {
  return new TestSasl(
    options,
    judgeByClaims(() => clock.now()),
  )
}

function newTelemetry({ telemetry }: TestClusterOptions, clock: Clock): TestTelemetry | null {
  return telemetry === undefined ? null : new TestTelemetry(telemetry, clock)
}

/** Null without TLS. Throws RangeError where bytes go over no socket. @internal */
export function resolveTls({ tls = false, network }: TestClusterOptions): ServerTls | null {
  if (tls === false) return null
  if (network !== undefined) {
    throw new RangeError('TLS needs real sockets: leave out either `tls` or `network`')
  }
  return new ServerTls(tls === true ? {} : tls)
}

/** As long as Kafka's. */
function newClusterId(): string {
  return `ottla-test-cluster${String(++clustersStarted).padStart(4, '0')}`
}
