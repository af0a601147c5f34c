/**
 * The way in: turns what the user gives into bytes and appends it, at once where that is possible;
 * else the record waits in line.
 *
 *   submit --> topic known, serialized, room? --yes--> placement        (before submit returns)
 *                 | topic not known yet, or its serializer is not done: topic.taken, in order
 *                 | no room, or others wait for it: topic.waiting, in order
 *                 +--> later --> placement
 *
 * A record for a topic with parked records parks behind them, and one that finds others waiting for
 * room waits behind them: so the order of a partition is the order of the calls.
 *
 * User code (getters of a record, serializers, a partitioner) may throw what it likes: that is its
 * record's error. Whatever else is thrown here is a defect of ours, and told to `onBroken`.
 *
 * Before: producer.ts. After: placement.ts.
 */
import { assert } from '../../assert.js'
import type { Clock } from '../../clock.js'
import { InvalidRecordError, DeliveryError, RecordTooLargeError } from '../../errors.js'
import { bufferSizeFor, RECORD_BATCH_HEADER_BYTES } from '../../protocol/record-batch.js'
import type { Serialized, Serializers } from '../../serialization/serializer.js'
import { exactSizeBytes } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { DeliveryCallback } from './delivery-callback.js'
import { failedError, notTaken } from './call-checks.js'
import { KeyEncoder } from './key-encoder.js'
import type { Line } from '../collections/line.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import { ownBytes, type ParkedRecord, type PreparedRecord } from '../waiting/parked-record.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import { UNDECIDED } from '../partitioning/partitioner.js'
import { Placed, type Placement } from '../partitioning/placement.js'
import { checkFields } from './record-fields.js'
import {
  checkPartition,
  checkTimestamp,
  kindOf,
  toWireHeaders,
  type ProducerRecord,
} from './record.js'
import { GroupRest, type FedRecord, type RecordGroup } from './record-group.js'
import type { RecordMetadata } from '../batching/record-metadata.js'
import { NOT_ITS_TURN, RoomWatch, type Refusal } from '../waiting/room-watch.js'
import { isPromise, serializeWith } from './serialize-record.js'
import { Serving } from '../waiting/serving.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'

export interface IntakeOptions<K, V> {
  readonly serializers: Serializers<K, V>
  readonly maxRequestSizeBytes: number
  readonly bufferMemoryBytes: number
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
  /** A rule of our own does not hold: nothing can be relied on any more. */
  readonly onBroken: (error: unknown) => void
}

/**
 * What becomes of a record that finds no room: it is not taken (enqueue), or waits (send, sendAll).
 * One that is fed is the next of a group whose turn it is, and passes those who wait.
 */
export type WithoutRoom = 'refuse' | 'wait' | 'wait in group' | 'fed'

