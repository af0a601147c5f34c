/**
 * Takes in the records of a `sendAll`, as far as there is room. What is left waits as a whole, each
 * topic's in a line of its own, and is fed in order as room comes.
 *
 * Before: intake.ts; serving.ts, when it is the turn of what is left.
 */
import type { ProducerBatch } from '../batching/batch.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import type { Serving } from '../waiting/serving.js'
import type { Submitted, WithoutRoom } from './admission.js'
import { notTaken } from './call-checks.js'
import { checkRecord } from '../records/record-fields.js'
import { GroupRest, type FedRecord } from '../waiting/group-rest.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import type { LaterParts } from '../records/serializer-call.js'
import type { RecordGroup } from '../records/record-group.js'
import type { ProducerRecord } from '../records/record.js'

/** Where each record goes in. */
export interface Entrance<K, V> {
  readonly serving: Serving
  submit(
    input: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    withoutRoom: WithoutRoom,
    callTimeMs?: number,
  ): Submitted
  /** Checks and serializes a record, for `submitPrepared`; throws as `submit` does. */
  prepare(input: ProducerRecord<K, V>, callTimeMs: number): Prepared
  submitPrepared(prepared: Prepared, withoutRoom: WithoutRoom): Submitted
  /** The batch of the last record, which was 'appended'. */
  batchOfLast(): ProducerBatch
}

/** A record, and what its serializers come to where they are not done. */
export interface Prepared {
  readonly prepared: PreparedRecord
  readonly later: LaterParts | null
}

/** Throws where the producer takes no more records. */
type AssertOpen = (record: { readonly topic?: string } | null) => void

export class GroupFeeder<K, V> {
  readonly #entrance: Entrance<K, V>
  readonly #directory: TopicDirectory
  readonly #lot: ParkingLot

  constructor(entrance: Entrance<K, V>, directory: TopicDirectory, lot: ParkingLot) {
    this.#entrance = entrance
    this.#directory = directory
    this.#lot = lot
  }

  /** `callTimeMs` is the timestamp of records without one. What a record's own fault is, the group is told. */
  submit(
    records: readonly ProducerRecord<K, V>[],
    group: RecordGroup,
    callTimeMs: number,
    assertOpen: AssertOpen,
  ): void {
    for (let place = 0; place < group.count; place++) {
      const record = records[place] as ProducerRecord<K, V> // or whatever the user gave
      try {
        assertOpen(record)
      } catch (error) {
        group.failed(place, notTaken(error))
        continue
      }
      const submitted = this.#submitOne(record, group, place, callTimeMs)
      if (typeof submitted !== 'object' || !submitted.isWaiting) continue
      this.#parkRests(records, place + 1, group, callTimeMs, submitted, assertOpen)
      return
    }
  }

  /** Where the record went; 'full' where it was not taken, which the group was told. */
  #submitOne(
    record: ProducerRecord<K, V>,
    group: RecordGroup,
    place: number,
    callTimeMs: number,
  ): Submitted {
    try {
      const submitted = this.#entrance.submit(record, null, 'wait in group', callTimeMs)
      this.#belongs(submitted, group, place)
      return submitted
    } catch (error) {
      group.failed(place, notTaken(error))
      return 'full'
    }
  }

  /** The group is told of it. */
  #belongs(submitted: Submitted, group: RecordGroup, place: number): void {
    if (typeof submitted === 'object') submitted.callback = group.callbackFor(place)
    else this.#entrance.batchOfLast().groupLast(group, place)
  }

  /**
   * What is left from place `from` on waits behind `first`: serialized, so that the user may change his
   * objects. But from the first record on whose serializer is asynchronous that is left to the feeding: or as
   * many would be at work at a time as the user has records.
   */
  #parkRests(
    records: readonly ProducerRecord<K, V>[],
    from: number,
    group: RecordGroup,
    callTimeMs: number,
    first: ParkedRecord,
    assertOpen: AssertOpen,
  ): void {
    const rests = new Map<ProducerTopic, GroupRest>()
    const restOf = (topic: ProducerTopic): GroupRest => {
      const rest = rests.get(topic) ?? new GroupRest(topic, group)
      rests.set(topic, rest)
      return rest
    }
    let isAsync = !first.isSerialized
    for (let place = from; place < group.count; place++) {
      const record = records[place] as ProducerRecord<K, V> // or whatever the user gave
      try {
        assertOpen(record)
        if (isAsync) {
          checkRecord(record)
          restOf(this.#directory.get(record.topic)).addUnserialized(record, place, callTimeMs)
        } else {
          const { prepared, later } = this.#entrance.prepare(record, callTimeMs)
          isAsync = later !== null
          restOf(prepared.topic).add(prepared, later, place)
        }
      } catch (error) {
        group.failed(place, notTaken(error))
      }
    }
    first.rest = rests.get(first.topic) ?? null
    this.#parkAll([...rests.values()], assertOpen)
  }

  #parkAll(rests: readonly GroupRest[], assertOpen: AssertOpen): void {
    try {
      assertOpen(null) // the user's code, which has run meanwhile, may have closed the producer
      for (const rest of rests) if (rest.count > 0) this.#lot.parkRest(rest)
    } catch (error) {
      for (const rest of rests) rest.fail(notTaken(error))
    }
    this.#entrance.serving.roomFreed()
  }

  /** A record of the group whose turn it is comes in, in front of what is left of it. */
  feed(rest: GroupRest): void {
    const fed = rest.take()
    if (fed !== undefined) this.#submitFed(fed, rest)
    this.#lot.fed(rest)
  }

  #feedOne(fed: FedRecord, group: RecordGroup): Submitted {
    const entrance = this.#entrance
    try {
      const submitted =
        'prepared' in fed
          ? entrance.submitPrepared(fed, 'fed')
          : entrance.submit(fed.input as ProducerRecord<K, V>, null, 'fed') // as it was given
      this.#belongs(submitted, group, fed.place)
      return submitted
    } catch (error) {
      group.failed(fed.place, notTaken(error))
      return 'full'
    }
  }

  #submitFed(fed: FedRecord, rest: GroupRest): void {
    const submitted = this.#feedOne(fed, rest.group)
    if (typeof submitted === 'object') this.#lot.waitsOn(submitted, rest)
    const isWaiting = typeof submitted === 'object' && submitted.isWaiting
    if (!isWaiting && rest.topic.isKnown) this.#lot.movedOn(rest)
  }
}
