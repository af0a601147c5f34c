/**
 * Looks at the brokers themselves, not through the proxies, to know when a partition could be served:
 *
 *   | fault | no leader, or one replica in sync | served: metadata says so | taken: a probe's ack
 *
 * Metadata speaks of a leader before that leader has heard of it, and of replicas that do not fetch
 * yet. So from then on a probe, a record of our own, is written straight to the leader until one is
 * acknowledged: before, nobody's record could have been.
 *
 * Neighbours: cluster.ts knows who is down; judge.ts counts a client's own part from there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { askMetadata } from '../broker/admin.js'
import { isTaken } from './probe.js'
import type { ChaosCluster } from './cluster.js'

const LOOK_EVERY_MS = 50
const LEAST_IN_SYNC = 2

/** A time without service; milliseconds since 1970. */
export interface Span {
  readonly fromMs: number
  /** A live leader, and two replicas in sync. */
  readonly servedMs: number
  /** A probe was acknowledged. */
  readonly takenMs: number
}

/** A span that is not over. */
interface Outage {
  readonly fromMs: number
  servedMs: number | null
  /** A probe is under way. */
  isProbing: boolean
}

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
  readonly #outages = new Map<string, Outage>()
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
    const outage = this.#outages.get(key)
    const spans = this.#spans.get(key) ?? []
    const nowMs = Date.now()
    if (outage === undefined) return spans
    return [...spans, { fromMs: outage.fromMs, servedMs: outage.servedMs ?? nowMs, takenMs: nowMs }]
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
    const isServed = this.#isServed(sight)
    const outage = this.#outages.get(key)
    if (outage === undefined) {
      if (!isServed) {
        this.#outages.set(key, { fromMs: Date.now(), servedMs: null, isProbing: false })
      }
      return
    }
    if (!isServed) outage.servedMs = null
    else outage.servedMs ??= Date.now()
    if (isServed && !outage.isProbing) void this.#probe(key, sight.leaderId, outage)
  }

  /** One probe; the outage is over once one is taken. The next look sends another. */
  async #probe(key: string, leaderId: number, outage: Outage): Promise<void> {
    outage.isProbing = true
    const address = this.#cluster.nodes.find(({ node }) => node.id === leaderId)?.node.address ?? ''
    const [topic = '', partition] = key.split('/')
    const taken = await isTaken(address, topic, Number(partition))
    outage.isProbing = false
    if (!taken || this.#outages.get(key) !== outage) return
    this.#outages.delete(key)
    const nowMs = Date.now()
    const span = { fromMs: outage.fromMs, servedMs: outage.servedMs ?? nowMs, takenMs: nowMs }
    this.#spans.set(key, [...(this.#spans.get(key) ?? []), span])
  }
}
