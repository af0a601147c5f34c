/**
 * What the producer holds for one topic: its partitions' queues, the sticky partitioner for records
 * without a key, and the records that wait until the topic is known.
 *
 * Neighbours: the intake fills it; metadata updates it; the sender sees only its queues.
 */
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { PartitionMetadata, TopicMetadata } from '../../network/metadata/topic-metadata.js'
import { BatchFill } from '../batching/batch-fill.js'
import { Line } from '../collections/line.js'
import { MemoryShare } from '../batching/memory-budget.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import { PartitionQueue, type QueuePorts, type QueueTopic } from '../queueing/partition-queue.js'
import { BeyondLine } from '../waiting/beyond-line.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import type { GroupRest } from '../waiting/group-rest.js'
import { RecordSize } from '../batching/record-size.js'
import { StickyPartitioner, type StickyOptions } from './sticky-partitioner.js'

const NONE: readonly number[] = Object.freeze([])

export class ProducerTopic implements QueueTopic {
  readonly name: string
  /** base64url; changes when the topic is deleted and made again. */
  topicId = ZERO_UUID
  /** Index is the partition's number; empty until the topic's metadata is known. */
  partitions: BatchQueue[] = []
  /**
   * How many of them the topic has now; 0 while the cluster does not know it (any more).
   * `partitions` keeps the queues of partitions that are gone: their batches are still to be
   * settled.
   */
  partitionCount = 0
  /** Numbers of the partitions that have a leader, ascending. A user's partitioner gets it as it is: frozen. */
  available: readonly number[] = NONE
  /** Partitions that may have batches waiting: so that nobody needs to look at all of them. */
  readonly busy = new Set<BatchQueue>()
  /** Records that hold their bytes, and wait for the topic, a serializer, or one before them. */
  readonly taken: Line<ParkedRecord> = new Line((it) => it.line === this.taken)
  /** Records (and groups) without bytes, which wait for room; all of them came after the taken ones. */
  readonly waiting: Line<ParkedRecord | GroupRest> = new Line((it) => it.line === this.waiting)
  /** Records that hold their bytes, for a partition that the topic does not have (yet). */
  readonly beyond: BeyondLine<ParkedRecord> = new BeyondLine((it) => it.line === this.beyond)
  /** It has a turn to come when there is room (turns.ts). */
  isLinedUp = false
  /** What it holds of the memory, batches and all. */
  readonly share = new MemoryShare()
  readonly recordSize = new RecordSize()

  /** For records without a key. */
  readonly sticky: StickyPartitioner
  /** How much goes into one batch. */
  readonly fill: BatchFill

  readonly #ports: QueuePorts<ProducerBatch>

  constructor(name: string, stickyOptions: StickyOptions, ports: QueuePorts<ProducerBatch>) {
    this.name = name
    this.#ports = ports
    const { batchSizeBytes, maxPlainBytes = batchSizeBytes } = stickyOptions
    this.fill = new BatchFill(batchSizeBytes, maxPlainBytes)
    this.sticky = new StickyPartitioner(this, stickyOptions)
  }

  /** Batches that wait in the longest queue among the partitions that were written to lately. */
  longestQueue(): number {
    let longest = 0
    for (const queue of this.busy) {
      if (queue.unsentCount === 0) this.busy.delete(queue)
      else longest = Math.max(longest, queue.unsentCount)
    }
    return longest
  }

  get isKnown(): boolean {
    return this.partitionCount > 0
  }

  /** Some record for it is not in a batch yet. */
  get hasParked(): boolean {
    return this.taken.length + this.waiting.length + this.beyond.length > 0
  }

  /** Some batch of it is unresolved. */
  get hasBatches(): boolean {
    return this.partitions.some((queue) => queue.hasBatches)
  }

  /** Some record for it is not settled. */
  get hasRecords(): boolean {
    return this.hasParked || this.hasBatches
  }

  /** Takes new metadata. */
  update(metadata: TopicMetadata): void {
    if (metadata.topicId !== this.topicId) this.#forgetProofs()
    this.topicId = metadata.topicId
    this.partitionCount = metadata.partitions.length
    const available: number[] = []
    for (const { partition, leaderId, leaderEpoch } of metadata.partitions) {
      const queue = (this.partitions[partition] ??= new PartitionQueue(
        this,
        partition,
        this.#ports,
      ))
      if (leaderId >= 0) available.push(partition)
      queue.setLeader(leaderId, leaderEpoch)
    }
    this.available = Object.freeze(available)
    for (const queue of this.partitions.slice(this.partitionCount)) queue.setLeader(-1, -1)
  }

  /** Takes another leader of one partition; the others are not looked at. */
  updateLeader({ partition, leaderId, leaderEpoch }: PartitionMetadata): void {
    const queue = this.partitions[partition]
    if (queue === undefined || partition >= this.partitionCount) return
    if (queue.leaderId < 0 && leaderId >= 0) this.available = withOneMore(this.available, partition)
    queue.setLeader(leaderId, leaderEpoch)
  }

  /** The cluster does not know it any more: its records wait as for one that is not known yet. */
  lose(): void {
    this.partitionCount = 0
  }

  /** A topic made anew knows nothing of us: its leaders have to be tried like new ones. */
  #forgetProofs(): void {
    for (const queue of this.partitions) queue.forgetProof()
  }
}

/** In its place. Another list: a partitioner may have kept the old one. */
function withOneMore(ascending: readonly number[], partition: number): readonly number[] {
  const index = ascending.findIndex((other) => other > partition)
  return Object.freeze(ascending.toSpliced(index < 0 ? ascending.length : index, 0, partition))
}
