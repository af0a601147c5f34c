/**
 * One partition of the test cluster: who leads it, who replicates it, and how far.
 *
 *   append ──> log ──(replication delay)──> high watermark ──> acks=all answered, consumers see it
 *
 * One log serves for all replicas: below the high watermark every in-sync replica has it, above it
 * the leader alone. So a change of leaders has two outcomes to choose from: the tail is kept (the
 * new leader had fetched it, and only the watermark had not moved yet) or lost. With acks=1 records
 * of the tail may have been acknowledged; with acks=all never.
 *
 * Spec: Kafka's Partition, KIP-101 in spirit. Neighbours: topic.ts holds them; cluster-state.ts
 * elects; handlers/produce.ts appends; pending-produce.ts waits for the watermark.
 */
import type { Clock } from '../clock.js'
import { PartitionLog, type StoredBatch } from './partition-log.js'

/** The leader of a partition that has none. */
export const NO_LEADER = -1

/** What becomes of records that only the old leader has. */
export type TailFate = 'keep' | 'lose'

/** How long a batch takes to reach all in-sync replicas, in ms; asked for each batch. */
export type ReplicationDelay = () => number

/** What a partition lives by. @internal */
export interface PartitionParts {
  readonly clock: Clock
  readonly replicationDelayMs: ReplicationDelay
}

/** One partition. @internal */
export class Partition {
  readonly index: number
  readonly log = new PartitionLog()
  /** Node ids, the preferred leader first. */
  replicas: readonly number[]
  /** Node ids that have everything below the high watermark. */
  isr: readonly number[]
  leaderId: number
  leaderEpoch = 0
  /** Offset below which every in-sync replica has the log. */
  highWatermark = 0
  /** False: a broker that no longer leads it does not say who does (KIP-951). */
  namesLeader = true
  /** How often a leader came that lacked what was not replicated. */
  tailsLost = 0
  /** True after its topic was deleted. */
  isDeleted = false
  readonly #parts: PartitionParts
  readonly #watchers = new Set<() => void>()
  #isReplicationPaused = false

  constructor(index: number, replicas: readonly number[], parts: PartitionParts) {
    this.index = index
    this.replicas = replicas
    this.isr = replicas
    this.leaderId = replicas[0] ?? NO_LEADER
    this.#parts = parts
  }

  /** Appends a sound batch; the watermark follows after the replication delay. */
  append(bytes: Uint8Array, logAppendTimeMs: number | undefined): StoredBatch {
    const batch = this.log.append(bytes, { leaderEpoch: this.leaderEpoch, logAppendTimeMs })
    const delayMs = this.isr.length > 1 ? this.#parts.replicationDelayMs() : 0
    const { leaderEpoch } = this
    if (delayMs <= 0) this.#replicated(batch.nextOffset, leaderEpoch)
    else
      this.#parts.clock.setTimer(() => this.#replicated(batch.nextOffset, leaderEpoch), delayMs, {
        keepAlive: false,
      })
    return batch
  }

  /** Stops the watermark, or lets it go on: what is appended reaches nobody but the leader. */
  pauseReplication(isPaused: boolean): void {
    this.#isReplicationPaused = isPaused
    if (!isPaused) this.#replicated(this.log.endOffset, this.leaderEpoch)
  }

  /** Gives it another leader, or none (-1), under a new epoch. */
  elect(leaderId: number, tail: TailFate): void {
    if (tail === 'lose') {
      this.log.truncateTo(this.highWatermark)
      this.tailsLost++
    }
    this.leaderId = leaderId
    this.leaderEpoch++
    // Whatever the new leader has is replicated from it before anything else.
    if (leaderId !== NO_LEADER) this.#replicated(this.log.endOffset, this.leaderEpoch)
    this.#tell()
  }

  /** Changes the in-sync replicas. */
  setIsr(isr: readonly number[]): void {
    this.isr = isr
    if (isr.length === 1) this.#replicated(this.log.endOffset, this.leaderEpoch)
    this.#tell()
  }

  /** Makes a broker a replica that is in sync; nothing changes where it is one. */
  addReplica(id: number): void {
    if (!this.replicas.includes(id)) this.replicas = [...this.replicas, id]
    if (!this.isr.includes(id)) this.setIsr([...this.isr, id])
  }

  /** Another broker takes the place, and the records, of one that is gone. */
  replaceReplica(gone: number, successor: number): void {
    const put = (id: number): number => (id === gone ? successor : id)
    this.replicas = this.replicas.map(put)
    this.isr = this.isr.map(put)
    if (this.leaderId === gone) this.elect(successor, 'keep')
  }

  /** A replica is given up; another leads if it led. */
  dropReplica(gone: number): void {
    this.replicas = this.replicas.filter((id) => id !== gone)
    const isr = this.isr.filter((id) => id !== gone)
    this.setIsr(isr.length > 0 ? isr : this.replicas)
    if (this.leaderId === gone) this.elect(this.isr[0] ?? NO_LEADER, 'keep')
  }

  /** Its topic is gone: who waits for it learns that. */
  delete(): void {
    this.isDeleted = true
    this.#tell()
  }

  /** Calls `watcher` after each change of leader, replicas or watermark; returns how to stop. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #replicated(upTo: number, leaderEpoch: number): void {
    // From an epoch that is over: its tail may have been lost in the meantime.
    if (this.#isReplicationPaused || leaderEpoch !== this.leaderEpoch) return
    if (upTo <= this.highWatermark) return
    this.highWatermark = upTo
    this.#tell()
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}