/** Appended, parked (and where), or no room and nothing taken. */
export type Submitted = 'appended' | 'full' | ParkedRecord

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
  #record: PreparedRecord | null = null
  /** Who waits to be told of room. */
  readonly room: RoomWatch
  /** Places what is parked. */
  readonly serving: Serving

  constructor(options: IntakeOptions<K, V>, parts: IntakeParts) {
    this.#options = options
    this.#parts = parts
    this.room = new RoomWatch(parts.budget, parts.lot)
    const feed = (rest: GroupRest): void => this.#feed(rest)
    this.serving = new Serving({ ...parts, room: this.room, feed })
  }

  /**
   * Takes a record in. One that finds no room waits for it (send), or is not taken: 'full' (enqueue).
   * Throws a DeliveryError where the record itself is at fault, too many wait already, or we are
   * (FatalError, after `onBroken`); anything else is thrown by the user's own code.
   */
  submit(
    input: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    withoutRoom: WithoutRoom,
  ): Submitted {
    checkRecord(input)
    const topic = this.#parts.directory.get(input.topic)
    let isOurs = false
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
      isOurs = true
      const record = this.#recordAtHand(topic)
      record.partition = partition
      record.timestamp = timestamp
      record.headers = headers
      record.callback = callback
      if (isPromise(key) || isPromise(value)) {
        return this.#parkUnserialized(record, key, value, withoutRoom)
      }
      this.#fill(record, key, value)
      return this.#admit(record, withoutRoom)
    } catch (error) {
      this.#parts.directory.dropIfUnused(topic)
      if (!isOurs || error instanceof DeliveryError) throw error
      this.#parts.onBroken(error)
      throw failedError(error, topic.name)
    }
  }

  /** A promise for the record of the last `submit`, which was 'appended'. */
  promiseOfLast(): Promise<RecordMetadata> {
    return this.#batchOfLast().promiseOfLast()
  }

  #batchOfLast(): ProducerBatch {
    const batch = this.#parts.placement.queue?.open
    assert(batch !== null && batch !== undefined, 'a batch that took a record just now is open')
    return batch
  }

  /**
   * Takes in records of a group from `place` on, as far as there is room; what is left waits, to be
   * fed in order as room comes. What a record's own fault is, the group is told.
   */
  submitGroup(
    records: readonly ProducerRecord<K, V>[],
    group: RecordGroup,
    assertOpen: (record: { readonly topic?: string } | null) => void,
  ): void {
    for (let place = 0; place < records.length; place++) {
      const record = records[place] as ProducerRecord<K, V> // or whatever the user gave
      try {
        assertOpen(record)
      } catch (error) {
        group.failed(place, notTaken(error))
        continue
      }
      const submitted = this.#submitOfGroup(record, group, place, 'wait in group')
      if (typeof submitted !== 'object' || !submitted.isWaiting) continue
      this.#parkRests(records, place + 1, group, submitted)
      return
    }
  }

  /** Where the record went; 'full' where it was not taken, which the group was told. */
  #submitOfGroup(
    record: ProducerRecord<K, V>,
    group: RecordGroup,
    place: number,
    withoutRoom: WithoutRoom,
  ): Submitted {
    try {
      const submitted = this.submit(record, null, withoutRoom)
      if (typeof submitted === 'object') submitted.callback = group.callbackFor(place)
      else this.#batchOfLast().groupLast(group, place)
      return submitted
    } catch (error) {
      group.failed(place, notTaken(error))
      return 'full'
    }
  }

  /** What is left from place `from` on waits behind `first`, each topic's in a line of its own. */
  #parkRests(
    records: readonly ProducerRecord<K, V>[],
    from: number,
    group: RecordGroup,
    first: ParkedRecord,
  ): void {
    const rests = new Map<ProducerTopic, GroupRest>()
    const now = (): number => this.#parts.clock.now()
    for (let place = from; place < records.length; place++) {
      try {
        const record = records[place] as ProducerRecord<unknown, unknown>
        checkRecord(record)
        const topic = this.#parts.directory.get(record.topic)
        const rest = rests.get(topic) ?? new GroupRest(topic, group)
        rests.set(topic, rest)
        rest.add(record, place, now)
      } catch (error) {
        group.failed(place, notTaken(error))
      }
    }
    first.rest = rests.get(first.topic) ?? null
    for (const rest of rests.values()) if (rest.count > 0) this.#parts.lot.parkRest(rest)
    this.serving.roomFreed()
  }

  /** Places the record, or parks it where it must wait. */
  #admit(record: PreparedRecord, withoutRoom: WithoutRoom): Submitted {
    const { topic } = record
    if (!topic.isKnown || topic.taken.length > 0) {
      return this.#park(record, true, topic.taken, withoutRoom)
    }
    const { lot, placement } = this.#parts
    if (lot.mustWait(topic) && withoutRoom !== 'fed') {
      return this.#without(record, true, withoutRoom, NOT_ITS_TURN)
    }
    placement.choose(record)
    const placed = placement.place(record)
    if (placed === Placed.yes) return 'appended'
    if (placed === Placed.noSuchPartition) {
      return this.#park(record, true, topic.beyond, withoutRoom)
    }
    this.#parts.onNoRoom()
    return this.#without(record, true, withoutRoom, placement)
  }

  #timestampOf({ timestamp }: ProducerRecord<K, V>, topic: string): number {
    if (timestamp === undefined) return this.#parts.clock.now()
    checkTimestamp(topic, timestamp)
    return timestamp
  }

  /** One object for all; one of its own where a partitioner will be asked, which may send too. */
  #recordAtHand(topic: ProducerTopic): PreparedRecord {
    if (this.#options.hasPartitioner) return emptyRecord(topic)
    const record = (this.#record ??= emptyRecord(topic))
    record.topic = topic
    return record
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

  #park(
    record: PreparedRecord,
    isSerialized: boolean,
    line: Line<ParkedRecord>,
    withoutRoom: WithoutRoom,
  ): Submitted {
    const { lot, directory } = this.#parts
    const { topic } = record
    const parked = lot.park(record, isSerialized, line, withoutRoom === 'fed')
    if (parked === null) return this.#without(record, isSerialized, withoutRoom, lot)
    if (line === topic.beyond) directory.awaitPartitions(topic)
    return parked
  }

  #without(
    record: PreparedRecord,
    isSerialized: boolean,
    withoutRoom: WithoutRoom,
    why: Refusal,
  ): Submitted {
    const { lot } = this.#parts
    if (withoutRoom === 'fed') return lot.parkFed(record, isSerialized)
    if (withoutRoom !== 'refuse') {
      const isSend = withoutRoom === 'wait'
      return lot.parkWaiting(record, isSerialized, { isHeldBack: why.isHeldBack, isSend })
    }
    this.room.refused(record.topic, why)
    return 'full'
  }

  #parkUnserialized(
    record: PreparedRecord,
    key: Serialized | Promise<Serialized>,
    value: Serialized | Promise<Serialized>,
    withoutRoom: WithoutRoom,
  ): Submitted {
    record.key = null
    record.keyLength = -1
    record.value = null
    const parked = this.#park(record, false, record.topic.taken, withoutRoom)
    if (typeof parked === 'object')
      void this.#whenSerialized(parked, ownBytes(key), ownBytes(value))
    return parked
  }

  async #whenSerialized(
    parked: ParkedRecord,
    key: Serialized | Promise<Serialized>,
    value: Serialized | Promise<Serialized>,
  ): Promise<void> {
    const { lot } = this.#parts
    let parts: [Serialized, Serialized]
    try {
      parts = await Promise.all([key, value])
    } catch (error) {
      lot.settle(parked, notTaken(error))
      return
    }
    if (parked.isSettled) return
    this.#takeSerialized(parked, parts)
    this.serving.moveOn(parked.topic)
    if (parked.line !== null) parked.ownBytes() // it waits on, and its serializer may use them again
  }

  #takeSerialized(parked: ParkedRecord, [key, value]: [Serialized, Serialized]): void {
    try {
      this.#fill(parked, typeof key === 'string' ? Buffer.from(key) : key, value)
      this.#parts.lot.serialized(parked)
    } catch (error) {
      if (error instanceof DeliveryError) this.#parts.lot.settle(parked, error)
      else this.#parts.onBroken(error)
    }
  }

  /** A record of the group whose turn it is comes in, in front of what is left of it. */
  #feed(rest: GroupRest): void {
    const fed = rest.take()
    if (fed !== undefined) this.#submitFed(fed, rest)
    this.#parts.lot.fed(rest)
  }

  #submitFed({ record, place }: FedRecord, rest: GroupRest): void {
    const input = record as ProducerRecord<K, V> // as it was given to sendAll
    const submitted = this.#submitOfGroup(input, rest.group, place, 'fed')
    if (typeof submitted === 'object' && submitted.isWaiting) submitted.rest = rest
    else if (rest.topic.isKnown) this.#parts.lot.movedOn(rest)
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
    reservedBytes: 0,
  }
}

function checkRecord(input: { topic?: unknown; value?: unknown } | null | undefined): void {
  if (input === null || typeof input !== 'object') {
    throw new InvalidRecordError(
      `a record is an object { topic, value, … }, and this is ${kindOf(input)}`,
    )
  }
  checkFields(input)
  if (input.value === undefined) {
    const topic = typeof input.topic === 'string' ? input.topic : undefined
    throw new InvalidRecordError(
      `a record for topic "${String(input.topic)}" has no value: give one, or null for a tombstone`,
      { topic },
    )
  }
}
