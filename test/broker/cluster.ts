/**
 * A Kafka of one or three nodes, started from the jars, in a fresh folder under the system's
 * temporary folder that is removed on stop (or when this process dies: leash.ts).
 *
 * Layout of the folder: `node-<id>/{server.properties,log.txt,data/}`, `zookeeper/`.
 *
 * Neighbours: before, kafka.ts decides for it; after, node.ts and zookeeper.ts.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { askMetadata } from './admin.js'
import type { Daemon } from './daemon.js'
import { Leash } from './leash.js'
import { JarsNode } from './node.js'
import { freePorts } from './ports.js'
import type { ClusterPlan, ListenerPlace, NodePlace } from './server-config.js'
import type { KafkaVersion } from './versions.js'
import { waitUntil } from './wait.js'
import { startZookeeper } from './zookeeper.js'

const JOIN_TIMEOUT_MS = 60_000

/** Processes, their folder, and how to end them. */
export interface JarsCluster {
  readonly folder: string
  readonly nodes: readonly JarsNode[]
  /** Ends every process and removes the folder. Idempotent. */
  stop(): Promise<void>
}

/** What is to be started. */
export interface ClusterOptions {
  readonly version: KafkaVersion
  readonly classPath: string
  readonly nodes: 1 | 3
  readonly config: Readonly<Record<string, string>>
  readonly proxied?: boolean | undefined
  /** Level of the feature that the storage is formatted with. Default: the version's own. */
  readonly transactionVersion?: number | undefined
  /** Makes what the brokers need before they start, in the cluster's folder. */
  readonly setUp?: (folder: string) => Promise<ClusterSetUp>
}

/** What a set-up adds. */
export interface ClusterSetUp {
  readonly listeners: readonly Omit<ListenerPlace, 'port'>[]
  /** Broker settings. */
  readonly config: Readonly<Record<string, string>>
  /** Of the brokers' Java; they win over ours. */
  readonly jvmFlags: readonly string[]
  /** A folder or jar of plug-ins, beside Kafka's own jars. */
  readonly classPath?: string
  /** Of the listeners behind proxies. Default PLAINTEXT. */
  readonly proxiedProtocol?: ListenerPlace['protocol']
}

const NOTHING_SET_UP: ClusterSetUp = { listeners: [], config: {}, jvmFlags: [] }

/** Starts a cluster; resolves when every node answers and knows all the others. */
export async function startCluster(options: ClusterOptions): Promise<JarsCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ottla-kafka-'))
  const leash = new Leash(['rm', '-rf', folder])
  try {
    const { plan, zookeeper, plugIns } = await prepare(options, folder, leash)
    const classPath = [options.classPath, ...plugIns].join(delimiter)
    const context = { plan, classPath, leash }
    const nodes = plan.places.map((place) => new JarsNode(place, context))
    await startNodes(nodes, options)
    return { folder, nodes, stop: () => stopAll(nodes, zookeeper, leash) }
  } catch (error) {
    await leash.letGo()
    throw error
  }
}

async function prepare(
  options: ClusterOptions,
  folder: string,
  leash: Leash,
): Promise<{ plan: ClusterPlan; zookeeper: Daemon | undefined; plugIns: readonly string[] }> {
  const setUp = (await options.setUp?.(folder)) ?? NOTHING_SET_UP
  const each = 4 + setUp.listeners.length
  // All at once: nobody listens yet, and a second question could be answered with the same ports.
  const [zookeeperPort = 0, ...ports] = await freePorts(1 + each * options.nodes)
  const places = Array.from({ length: options.nodes }, (_, index) =>
    placeOf(index + 1, options, folder, setUp, ports.slice(each * index)),
  )
  const config = { ...setUp.config, ...options.config }
  const plan = { places, config, jvmFlags: setUp.jvmFlags }
  const plugIns = setUp.classPath === undefined ? [] : [setUp.classPath]
  if (options.version.metadata === 'kraft') {
    return { plan: { ...plan, zookeeper: undefined }, zookeeper: undefined, plugIns }
  }
  const place = join(folder, 'zookeeper')
  const zookeeper = await startZookeeper(options.classPath, place, zookeeperPort, leash)
  return { plan: { ...plan, zookeeper: `127.0.0.1:${zookeeperPort}` }, zookeeper, plugIns }
}

function placeOf(
  id: number,
  options: ClusterOptions,
  folder: string,
  setUp: ClusterSetUp,
  ports: readonly number[],
): NodePlace {
  const [port = 0, controllerPort = 0, proxiedPort = 0, proxyPort = 0, ...others] = ports
  const protocol = setUp.proxiedProtocol
  return {
    id,
    port,
    controllerPort,
    proxied: options.proxied === true ? { port: proxiedPort, proxyPort, protocol } : undefined,
    listeners: setUp.listeners.map((it, index) => ({ ...it, port: others[index] ?? 0 })),
    folder: join(folder, `node-${id}`),
  }
}

async function startNodes(
  nodes: readonly JarsNode[],
  { version, transactionVersion }: ClusterOptions,
): Promise<void> {
  const storageTool = version.metadata === 'kraft' ? version.tools.storage : undefined
  const features =
    transactionVersion === undefined ? [] : [`transaction.version=${transactionVersion}`]
  const format = { clusterId: newClusterId(), features }
  await Promise.all(nodes.map((node) => node.prepare(storageTool, format)))
  await Promise.all(nodes.map((node) => node.start()))
  for (const node of nodes) {
    await waitUntil(async () => (await askMetadata(node.address)).brokers.length === nodes.length, {
      what: `Kafka node ${node.id} to know all ${nodes.length} nodes`,
      timeoutMs: JOIN_TIMEOUT_MS,
      onTimeout: () => node.tail(),
    })
  }
}

/** The data is thrown away, so nothing is gained by an orderly end: SIGKILL, and it is quick. */
async function stopAll(
  nodes: readonly JarsNode[],
  zookeeper: Daemon | undefined,
  leash: Leash,
): Promise<void> {
  await Promise.all([...nodes.map((node) => node.kill()), zookeeper?.kill()])
  await leash.letGo()
}

/** A KRaft cluster id: 16 bytes in base64url, as `kafka-storage random-uuid` prints it. */
function newClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id // the tool would take it for an option
}
