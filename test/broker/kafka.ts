/**
 * A real Kafka for tests, demo and benches: finds one, or starts one.
 *
 *   1. `KAFKA_BROKERS` is set             use that one
 *   2. a Docker engine answers            docker-compose.yml
 *   3. Java 17+ and Maven are installed   jars from Maven, processes of our own
 *   4. else                               NoKafkaError, which says what to install
 *
 * Neighbours: docker.ts and cluster.ts start one; tools.ts and read-topic.ts read with Kafka's own
 * clients; admin.ts makes topics; run.ts and keep.ts are the commands.
 */
import { createTopic, type TopicOptions } from './admin.js'
import { startCluster } from './cluster.js'
import { kafkaClassPath, whyNoMaven } from './jars.js'
import { whyNoJava } from './java.js'
import { kafkaVersion, PINNED_VERSION } from './versions.js'

/** Which Kafka is wanted. Every field that is set narrows what may be used. */
export interface StartOptions {
  /** One of versions.ts. Default: whatever is given, else the pinned one. */
  readonly version?: string
  /** Default 1. Three nodes replicate three times, with `min.insync.replicas` 2. */
  readonly nodes?: 1 | 3
  /** Broker settings beyond those of server-config.ts. */
  readonly config?: Readonly<Record<string, string>>
  /** What is done, one line each. Default: to stderr. */
  readonly log?: (line: string) => void
  /** True: start one that nobody shares, with processes that may be killed (so: from the jars). */
  readonly own?: boolean
}

/** One broker process of ours. */
export interface KafkaNode {
  readonly id: number
  /** `host:port`, the same after a restart. */
  readonly address: string
  readonly pid: number
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
  readonly version: string
  /** `host:port` of each broker. */
  readonly bootstrap: readonly string[]
  /** Empty unless this process started the brokers from the jars. */
  readonly nodes: readonly KafkaNode[]
  /** Resolves when every live broker knows a leader of every partition. */
  createTopic(name: string, options?: TopicOptions): Promise<void>
  /** Ends what was started, and only that. Idempotent. */
  stop(): Promise<void>
}

/** Nothing here can be or start a Kafka; the message says what to install. */
export class NoKafkaError extends Error {}

/** Finds or starts a Kafka; resolves when every broker answers. */
export async function startKafka(options: StartOptions = {}): Promise<Kafka> {
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const missing = [await whyNoJava(), await whyNoMaven()].filter((reason) => reason !== null)
  if (missing.length > 0) throw new NoKafkaError(missing.join('; '))
  const version = kafkaVersion(options.version ?? PINNED_VERSION)
  const nodes = options.nodes ?? 1
  const started = performance.now()
  const classPath = await kafkaClassPath(version, log)
  const cluster = await startCluster({ version, classPath, nodes, config: options.config ?? {} })
  const bootstrap = cluster.nodes.map((node) => node.address)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  log(`Kafka ${version.version} is up after ${seconds} s: ${bootstrap.join(',')}`)
  return {
    kind: 'jars',
    version: version.version,
    bootstrap,
    nodes: cluster.nodes,
    createTopic: (name, topic) => createTopic(bootstrap, name, topic),
    stop: () => cluster.stop(),
  }
}
