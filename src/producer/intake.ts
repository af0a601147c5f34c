/**
 * The way in: turns what the user gives into bytes and appends it, at once where that is possible;
 * else the record waits in line.
 *
 *   submit --> topic known, serialized, room? --yes--> placement        (before submit returns)
 *                 | topic not known yet, or its serializer is not done: topic.parked, in order
 *                 | no room, or others wait for it: the parking lot's line
 *                 +--> later --> placement
 *
 * A record for a topic with parked records parks behind them, and one that finds others waiting for
 * room waits behind them: so the order of a partition is the order of the calls.
 *
 * Before: producer.ts. After: placement.ts.
 */
import { assert } from '../assert.js'
import type { Clock } from '../clock.js'
import {
  BufferFullError,
  InvalidRecordError,
  RecordTooLargeError,
  TopicUnavailableError,
  type DeliveryError,
} from '../errors.js'
import { bufferSizeFor, RECORD_BATCH_HEADER_BYTES } from '../protocol/record-batch.js'
import type { Serialized, Serializers } from '../serialization/serializer.js'
import { exactSizeBytes } from './accumulator.js'
import type { DeliveryCallback } from './batch-waiters.js'
import { KeyEncoder } from './key-encoder.js'
import type { MemoryBudget } from './memory-budget.js'
import type { ParkedRecord, PreparedRecord } from './parked-record.js'
import { type ParkingLot } from './parking-lot.js'
import { UNDECIDED } from './partitioner.js'
import { Placed, type Placement } from './placement.js'
import {
  checkPartition,
  checkTimestamp,
  kindOf,
  toWireHeaders,
  type ProducerRecord,
} from './record.js'
import type { RecordMetadata } from './record-metadata.js'
import { isPromise, serializeWith } from './serialize-record.js'
import { ProducerTopic } from './topic.js'
import type { TopicDirectory } from './topic-directory.js'

export interface IntakeOptions<K, V> {
  readonly serializers: Serializers<K, V>
  readonly maxRequestSizeBytes: number
  readonly bufferMemoryBytes: number
  readonly maxBlockMs: number
  /** A user's function chooses partitions. */
  readonly hasPartitioner: boolean
}

export interface IntakeParts {
  readonly clock: Clock
  readonly directory: TopicDirectory
  readonly budget: MemoryBudget
  readonly placement: Placement
  readonly lot: ParkingLot
  /** No room: every open batch had better leave. */
  readonly onNoRoom: () => void
}

/** Appended, parked (and where), or no room and nothing taken. */
export type Submitted = 'appended' | 'full' | ParkedRecord

/** Stands in the record at hand before the first. */
const NO_TOPIC = new ProducerTopic('', { random: () => 0, batchSizeBytes: 1, isAdaptive: false })

/**
 * Where a field begins as a number, V8 keeps it as a double and makes a new number of it at each
 * read; begun like this, it hands on the one that the clock gave (measured: 16 bytes a record less).
 */
const UNBOXED = undefined as unknown as number

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const MAX_UTF8_BYTES_PER_UNIT = 3

export class Intake<K, V> {
  readonly #options: IntakeOptions<K, V>
  readonly #parts: IntakeParts
  readonly #keys = new KeyEncoder()
  /** The record at hand: filled anew by each submit, so that none is allocated. */
  readonly #record: PreparedRecord = emptyRecord(NO_TOPIC)
  #isServing = false
  #writableListeners: (() => void)[] = []

  constructor(options: IntakeOptions<K, V>, parts: IntakeParts) {
    this.#options = options
    this.#parts = parts
  }

