/**
 * Three real brokers, each behind a proxy, and who is down at the moment.
 *
 * Neighbours: test/broker starts them; scenarios.ts breaks them; watcher.ts looks at them directly.
 */
import { startKafka, type Kafka, type KafkaNode } from '../broker/kafka.js'
import { askAnyMetadata } from '../broker/admin.js'
import { coordinatorOf } from '../broker/transactions.js'
import { waitUntil } from '../broker/wait.js'
import { Guard } from './guard.js'
import type { ChaosLogin } from './peers/program.js'
import { FaultProxy } from './proxy.js'

const SOUND_TIMEOUT_MS = 60_000

export interface ChaosNode {
  readonly node: KafkaNode
  readonly proxy: FaultProxy
  /** `host:port` of the proxy: all that a client ever sees. */
  readonly address: string
  /** Killed, stopped or frozen by a scenario. */
  isDown: boolean
}

export class ChaosCluster {
  readonly kafka: Kafka
  readonly nodes: readonly ChaosNode[]
  /** How clients get in; null: as they are. */
  readonly login: ChaosLogin | null

  private constructor(kafka: Kafka, nodes: readonly ChaosNode[], login: ChaosLogin | null) {
    this.kafka = kafka
    this.nodes = nodes
    this.login = login
  }

  /** `isSecured`: clients come in by SASL_SSL. */
  static async start(log: (line: string) => void, isSecured: boolean): Promise<ChaosCluster> {
    const guard = isSecured ? new Guard() : null
    const setUp = guard === null ? {} : { setUp: (folder: string) => guard.setUp(folder) }
    const kafka = await startKafka({ own: true, nodes: 3, proxied: true, log, ...setUp })
    try {
      const login = (await guard?.admit(kafka)) ?? null
      const nodes = kafka.nodes.map((node) => behindProxy(node, isSecured))
      return new ChaosCluster(kafka, await Promise.all(nodes), login)
    } catch (error) {
      await kafka.stop()
      throw error
    }
  }

  get bootstrap(): string[] {
    return this.nodes.map(({ address }) => address)
  }

  /** The node that leads partition 0 of the topic now. */
  async leader(topic: string): Promise<ChaosNode> {
    const live = this.nodes.filter(({ isDown }) => !isDown).map(({ node }) => node.address)
    const { topics } = await askAnyMetadata(live, [topic])
    const leaderId = topics[0]?.partitions.find(
      ({ partitionIndex }) => partitionIndex === 0,
    )?.leaderId
    const leader = this.nodes.find(({ node }) => node.id === leaderId)
    if (leader === undefined) throw new Error(`${topic} has no leader`)
    return leader
  }

  /** The node that coordinates the transactions of an id now. */
  async coordinator(transactionalId: string): Promise<ChaosNode> {
    const live = this.nodes.filter(({ isDown }) => !isDown).map(({ node }) => node.address)
    const id = await coordinatorOf(live, transactionalId)
    const coordinator = this.nodes.find(({ node }) => node.id === id)
    if (coordinator === undefined) throw new Error(`${transactionalId} has no coordinator`)
    return coordinator
  }

  async kill(target: ChaosNode): Promise<void> {
    target.isDown = true
    await target.node.kill()
  }

  async restart(target: ChaosNode): Promise<void> {
    target.isDown = true
    await target.node.restart()
    target.isDown = false
  }

  freeze(target: ChaosNode): void {
    target.isDown = true
    target.node.signal('SIGSTOP')
  }

  thaw(target: ChaosNode): void {
    target.node.signal('SIGCONT')
    target.isDown = false
  }

  /** Resolves when every partition of the topics has all its replicas in sync. */
  async sound(topics: readonly string[]): Promise<void> {
    for (const { proxy } of this.nodes) proxy.heal()
    const addresses = this.nodes.map(({ node }) => node.address)
    const isSound = async (): Promise<boolean> => {
      const { topics: found } = await askAnyMetadata(addresses, topics)
      const partitions = found.flatMap((topic) => topic.partitions)
      return partitions.every(({ leaderId, isrNodes }) => leaderId >= 0 && isrNodes.length === 3)
    }
    await waitUntil(isSound, { what: 'all replicas in sync', timeoutMs: SOUND_TIMEOUT_MS })
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ proxy }) => proxy.close()))
    await this.kafka.stop()
  }
}

async function behindProxy(node: KafkaNode, isSecured: boolean): Promise<ChaosNode> {
  const { port = 0, proxyPort = 0 } = node.proxied ?? {}
  const proxy = await FaultProxy.listen(proxyPort, port)
  proxy.isEncrypted = isSecured
  return { node, proxy, address: `127.0.0.1:${proxyPort}`, isDown: false }
}
