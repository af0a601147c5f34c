/**
 * What the producer holds for one topic: its partitions' queues, the sticky partitioner for records
 * without a key, and the records that wait until the topic is known.
 *
 * Neighbours: the intake fills it; metadata updates it; the sender sees only its queues.
 */
import { ZERO_UUID } from '../protocol/uuid.js'
import type { PartitionMetadata, TopicMetadata } from '../network/topic-metadata.js'
import { BatchFill } from './batch-fill.js'
import { Deque } from './deque.js'
import { PartitionQueue } from './partition-queue.js'
import type { ParkedRecord } from './parked-record.js'
import { StickyPartitioner, type StickyOptions } from './sticky-partitioner.js'

export class ProducerTopic {
  readonly name: string
  /** base64url; changes when the topic is deleted and made again. */
  topicId = ZERO_UUID
  /** Index is the partition's number; empty until the topic's metadata is known. */
  partitions: PartitionQueue[] = []
  /** How many of them the topic has now: `partitions` keeps queues of partitions that are gone. */
  partitionCount = 0
  /** Numbers of the partitions that have a leader, in no order. */
  available: number[] = []
  /** Partitions that may have batches waiting: so that nobody needs to look at all of them. */
  readonly busy = new Set<PartitionQueue>()
  /** Records that came before the topic was known, or whose serializer is not done; and those behind them. */
  readonly parked = new Deque<ParkedRecord>()
  /** Records for a partition that the topic does not have (yet). */
  readonly beyond = new Deque<ParkedRecord>()

  /** For records without a key. */
  readonly sticky: StickyPartitioner
  /** How much goes into one batch. */
  readonly fill: BatchFill

  constructor(name: string, stickyOptions: StickyOptions) {
    this.name = name
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

  /** Somebody waits for a partition that the topic lacks. */
  get awaitsPartitions(): boolean {
    while (this.beyond.peek()?.isSettled === true) this.beyond.shift()
    return this.beyond.length > 0
  }

  get isKnown(): boolean {
    return this.partitionCount > 0
  }

  /** Some record for it is not settled. */
  get hasRecords(): boolean {
    const isWaiting = this.parked.length > 0 || this.awaitsPartitions
    return isWaiting || this.partitions.some((queue) => queue.sent.length + queue.unsentCount > 0)
  }

  /** Takes new metadata; `onLeader` is told each queue that has a leader, and another than before. */
  update(metadata: TopicMetadata, onLeader: (queue: PartitionQueue) => void): void {
    if (metadata.topicId !== this.topicId) this.#forgetProofs()
    this.topicId = metadata.topicId
    this.partitionCount = metadata.partitions.length
    this.available = []
    for (const { partition, leaderId, leaderEpoch } of metadata.partitions) {
      const queue = (this.partitions[partition] ??= new PartitionQueue(this.name, partition))
      if (leaderId >= 0) this.available.push(partition)
      if (queue.setLeader(leaderId, leaderEpoch)) onLeader(queue)
    }
    for (const queue of this.partitions.slice(this.partitionCount)) queue.setLeader(-1, -1)
  }

  /** Takes another leader of one partition, at a cost that does not grow with their number. */
  updateLeader(
    { partition, leaderId, leaderEpoch }: PartitionMetadata,
    onLeader: (queue: PartitionQueue) => void,
  ): void {
    const queue = this.partitions[partition]
    if (queue === undefined || partition >= this.partitionCount) return
    if (queue.leaderId < 0) this.available.push(partition)
    if (queue.setLeader(leaderId, leaderEpoch)) onLeader(queue)
  }

  /** A topic made anew knows nothing of us: its leaders have to be tried like new ones. */
  #forgetProofs(): void {
    for (const queue of this.partitions) queue.isLeaderProven = false
  }
}
