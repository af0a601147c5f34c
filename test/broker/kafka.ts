/**
 * A real Kafka for tests, demo and benches: finds one, or starts one.
 *
 *   1. `KAFKA_BROKERS` is set             use that one (given.ts)
 *   2. a Docker engine answers            docker-compose.yml (docker.ts)
 *   3. Java 17+ and Maven are installed   Kafka's jars, processes of our own (cluster.ts)
 *   4. else                               NoKafkaError, which says what to install
 *
 * A step that cannot do what the options ask for is passed over: only the third can give a test
 * processes to kill, broker settings, or a version before 3.7.
 *
 * Neighbours: running-kafka.ts is what comes back; run.ts and keep.ts are the commands.
 */
import type { TopicOptions } from './admin.js'
import { startCluster, type ClusterOptions } from './cluster.js'
import { startDocker, whyNoDocker } from './docker.js'
import { givenKafka, whyNotGiven } from './given.js'
import { kafkaClassPath, whyNoJars } from './jars.js'
import type { PartitionSummary, ReadOptions, ReadRecord } from './read-topic.js'
import { RunningKafka } from './running-kafka.js'
import type { CommittedOffset, TransactionRow } from './transactions.js'
import { kafkaVersion, KNOWN_VERSIONS, PINNED_VERSION, type KafkaVersion } from './versions.js'

/** Which Kafka is wanted. Every field that is set narrows what may be used. */
export interface StartOptions {
  /** One of versions.ts. Default: whatever is given, or that one's version; else the pinned one. */
  readonly version?: string
  /** Default 1. Three nodes replicate three times, with `min.insync.replicas` 2. */
  readonly nodes?: 1 | 3
  /** Broker settings beyond those of server-config.ts. */
  readonly config?: Readonly<Record<string, string>>
  /** What is done, one line each. Default: to stderr. */
  readonly log?: (line: string) => void
  /**
   * True: the brokers have one more listener, for a proxy to forward to, and tell the clients of it
   * the proxy's address (`KafkaNode.proxied`). Only with `own`, and with KRaft.
   */
  readonly proxied?: boolean
  /** True: start one that nobody shares, with processes that may be killed (so: from the jars). */
  readonly own?: boolean
  /**
   * Level of the feature `transaction.version` that the cluster begins with (from 4.0). Default: the
   * version's own, 2. Only with `own`.
   */
  readonly transactionVersion?: number
  /** Makes what the brokers need before they start. Only with `own`. */
  readonly setUp?: ClusterOptions['setUp']
}

/** One broker process of ours. */
export interface KafkaNode {
  readonly id: number
  /** `host:port`, the same after a restart. */
  readonly address: string
  readonly pid: number
  /** The port that a proxy forwards to, and the one that it listens on; with `proxied`. */
  readonly proxied?: { readonly port: number; readonly proxyPort: number } | undefined
  /** Freezes the process, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM, which lets it hand over its partitions; resolves when it is gone. */
  terminate(): Promise<void>
  /** Same port, same data; ends it in order first if it runs. Resolves when it answers. */
  restart(): Promise<void>
}

/** A Kafka that is up. */
export interface Kafka {
  readonly kind: 'given' | 'docker' | 'jars'
  /** `unknown` for one that a user gave without `OTTLA_KAFKA_VERSION`. */
  readonly version: string
  /** `host:port` of each broker. */
  readonly bootstrap: readonly string[]
  /** Empty unless this process started the brokers from the jars. */
  readonly nodes: readonly KafkaNode[]
  /** Environment variables with which a child process uses this Kafka too. */
  readonly environment: Readonly<Record<string, string>>
  /** Resolves when every live broker knows a leader of every partition. */
  createTopic(name: string, options?: TopicOptions): Promise<void>
  /** Every record up to the end of now, read by Kafka's own consumer. */
  readTopic(topic: string, options?: ReadOptions): Promise<ReadRecord[]>
  /** Count, offsets, gaps and CRC of each partition, read likewise: for millions of records. */
  summarizeTopic(
    topic: string,
    options?: Omit<ReadOptions, 'onRecord'>,
  ): Promise<PartitionSummary[]>
  /** The lines that Kafka's console consumer prints; give it `--max-messages` or `--timeout-ms`. */
  consoleConsumer(topic: string, args: readonly string[]): Promise<string[]>
  /** The segments of a partition's leader as DumpLogSegments prints them (kind `jars` only). */
  dumpLog(topic: string, partition: number): Promise<string>
  /** What kafka-transactions prints for `list`, or `describe --transactional-id …` (not with 2.8). */
  transactions(...args: readonly string[]): Promise<TransactionRow[]>
  /**
   * What a group has committed for a topic: `stable` (the default), as a consumer is told that begins,
   * once no transaction has offsets of the group undecided; `now`, as an admin is told.
   */
  committedOffsets(
    group: string,
    topic: string,
    when?: 'stable' | 'now',
  ): Promise<CommittedOffset[]>
  /** Level of the feature `transaction.version` that every broker tells; 0 where there is none. */
  transactionVersion(): Promise<number>
  /** Raises or lowers it while the brokers run (from 4.0); resolves when every broker tells it. */
  setTransactionVersion(level: number): Promise<void>
  /** Ends what this process started, and only that. Idempotent. */
  stop(): Promise<void>
}

