/**
 * One broker process started from the jars: formatted once, then started, frozen, killed and
 * restarted on the same port with the same data.
 *
 * Neighbours: cluster.ts makes one to three of them; daemon.ts is the process; server-config.ts
 * its properties; admin.ts asks whether it is up.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askMetadata } from './admin.js'
import { Daemon } from './daemon.js'
import { javaProgram, runJava } from './java.js'
import type { KafkaNode } from './kafka.js'
import type { Leash } from './leash.js'
import { serverProperties, type ClusterPlan, type NodePlace } from './server-config.js'
import { FatalError, waitUntil } from './wait.js'

const START_TIMEOUT_MS = 90_000
const MAIN_CLASS = 'kafka.Kafka'
const LOG_FLAGS = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
]

/** What a node needs besides its place: the same for all nodes of a cluster. */
export interface NodeContext {
  readonly plan: ClusterPlan
  readonly classPath: string
  readonly leash: Leash
}

/** What all nodes of a cluster write into their storage before they first start (KRaft). */
export interface StorageFormat {
  readonly clusterId: string
  /** `name=level`, where it is not to be the version's own. */
  readonly features: readonly string[]
}

/** A broker of ours. `start` it once; from then on it is a `KafkaNode`. */
export class JarsNode implements KafkaNode {
  readonly id: number
  readonly address: string
  readonly proxied: NodePlace['proxied']
  readonly #place: NodePlace
  readonly #context: NodeContext
  #daemon: Daemon | undefined

  constructor(place: NodePlace, context: NodeContext) {
    this.id = place.id
    this.address = `127.0.0.1:${place.port}`
    this.proxied = place.proxied
    this.#place = place
    this.#context = context
  }

  /** `host:port` of each listener besides PLAINTEXT and those for a proxy, by its name. */
  get listeners(): Readonly<Record<string, string>> {
    const { listeners = [] } = this.#place
    return Object.fromEntries(listeners.map(({ name, port }) => [name, `localhost:${port}`]))
  }

  /** Pid of the running process, or of the last one. */
  get pid(): number {
    return this.#started().pid
  }

  /** Writes the properties, and formats the data folder where the version has a storage tool. */
  async prepare(storageTool: string | undefined, format: StorageFormat): Promise<void> {
    await mkdir(this.#place.folder, { recursive: true })
    await writeFile(this.#properties, serverProperties(this.#context.plan, this.#place))
    if (storageTool === undefined) return
    const features = format.features.flatMap((feature) => ['--feature', feature])
    const args = ['format', '-t', format.clusterId, '-c', this.#properties, ...features]
    await runJava(this.#context.classPath, storageTool, args)
  }

  /** Starts the process; resolves when it answers and knows itself as a member of the cluster. */
  async start(): Promise<void> {
    this.#daemon = await this.#spawn()
    await waitUntil(() => this.#isUp(), {
      what: `Kafka node ${this.id} to answer on ${this.address}`,
      timeoutMs: START_TIMEOUT_MS,
      onTimeout: () => this.tail(),
    })
  }

  /** The end of its log, for an error's message. */
  tail(): string {
    return this.#started().tail()
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#started().signal(signal)
  }

  async kill(): Promise<void> {
    await this.#started().kill()
  }

  async terminate(): Promise<void> {
    this.signal('SIGCONT') // a frozen process does not hear a SIGTERM
    await this.#started().terminate()
  }

  async restart(): Promise<void> {
    await this.terminate()
    await this.start()
  }

  get #properties(): string {
    return join(this.#place.folder, 'server.properties')
  }

  #started(): Daemon {
    if (this.#daemon === undefined) throw new Error(`Kafka node ${this.id} was never started`)
    return this.#daemon
  }

  #spawn(): Promise<Daemon> {
    const { classPath, leash } = this.#context
    const java = [javaProgram(), ...this.#flags()]
    const command = [...java, '-cp', classPath, MAIN_CLASS, this.#properties]
    return Daemon.start(command, join(this.#place.folder, 'log.txt'), leash)
  }

  #flags(): string[] {
    const { places, jvmFlags = [] } = this.#context.plan
    const heap = places.length === 1 ? '-Xmx1g' : '-Xmx512m'
    return [heap, '-XX:+UseG1GC', ...LOG_FLAGS, ...jvmFlags]
  }

  async #isUp(): Promise<boolean> {
    if (!this.#started().isRunning) return this.#startAgain()
    const { brokers } = await askMetadata(this.address)
    return brokers.some((broker) => broker.nodeId === this.id)
  }

  /**
   * A broker that was killed may not come back before ZooKeeper has forgotten it: it ends with
   * NodeExists until then. With KRaft an early end is final.
   */
  async #startAgain(): Promise<boolean> {
    const ended = this.#started()
    if (this.#context.plan.zookeeper === undefined || !ended.output().includes('NodeExists')) {
      throw new FatalError(`Kafka node ${this.id} ended before it answered; ${ended.tail()}`)
    }
    this.#daemon = await this.#spawn()
    return false
  }
}