  /**
   * Takes a record in. With `mayWait` (send) a record that finds no room waits for it; without
   * (enqueue) it is not taken: 'full'. Throws a DeliveryError where the record itself is at fault,
   * or too many wait already.
   */
  submit(
    input: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    mayWait: boolean,
  ): Submitted {
    checkRecord(input)
    const topic = this.#parts.directory.get(input.topic)
    try {
      const { headers: given } = input
      const timestamp = this.#timestampOf(input, topic.name)
      const partition = partitionOf(input, topic.name)
      const headers = given === undefined ? null : toWireHeaders(topic.name, given)
      const { serializers } = this.#options
      const key = serializeWith(serializers.key, 'key', input.key ?? null, topic.name)
      // Should the record not be parked after all (the value's serializer throws, too many wait),
      // nobody will look at what these come to.
      if (isPromise(key)) key.catch(() => {})
      const value = serializeWith(serializers.value, 'value', input.value, topic.name)
      if (isPromise(value)) value.catch(() => {})
      // From here on no code of the user's runs (but a partitioner, see #recordAtHand), so that a
      // serializer that sends a record of its own cannot change the one at hand.
      const record = this.#recordAtHand(topic)
      record.partition = partition
      record.timestamp = timestamp
      record.headers = headers
      record.callback = callback
      if (isPromise(key) || isPromise(value)) {
        return this.#parkUnserialized(record, key, value, mayWait)
      }
      this.#fill(record, key, value)
      return this.#admit(record, mayWait)
    } catch (error) {
      this.#parts.directory.dropIfUnused(topic)
      throw error
    }
  }

  /** A promise for the record of the last `submit`, which was 'appended'. */
  promiseOfLast(): Promise<RecordMetadata> {
    const batch = this.#parts.placement.queue?.open
    assert(batch !== null && batch !== undefined, 'a batch that took a record just now is open')
    return batch.promiseOfLast()
  }

  /** Places the record, or parks it where it must wait. */
  #admit(record: PreparedRecord, mayWait: boolean): Submitted {
    const { topic } = record
    if (!topic.isKnown || topic.parked.length > 0) return this.#park(record, mayWait)
    if (this.#parts.lot.waitingCount > 0) return mayWait ? this.#waitForRoom(record) : 'full'
    const placed = this.#parts.placement.place(record, false)
    if (placed === Placed.yes) return 'appended'
    if (placed === Placed.noSuchPartition) return this.#parkBeyond(record, mayWait)
    this.#parts.onNoRoom()
    return mayWait ? this.#waitForRoom(record) : 'full'
  }