/** Nothing on this machine is or can start a Kafka; the message says what to install. */
export class NoKafkaError extends Error {
  override readonly name = 'NoKafkaError'
}

const HOW_TO_MEND =
  'Set KAFKA_BROKERS=host:port, start a Docker engine, or install a JDK (17 or newer) and Maven.'

/** Finds or starts a Kafka; resolves when every broker answers. */
export async function startKafka(options: StartOptions = {}): Promise<Kafka> {
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const reasons: string[] = []

  const given = givenKafka()
  const notGiven = given === undefined ? 'KAFKA_BROKERS is not set' : whyNotGiven(given, options)
  if (given !== undefined && notGiven === null) return new RunningKafka(given, log)
  reasons.push(given === undefined ? `${notGiven}` : `not the one of KAFKA_BROKERS: ${notGiven}`)

  // One of its own beside a given one is of the same version: the run is about that.
  const sameAsGiven = KNOWN_VERSIONS.find((known) => known === given?.version)
  const version = kafkaVersion(options.version ?? sameAsGiven ?? PINNED_VERSION)
  const notDocker = whyNotDocker(version, options) ?? (await whyNoDocker())
  if (notDocker === null) return startInDocker(version, options, log)
  reasons.push(notDocker)

  const notJars = await whyNoJars()
  if (notJars === null) return startFromJars(version, options, log)
  throw new NoKafkaError(`No Kafka: ${[...reasons, notJars].join('; ')}. ${HOW_TO_MEND}`)
}

function whyNotDocker(version: KafkaVersion, options: StartOptions): string | null {
  if (options.own === true) return 'containers have no processes to kill'
  if (options.config !== undefined) return 'the containers have fixed broker settings'
  return version.hasImage ? null : `there is no image of Kafka ${version.version}`
}

async function startInDocker(
  version: KafkaVersion,
  options: StartOptions,
  log: (line: string) => void,
): Promise<Kafka> {
  log(`starting Kafka ${version.version} in Docker`)
  const { bootstrap, stop } = await startDocker(version, options.nodes ?? 1)
  log(`Kafka ${version.version} is up: ${bootstrap.join(',')}`)
  const found = { kind: 'docker', version: version.version, bootstrap, folder: undefined } as const
  return new RunningKafka(found, log, { nodes: [], stop })
}

async function startFromJars(
  version: KafkaVersion,
  options: StartOptions,
  log: (line: string) => void,
): Promise<Kafka> {
  const classPath = await kafkaClassPath(version, log)
  const { nodes = 1, config = {}, proxied, transactionVersion, setUp } = options
  log(`starting Kafka ${version.version} from its jars, ${nodes} node(s)`)
  const startedMs = performance.now()
  const cluster = await startCluster({
    version,
    classPath,
    nodes,
    config,
    proxied,
    transactionVersion,
    ...(setUp && { setUp }),
  })
  const bootstrap = cluster.nodes.map((node) => node.address)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  log(`Kafka ${version.version} is up after ${seconds} s: ${bootstrap.join(',')}`)
  const { folder } = cluster
  return new RunningKafka(
    { kind: 'jars', version: version.version, bootstrap, folder },
    log,
    cluster,
  )
}
