/**
 * A handle on one partition of the test cluster: what a test sees of it and does to it. Got by
 * `cluster.partition(topic, index)`. It speaks of the topic that has the name now, also after that
 * was deleted and made anew.
 *
 * Neighbours: cluster.ts gives it; partition.ts holds the state.
 */
import type { ClusterState } from './cluster-state.js'
import type { StoredBytes } from './stored-bytes.js'
import type { IsolationLevel } from './isolation-level.js'
import { NO_LEADER, type Partition, type TailFate } from './partition.js'

const DAY_MS = 86_400_000

/** A record in a partition's log, as a consumer would get it. */
export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Milliseconds: the record's own, or the broker's on a LogAppendTime topic. */
  readonly timestamp: number
  readonly key: StoredBytes | null
  readonly value: StoredBytes | null
  readonly headers: readonly { readonly name: string; readonly value: StoredBytes | null }[]
}

/** Which records a test wants to see. */
export interface RecordsOptions {
  /** As a consumer's `isolation.level`. Default `read_uncommitted`. */
  readonly isolation?: IsolationLevel | undefined
}

/** A transaction that was aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** How a partition changes its leader. */
export interface MoveOptions {
  /** Records that only the old leader has: kept or lost. Default 'keep'. */
  readonly tail?: TailFate | undefined
  /** False: the old leader does not say who leads now (KIP-951), as before Kafka 3.7. Default true. */
  readonly hint?: boolean | undefined
}

/** One partition. */
export class TestPartition {
  readonly topic: string
  readonly index: number
  readonly #cluster: ClusterState

  /** @internal */
  constructor(topic: string, index: number, cluster: ClusterState) {
    this.topic = topic
    this.index = index
    this.#cluster = cluster
  }

  /** Node id; -1 while it has none. */
  get leader(): number {
    return this.#partition.leaderId
  }

  /** Rises with every election. */
  get leaderEpoch(): number {
    return this.#partition.leaderEpoch
  }

  /** Node ids of the replicas that have everything that is acknowledged with acks=all. */
  get inSyncReplicas(): readonly number[] {
    return this.#partition.isr
  }

  /** Offset that the next record gets. */
  get endOffset(): bigint {
    return BigInt(this.#partition.log.endOffset)
  }

  /** Offset below which every in-sync replica has the records. */
  get highWatermark(): bigint {
    return BigInt(this.#partition.highWatermark)
  }

  /** Where a consumer of `read_committed` stops: at the first record of what is open, or the watermark. */
  get lastStableOffset(): bigint {
    const { log, highWatermark } = this.#partition
    return BigInt(log.lastStableOffset(highWatermark))
  }

  /** The transactions that were aborted here, in the order of their first offsets, as Fetch lists them. */
  get abortedTransactions(): readonly AbortedTransaction[] {
    return this.#partition.log.abortedTransactions.map(({ producerId, firstOffset }) => {
      return { producerId, firstOffset: BigInt(firstOffset) }
    })
  }

  /**
   * The records below the high watermark, decompressed; with `read_committed`: those below the last
   * stable offset that were not aborted. Markers are no records. Default `read_uncommitted`.
   */
  records({ isolation = 'read_uncommitted' }: RecordsOptions = {}): StoredRecord[] {
    const { topic, index } = this
    const { log, highWatermark } = this.#partition
    const records = log.records(highWatermark, isolation)
    return records.map((record) => ({ topic, partition: index, ...record }))
  }

  /** Makes another broker the leader, under a new leader epoch. */
  moveLeader(to: number, options: MoveOptions = {}): void {
    const partition = this.#partition
    this.#cluster.broker(to)
    partition.namesLeader = options.hint ?? true
    partition.addReplica(to)
    partition.elect(to, options.tail ?? 'keep')
  }

  /** Leaves it without a leader until `moveLeader`. */
  removeLeader(options: MoveOptions = {}): void {
    this.#partition.namesLeader = options.hint ?? true
    this.#partition.elect(NO_LEADER, options.tail ?? 'keep')
  }

  /** Says which replicas are in sync: fewer than `min.insync.replicas` refuse acks=all. */
  setInSyncReplicas(ids: readonly number[]): void {
    this.#partition.setIsr(ids)
  }

  /** What is appended from now on is on its leader alone: acks=all gets no answer, acks=1 does. */
  pauseReplication(): void {
    this.#partition.pauseReplication(true)
  }

  /** The other replicas catch up at once. */
  resumeReplication(): void {
    this.#partition.pauseReplication(false)
  }

  /**
   * Forgets the producers that have not written here for `idleMs` (default one day, as
   * `producer.id.expiration.ms`), as Kafka does every ten minutes. It goes by the timestamps of
   * their last records, so that one who writes old timestamps is forgotten at once; 0 forgets
   * everybody but who writes future ones.
   */
  expireProducers(idleMs = DAY_MS): void {
    this.#partition.log.expireProducers(this.#cluster.settings.clock.now(), idleMs)
  }

  get #partition(): Partition {
    return this.#cluster.partition(this.topic, this.index)
  }
}
