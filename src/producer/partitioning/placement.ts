/**
 * Puts a prepared record into a partition's batch: chooses the partition, the open batch or a new
 * one, and moves the sticky partitioner on when a batch is full.
 *
 * Before: admission.ts, or serving.ts. After: accumulator.ts.
 */
import type { BatchQueue } from '../batching/batch.js'
import { Appended, type Accumulator } from '../batching/accumulator.js'
import type { Clock } from '../../clock.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import { choosePartition, type Partitioner } from './partitioner.js'
import { STICKY, UNDECIDED } from './undecided.js'
import type { ProducerTopic } from './topic.js'

/** How a placement ended. */
export const Placed = { yes: 0, noMemory: 1, noSuchPartition: 2 } as const
export type Placed = (typeof Placed)[keyof typeof Placed]

export interface PlacementOptions {
  readonly partitioner: Partitioner | undefined
  readonly partitionerIgnoreKeys: boolean
}

/** Who keeps topics for as long as they are in use: told of each for which a batch was opened. */
interface TopicsInUse {
  touch(topic: ProducerTopic): void
}

export class Placement {
  readonly #partitioner: Partitioner | undefined
  readonly #ignoreKeys: boolean
  readonly #accumulator: Accumulator
  readonly #clock: Clock
  readonly #topics: TopicsInUse
  /** Where the last record went. */
  queue: BatchQueue | null = null

  constructor(
    { partitioner, partitionerIgnoreKeys }: PlacementOptions,
    accumulator: Accumulator,
    clock: Clock,
    topics: TopicsInUse,
  ) {
    this.#partitioner = partitioner
    this.#ignoreKeys = partitionerIgnoreKeys
    this.#accumulator = accumulator
    this.#clock = clock
    this.#topics = topics
  }

  /**
   * Decides on the partition of a record whose topic is known, once for each record. Throws
   * InvalidRecordError where the user's partitioner does.
   */
  choose(record: PreparedRecord): void {
    if (record.partition !== UNDECIDED) return
    record.partition = choosePartition(record, this.#partitioner, this.#ignoreKeys)
  }

  /** Appends the record, whose partition is chosen. One that holds bytes always finds room. */
  place(record: PreparedRecord): Placed {
    if (record.partition === STICKY) return this.#placeSticky(record)
    const { topic, partition } = record
    const queue = partition < topic.partitionCount ? topic.partitions[partition] : undefined
    if (queue === undefined) return Placed.noSuchPartition
    return this.#append(queue, record)
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
    const { open } = queue
    if (open === null) return this.#placeStickyAnew(queue, record)
    const endBefore = open.records.end
    const appended = this.#accumulator.appendToOpen(queue, record)
    if (appended === Appended.yes) {
      this.queue = queue
      sticky.appended(open.records.end - endBefore)
      return Placed.yes
    }
    if (appended === Appended.noMemory) return Placed.noMemory
    return this.#placeStickyAnew(sticky.advance(), record) // the batch is full now
  }

  #placeStickyAnew(queue: BatchQueue, record: PreparedRecord): Placed {
    const placed = this.#append(queue, record)
    if (placed === Placed.yes) record.topic.sticky.appended(queue.open?.records.sizeBytes ?? 0)
    return placed
  }

  #append(queue: BatchQueue, record: PreparedRecord): Placed {
    let appended = this.#accumulator.appendToOpen(queue, record)
    // Compressing the full one lets in who waits: a partitioner of theirs may have sent to this queue.
    if (appended === Appended.batchFull && queue.open !== null) return this.#append(queue, record)
    if (appended === Appended.batchFull) {
      appended = this.#accumulator.appendToNew(queue, record, this.#clock.monotonicMs())
      record.topic.busy.add(queue)
      this.#topics.touch(record.topic)
    }
    this.queue = queue
    return appended === Appended.yes ? Placed.yes : Placed.noMemory
  }
}
