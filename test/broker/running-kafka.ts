/**
 * A Kafka that is up, however it came to be: topics, and reading back with Kafka's own programs.
 * The jars for those are fetched when the first of them is wanted.
 *
 * Neighbours: before, kafka.ts; after, admin.ts, read-topic.ts, tools.ts, transactions.ts.
 */
import { createTopic, type TopicOptions } from './admin.js'
import { environmentOf, type GivenKafka } from './given.js'
import { kafkaClassPath, whyNoJars } from './jars.js'
import { NoKafkaError, type Kafka, type KafkaNode } from './kafka.js'
import {
  readTopic,
  summarizeTopic,
  type PartitionSummary,
  type ReadOptions,
  type ReadRecord,
} from './read-topic.js'
import { consoleConsumer, dumpLog, type Toolbox } from './tools.js'
import {
  committedOffsets,
  setTransactionVersion,
  transactions,
  transactionVersion,
  type CommittedOffset,
  type TransactionRow,
} from './transactions.js'
import { kafkaVersion, PINNED_VERSION } from './versions.js'

/** The part of a Kafka that only who started it has. */
export interface Started {
  readonly nodes: readonly KafkaNode[]
  stop(): Promise<void>
}

const NOT_OURS: Started = { nodes: [], stop: () => Promise.resolve() }

export class RunningKafka implements Kafka {
  readonly #found: GivenKafka
  readonly #log: (line: string) => void
  readonly #started: Started

  constructor(found: GivenKafka, log: (line: string) => void, started: Started = NOT_OURS) {
    this.#found = found
    this.#log = log
    this.#started = started
  }

  get kind(): Kafka['kind'] {
    return this.#found.kind
  }

  get version(): string {
    return this.#found.version ?? 'unknown'
  }

  get bootstrap(): readonly string[] {
    return this.#found.bootstrap
  }

  get nodes(): readonly KafkaNode[] {
    return this.#started.nodes
  }

  get environment(): Readonly<Record<string, string>> {
    return environmentOf(this.#found)
  }

  createTopic(name: string, options?: TopicOptions): Promise<void> {
    return createTopic(this.bootstrap, name, options)
  }

  async readTopic(topic: string, options?: ReadOptions): Promise<ReadRecord[]> {
    return readTopic(await this.toolbox(), topic, options)
  }

  async summarizeTopic(
    topic: string,
    options?: Omit<ReadOptions, 'onRecord'>,
  ): Promise<PartitionSummary[]> {
    return summarizeTopic(await this.toolbox(), topic, options)
  }

  async consoleConsumer(topic: string, args: readonly string[]): Promise<string[]> {
    return consoleConsumer(await this.toolbox(), topic, args)
  }

  async dumpLog(topic: string, partition: number): Promise<string> {
    const { folder } = this.#found
    if (folder === undefined) {
      throw new Error(`the log of ${topic}-${partition} is not on this machine: kind ${this.kind}`)
    }
    return dumpLog(await this.toolbox(), folder, topic, partition)
  }

  async transactions(...args: readonly string[]): Promise<TransactionRow[]> {
    return transactions(await this.toolbox(), args)
  }

  async committedOffsets(
    group: string,
    topic: string,
    when: 'stable' | 'now' = 'stable',
  ): Promise<CommittedOffset[]> {
    return committedOffsets(await this.toolbox(), group, topic, when)
  }

  transactionVersion(): Promise<number> {
    return transactionVersion(this.bootstrap)
  }

  async setTransactionVersion(level: number): Promise<void> {
    await setTransactionVersion(await this.toolbox(), level)
  }

  stop(): Promise<void> {
    return this.#started.stop()
  }

  /**
   * Kafka's jars, to run its programs with. For a Kafka of unknown version the pinned one's tools:
   * Kafka's clients speak to all of them.
   */
  async toolbox(): Promise<Toolbox> {
    const version = kafkaVersion(this.#found.version ?? PINNED_VERSION)
    const reason = await whyNoJars()
    if (reason !== null) throw new NoKafkaError(`Kafka's own tools need its jars, and ${reason}`)
    const classPath = await kafkaClassPath(version, this.#log)
    return { version, classPath, bootstrap: this.bootstrap }
  }
}
