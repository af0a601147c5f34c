/**
 * Puts a prepared record into a partition's batch: chooses the partition, the open batch or a new
 * one, and moves the sticky partitioner on when a batch is full.
 *
 * Before: the intake. After: accumulator.ts.
 */
import type { BatchQueue } from '../batching/batch.js'
import { Appended, type Accumulator } from '../batching/accumulator.js'
import type { PreparedRecord } from '../waiting/parked-record.js'
import { choosePartition, STICKY, UNDECIDED, type Partitioner } from './partitioner.js'
import type { ProducerTopic } from './topic.js'

/** How a placement ended. */
export const Placed = { yes: 0, noMemory: 1, noSuchPartition: 2 } as const
export type Placed = (typeof Placed)[keyof typeof Placed]

export interface PlacementOptions {
  readonly partitioner: Partitioner | undefined
  readonly ignoreKeys: boolean
}

export class Placement {
  readonly #options: PlacementOptions
  readonly #accumulator: Accumulator
  readonly #monotonicMs: () => number
  readonly #onBatchOpened: (topic: ProducerTopic) => void
  /** Where the last record went. */
  queue: BatchQueue | null = null

  constructor(
    options: PlacementOptions,
    accumulator: Accumulator,
    monotonicMs: () => number,
    onBatchOpened: (topic: ProducerTopic) => void,
  ) {
    this.#options = options
    this.#accumulator = accumulator
    this.#monotonicMs = monotonicMs
    this.#onBatchOpened = onBatchOpened
  }

  /**
   * Decides on the partition of a record whose topic is known, once for each record. Throws
   * InvalidRecordError where the user's partitioner does.
   */
  choose(record: PreparedRecord): void {
    const { partitioner, ignoreKeys } = this.#options
    if (record.partition === UNDECIDED) {
      record.partition = choosePartition(record, partitioner, ignoreKeys)
    }
  }

  /** Appends the record, whose partition is chosen. One that holds bytes always finds room. */
  place(record: PreparedRecord): Placed {
    if (record.partition === STICKY) return this.#placeSticky(record)
    const { topic, partition } = record
    const queue = partition < topic.partitionCount ? topic.partitions[partition] : undefined
    if (queue === undefined) return Placed.noSuchPartition
    return this.#append(topic, queue, record)
  }

  /** Bytes of memory that the last record without room would have needed. */
  get refusedBytes(): number {
    return this.#accumulator.refusedBytes
  }

  /** It found no room because its topic holds as much as it may. */
  get isHeldBack(): boolean {
    return this.#accumulator.isHeldBack
  }

  #placeSticky(record: PreparedRecord): Placed {
    const { sticky } = record.topic
    const queue = sticky.current()
    const before = queue.open?.sizeBytes ?? 0
    const appended = this.#accumulator.appendToOpen(queue, record)
    if (appended === Appended.yes) {
      this.queue = queue
      sticky.appended((queue.open?.sizeBytes ?? 0) - before)
      return Placed.yes
    }
    if (appended === Appended.noMemory) return Placed.noMemory
    const next = before > 0 ? sticky.advance() : queue // a batch was open, and is full now
    const placed = this.#append(record.topic, next, record)
    if (placed === Placed.yes) sticky.appended(next.open?.sizeBytes ?? 0)
    return placed
  }

  #append(topic: ProducerTopic, queue: BatchQueue, record: PreparedRecord): Placed {
    let appended = this.#accumulator.appendToOpen(queue, record)
    if (appended === Appended.batchFull) {
      appended = this.#accumulator.appendToNew(queue, record, this.#monotonicMs())
      topic.busy.add(queue)
      this.#onBatchOpened(topic)
    }
    this.queue = queue
    return appended === Appended.yes ? Placed.yes : Placed.noMemory
  }
}