  #timestampOf({ timestamp }: ProducerRecord<K, V>, topic: string): number {
    if (timestamp === undefined) return this.#parts.clock.now()
    checkTimestamp(topic, timestamp)
    return timestamp
  }

  /** One object for all; one of its own where a partitioner will be asked, which may send too. */
  #recordAtHand(topic: ProducerTopic): PreparedRecord {
    if (this.#options.hasPartitioner) return emptyRecord(topic)
    this.#record.topic = topic
    return this.#record
  }

  #fill(record: PreparedRecord, key: Serialized, value: Serialized): void {
    if (typeof key !== 'string') {
      record.key = key
      record.keyLength = key === null ? -1 : key.length
    } else if (this.#options.hasPartitioner) {
      record.key = Buffer.from(key)
      record.keyLength = record.key.length
    } else {
      this.#keys.encode(key)
      record.key = this.#keys.bytes
      record.keyLength = this.#keys.length
    }
    record.value = value
    this.#checkSize(record)
  }

  /** Java's limits, on the record's largest possible form before compression. */
  #checkSize(record: PreparedRecord): void {
    const { maxRequestSizeBytes, bufferMemoryBytes } = this.#options
    const largestBytes = bufferMemoryBytes - bufferSizeFor(0) // the room around a batch counts
    const limitBytes = Math.min(maxRequestSizeBytes, largestBytes)
    const { value, keyLength, headers, topic } = record
    const valueUnits = value === null ? 0 : value.length
    const roughBytes = keyLength + valueUnits * MAX_UTF8_BYTES_PER_UNIT + 100
    if (headers === null && roughBytes < limitBytes) return
    const sizeBytes = RECORD_BATCH_HEADER_BYTES + exactSizeBytes(record)
    if (sizeBytes <= limitBytes) return
    const option = maxRequestSizeBytes <= largestBytes ? 'maxRequestSizeBytes' : 'bufferMemoryBytes'
    throw new RecordTooLargeError(
      `a record for topic "${topic.name}" takes ${sizeBytes} bytes, and ${option} allows ${limitBytes}: raise the option (and the topic's max.message.bytes), or send smaller records`,
      { topic: topic.name },
    )
  }

  /** The key, safe from the next submit, which encodes its own into the same bytes. */
  #ownKey({ key, keyLength }: PreparedRecord): Uint8Array | null {
    if (key === null || !this.#keys.isScratch(key)) return key
    return Buffer.from(key.subarray(0, keyLength))
  }

  #park(record: PreparedRecord, mayWait: boolean): Submitted {
    const parked = this.#parts.lot.park(record, this.#ownKey(record), mayWait)
    if (parked === null) return 'full'
    record.topic.parked.push(parked)
    return parked
  }

  #parkBeyond(record: PreparedRecord, mayWait: boolean): Submitted {
    const parked = this.#parts.lot.park(record, this.#ownKey(record), mayWait)
    if (parked === null) return 'full'
    this.#moveBeyond(parked)
    return parked
  }

  #parkUnserialized(
    record: PreparedRecord,
    key: Serialized | Promise<Serialized>,
    value: Serialized | Promise<Serialized>,
    mayWait: boolean,
  ): Submitted {
    const { topic } = record
    record.key = null
    record.keyLength = -1
    record.value = null
    const parked = this.#parts.lot.park(record, null, mayWait)
    if (parked === null) return 'full'
    parked.isSerialized = false
    topic.parked.push(parked)
    void this.#whenSerialized(parked, key, value)
    return parked
  }

  async #whenSerialized(
    parked: ParkedRecord,
    key: Serialized | Promise<Serialized>,
    value: Serialized | Promise<Serialized>,
  ): Promise<void> {
    try {
      const [keyBytes, valueBytes] = await Promise.all([key, value])
      if (!parked.isSettled) {
        this.#fill(
          parked,
          typeof keyBytes === 'string' ? Buffer.from(keyBytes) : keyBytes,
          valueBytes,
        )
        this.#parts.lot.resize(parked)
        parked.isSerialized = true
      }
    } catch (error) {
      this.#parts.lot.settle(parked, error as DeliveryError)
    }
    this.pump(parked.topic)
  }

  #waitForRoom(record: PreparedRecord): Submitted {
    const parked = this.#parts.lot.parkWaiting(record, this.#ownKey(record))
    parked.isReady = true
    return parked
  }

  /** Places the topic's parked records as far as they can be; their order is kept. */
  pump(topic: ProducerTopic): void {
    if (!topic.isKnown) return
    this.#serving(() => {
      for (let first = topic.parked.peek(); first; first = topic.parked.peek()) {
        if (!first.isSettled && !first.isSerialized) break
        topic.parked.shift()
        if (first.isSettled) continue
        first.isReady = true
        if (!first.isWaiting) this.#placeParked(first)
      }
    })
    this.roomFreed()
  }

  /** The topic may have more partitions: records for one that it lacked may go now. */
  retryBeyond(topic: ProducerTopic): void {
    this.#serving(() => {
      for (let left = topic.beyond.length; left > 0; left--) {
        const parked = topic.beyond.shift()
        if (parked === undefined || parked.isSettled) continue
        if (parked.partition >= topic.partitionCount) topic.beyond.push(parked)
        else this.#placeParked(parked)
      }
    })
    this.roomFreed()
  }

  /** Memory came free: those who wait for room are served, then those who wait to be told of it. */
  roomFreed(): void {
    this.#serving(() => this.#parts.lot.serve((parked) => this.#placeParked(parked)))
    if (this.#writableListeners.length > 0 && this.isWritable) this.wakeWritable()
  }

  /**
   * Placing a record may fill a batch, whose compression frees memory, which calls `roomFreed`: the
   * second is left out while the first is at work, or one record would be placed amid another.
   */
  #serving(place: () => void): void {
    if (this.#isServing) return
    this.#isServing = true
    try {
      place()
    } finally {
      this.#isServing = false
    }
  }

  /** Everybody who waits to be told of room is told, whether there is any or not. */
  wakeWritable(): void {
    const listeners = this.#writableListeners
    this.#writableListeners = []
    for (const listener of listeners) listener()
  }

  /** False where there is no room; true where the record was placed, or settled otherwise. */
  #placeParked(parked: ParkedRecord): boolean {
    const { lot, placement } = this.#parts
    let placed: Placed
    try {
      placed = placement.place(parked, !parked.isWaiting)
    } catch (error) {
      lot.settle(parked, error as DeliveryError) // the user's partitioner threw
      return true
    }
    if (placed === Placed.noMemory) {
      this.#parts.onNoRoom()
      return false
    }
    if (placed === Placed.noSuchPartition) this.#moveBeyond(parked)
    else lot.placed(parked, placement.queue?.open ?? null)
    return true
  }

  /** The partition asked for does not exist (yet): the record waits apart, and holds up nobody. */
  #moveBeyond(parked: ParkedRecord): void {
    this.#parts.lot.take(parked)
    parked.topic.beyond.push(parked)
    this.#parts.directory.awaitPartitions(parked.topic)
  }

  /** True where what the last refused record needed is there, and nobody waits. */
  get isWritable(): boolean {
    const { availableBytes, totalBytes } = this.#parts.budget
    const { placement, lot } = this.#parts
    const wantedBytes = Math.max(placement.refusedBytes, lot.refusedBytes)
    return lot.waitingCount === 0 && availableBytes >= Math.min(totalBytes, wantedBytes)
  }

  /** Calls `listener` once there is room again. */
  onWritable(listener: () => void): void {
    this.#writableListeners.push(listener)
  }

  /** Takes back `onWritable`. */
  offWritable(listener: () => void): void {
    this.#writableListeners = this.#writableListeners.filter((other) => other !== listener)
  }

  /** The message for one that waited `maxBlockMs` in vain. */
  timeoutError(parked: ParkedRecord): DeliveryError {
    const { topic, partition, isSerialized } = parked
    const { maxBlockMs } = this.#options
    if (!isSerialized) {
      return new BufferFullError(
        `topic "${topic.name}": a serializer was not done within maxBlockMs (${maxBlockMs} ms)`,
        { topic: topic.name },
      )
    }
    if (!topic.isKnown) return this.#parts.directory.unavailable(topic.name, maxBlockMs)
    if (partition >= topic.partitionCount) {
      return new TopicUnavailableError(
        `topic "${topic.name}" has ${topic.partitionCount} partitions (0 to ${topic.partitionCount - 1}), and still no partition ${partition} after maxBlockMs (${maxBlockMs} ms)`,
        { topic: topic.name, partition },
      )
    }
    return new BufferFullError(
      `topic "${topic.name}": no room in bufferMemoryBytes (${this.#options.bufferMemoryBytes}) within maxBlockMs (${maxBlockMs} ms): the brokers take records more slowly than they are sent`,
      { topic: topic.name },
    )
  }
}

function partitionOf({ partition }: { partition?: number | undefined }, topic: string): number {
  return partition === undefined ? UNDECIDED : checkPartition(topic, partition)
}

function emptyRecord(topic: ProducerTopic): PreparedRecord {
  return {
    topic,
    partition: UNDECIDED,
    timestamp: UNBOXED,
    key: null,
    keyLength: -1,
    value: null,
    headers: null,
    callback: null,
    resolve: null,
  }
}

function checkRecord(input: { topic?: unknown; value?: unknown } | null | undefined): void {
  if (input === null || typeof input !== 'object') {
    throw new InvalidRecordError(
      `a record is an object { topic, value, … }, and this is ${kindOf(input)}`,
    )
  }
  if (input.value === undefined) {
    const topic = typeof input.topic === 'string' ? input.topic : undefined
    throw new InvalidRecordError(
      `a record for topic "${String(input.topic)}" has no value: give one, or null for a tombstone`,
      { topic },
    )
  }
}
