/**
 * What `TestCluster.start` takes, and its defaults.
 *
 * Neighbours: cluster.ts; cluster-state.ts gets the settings.
 */
import type { Clock } from '../clock.js'
import type { ClusterNetwork } from './cluster-network.js'
import type { ClusterSettings } from './cluster-state.js'
import type { ReplicationDelay } from './partition.js'
import { judgeByClaims } from './sasl/oauthbearer-server.js'
import type { TestSaslOptions } from './sasl/sasl-options.js'
import { TestSasl } from './sasl/test-sasl.js'
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
