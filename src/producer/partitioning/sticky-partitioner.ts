/**
 * Chooses partitions for records without a key, as KIP-794: stay with one partition so that its
 * batch fills, then go on to another one drawn by chance. Under load that is after a full batch; a
 * trickle, whose batches leave as they come, moves on after 16 KiB, Java's batch: full ones would
 * keep it in one partition for minutes.
 *
 * A partition whose batches pile up (a slow broker) is drawn less often: its weight is
 *
 *     longest queue of the topic + 1 - its own queue        (in batches not yet sent)
 *
 * Kafka's Java client keeps a table of cumulative weights, made anew on every wake of its sender
 * by looking at all partitions. Here a partition is drawn evenly and then kept with a chance of
 * weight / largest weight, which is the same distribution and looks at a few partitions only.
 *
 * Before: placement asks `current`, and reports what was appended. One for each topic.
 */
import type { BatchQueue } from '../batching/batch.js'
import type { BatchFill } from '../batching/batch-fill.js'

/** Draws before it takes what it has: against a topic whose every queue is as long as the longest. */
const MAX_DRAWS = 16
/** So many bytes are enough for one partition where nothing waits there to be sent. */
const TRICKLE_BYTES = 16_384

export interface StickyOptions {
  readonly random: () => number
  readonly batchSizeBytes: number
  /** Most bytes of a batch before compression; default `batchSizeBytes`. */
  readonly maxPlainBytes?: number
  readonly isAdaptive: boolean
}

/** The topic, as far as choosing goes. */
export interface StickyTopic {
  readonly fill: BatchFill
  readonly partitions: readonly BatchQueue[]
  readonly partitionCount: number
  /** Numbers of the partitions that have a leader. */
  readonly available: readonly number[]
  /** Batches that wait in the longest queue. */
  longestQueue(): number
}

export class StickyPartitioner {
  readonly #topic: StickyTopic
  readonly #options: StickyOptions
  #queue: BatchQueue | null = null
  #bytes = 0

  constructor(topic: StickyTopic, options: StickyOptions) {
    this.#topic = topic
    this.#options = options
  }

  /**
   * Where the next record without a key goes; the topic must be known. Moves on once
   * `TRICKLE_BYTES` (or a batch's worth, if that is less) have gone to one partition and no batch
   * of it is open, and at two batches' worth regardless: else it would leave a batch with a
   * fraction in it.
   */
  current(): BatchQueue {
    const queue = this.#queue
    if (queue === null || queue.partition >= this.#topic.partitionCount) return this.advance()
    const { open } = queue
    if (open !== null && this.#bytes < open.records.limitBytes) return queue // most often
    const { targetBytes } = this.#topic.fill
    // An open batch may be meant to be larger than the usual one (batch-limit.ts).
    const enough =
      open === null
        ? Math.min(TRICKLE_BYTES, targetBytes)
        : Math.max(open.records.limitBytes, targetBytes) * 2
    return this.#bytes >= enough ? this.advance() : queue
  }

  /** Counts what was appended to the current partition. */
  appended(bytes: number): void {
    this.#bytes += bytes
  }

  /** Moves on to another partition (the same again, where chance has it so): its batch is full. */
  advance(): BatchQueue {
    this.#bytes = 0
    const { available, partitions, partitionCount } = this.#topic
    let partition: number
    // Without any leader all are as good: the records wait in their queues for one.
    if (available.length === 0) partition = Math.floor(this.#options.random() * partitionCount)
    else if (this.#options.isAdaptive && available.length > 1) partition = this.#drawWeighted()
    else partition = this.#draw()
    this.#queue = partitions[partition] as BatchQueue // a known topic has a queue for each
    return this.#queue
  }

  #draw(): number {
    const { available } = this.#topic
    return available[Math.floor(this.#options.random() * available.length)] as number // random() < 1
  }

  #drawWeighted(): number {
    const longest = this.#topic.longestQueue()
    let partition = this.#draw()
    for (let draws = 1; draws < MAX_DRAWS; draws++) {
      const length = this.#topic.partitions[partition]?.unsentCount ?? 0
      if (this.#options.random() * (longest + 1) < longest + 1 - length) break
      partition = this.#draw()
    }
    return partition
  }
}
