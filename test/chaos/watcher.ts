/**
 * Looks at the brokers themselves, not through the proxies, to know when a partition could be served:
 * a live leader, and two replicas in sync.
 *
 * Neighbours: cluster.ts knows who is down; judge.ts counts a client's own part from there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { askMetadata } from '../broker/admin.js'
import type { ChaosCluster } from './cluster.js'

const LOOK_EVERY_MS = 50
const LEAST_IN_SYNC = 2

/** From, to: milliseconds since 1970. */
export type Span = readonly [fromMs: number, toMs: number]

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
  readonly #spans = new Map<string, Span[]>()
  readonly #unservedSince = new Map<string, number>()
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
    const key = `${topic}/${partition}`
    const sinceMs = this.#unservedSince.get(key)
    const spans = this.#spans.get(key) ?? []
    return sinceMs === undefined ? spans : [...spans, [sinceMs, Date.now()]]
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
      for (const [key, sight] of this.#sights) this.#note(key, this.#isServed(sight))
      await sleep(LOOK_EVERY_MS)
    }
  }

  #isServed({ leaderId, inSync }: Sight): boolean {
    const leader = this.#cluster.nodes.find(({ node }) => node.id === leaderId)
    return leader !== undefined && !leader.isDown && inSync >= LEAST_IN_SYNC
  }

  #note(key: string, isServed: boolean): void {
    const sinceMs = this.#unservedSince.get(key)
    if (!isServed && sinceMs === undefined) this.#unservedSince.set(key, Date.now())
    if (!isServed || sinceMs === undefined) return
    this.#unservedSince.delete(key)
    const spans = this.#spans.get(key) ?? []
    spans.push([sinceMs, Date.now()])
    this.#spans.set(key, spans)
  }
}
