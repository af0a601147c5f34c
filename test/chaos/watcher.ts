/**
 * Looks at the brokers themselves, not through the proxies, to know when a partition could be served:
 *
 * Metadata speaks of a leader before that leader has heard of it, and of replicas that do not fetch
 * yet. So from then on a probe, a record of our own, is written straight to the leader until one is
 * acknowledged: before, nobody's record could have been.
 *
 * Neighbours: cluster.ts knows who is down; outages.ts keeps the times; judge.ts counts a client's own
 * part from there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { askMetadata } from '../broker/admin.js'
import { Outages, type Span } from './outages.js'
import { isTaken } from './probe.js'
import type { ChaosCluster } from './cluster.js'

const LOOK_EVERY_MS = 50
const LEAST_IN_SYNC = 2

interface Sight {
  readonly leaderEpoch: number
  readonly leaderId: number
  readonly inSync: number
}

export class Watcher {
  readonly #cluster: ChaosCluster
  readonly #topics: readonly string[]
  /** Key: topic and partition. */
  readonly #sights = new Map<string, Sight>()
  readonly #outages = new Outages()
  #isOver = false

  constructor(cluster: ChaosCluster, topics: readonly string[]) {
    this.#cluster = cluster
    this.#topics = topics
    for (const { node } of cluster.nodes) void this.#lookAt(node.id)
    void this.#judge()
  }

  stop(): void {
    this.#isOver = true
  }

  /** When the partition could not be served. */
  unserved(topic: string, partition: number): readonly Span[] {
    return this.#outages.of(`${topic}/${partition}`, Date.now())
  }

  async #lookAt(nodeId: number): Promise<void> {
    while (!this.#isOver) {
      const found = this.#cluster.nodes.find(({ node }) => node.id === nodeId)
      if (found !== undefined && !found.isDown) await this.#look(found.node.address)
      await sleep(LOOK_EVERY_MS)
    }
  }

  async #look(address: string): Promise<void> {
    const answer = await askMetadata(address, this.#topics).catch(() => null)
    for (const { name, partitions } of answer?.topics ?? []) {
      for (const { partitionIndex, leaderId, leaderEpoch, isrNodes } of partitions) {
        const key = `${name}/${partitionIndex}`
        const known = this.#sights.get(key)
        if (known !== undefined && known.leaderEpoch > leaderEpoch) continue
        this.#sights.set(key, { leaderEpoch, leaderId, inSync: isrNodes.length })
      }
    }
  }

  async #judge(): Promise<void> {
    while (!this.#isOver) {
      for (const [key, sight] of this.#sights) this.#note(key, sight)
      await sleep(LOOK_EVERY_MS)
    }
  }

  #isServed({ leaderId, inSync }: Sight): boolean {
    const leader = this.#cluster.nodes.find(({ node }) => node.id === leaderId)
    return leader !== undefined && !leader.isDown && inSync >= LEAST_IN_SYNC
  }

  #note(key: string, sight: Sight): void {
    const tell = this.#outages.note(key, this.#isServed(sight), Date.now())
    if (tell !== null) void this.#probe(key, sight.leaderId, tell)
  }

  /** One probe; the next look sends another. */
  async #probe(
    key: string,
    leaderId: number,
    tell: (taken: boolean, nowMs: number) => void,
  ): Promise<void> {
    const address = this.#cluster.nodes.find(({ node }) => node.id === leaderId)?.node.address ?? ''
    const [topic = '', partition] = key.split('/')
    const taken = await isTaken(address, topic, Number(partition)).catch(() => false)
    tell(taken, Date.now())
  }
}
