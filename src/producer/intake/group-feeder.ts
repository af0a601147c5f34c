/**
 * Takes in the records of a `sendAll`, as far as there is room. What is left waits as a whole, each
 * topic's in a line of its own, and is fed in order as room comes.
 *
 * Before: intake.ts; serving.ts, when it is the turn of what is left.
 */
import type { ProducerBatch } from '../batching/batch.js'
import type { DeliveryCallback } from './delivery-callback.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import type { Serving } from '../waiting/serving.js'
import type { Submitted, WithoutRoom } from './admission.js'
import { notTaken } from './call-checks.js'
import { checkRecord } from './record-fields.js'
import { GroupRest, type FedRecord } from '../waiting/group-rest.js'
import type { RecordGroup } from './record-group.js'
import type { ProducerRecord } from './record.js'

/** Where each record goes in. */
export interface Entrance<K, V> {
  readonly serving: Serving
  submit(
    input: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    withoutRoom: WithoutRoom,
    callTimeMs?: number,
  ): Submitted
  /** The batch of the last record, which was 'appended'. */
  batchOfLast(): ProducerBatch
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
    for (let place = 0; place < records.length; place++) {
      const record = records[place] as ProducerRecord<K, V> // or whatever the user gave
      try {
        assertOpen(record)
      } catch (error) {
        group.failed(place, notTaken(error))
        continue
      }
      const submitted = this.#submitOne(record, group, place, 'wait in group', callTimeMs)
      if (typeof submitted !== 'object' || !submitted.isWaiting) continue
      this.#parkRests(records, place + 1, group, callTimeMs, submitted)
      return
    }
  }

  /** Where the record went; 'full' where it was not taken, which the group was told. */
  #submitOne(
    record: ProducerRecord<K, V>,
    group: RecordGroup,
    place: number,
    withoutRoom: WithoutRoom,
    callTimeMs?: number,
  ): Submitted {
    try {
      const submitted = this.#entrance.submit(record, null, withoutRoom, callTimeMs)
      if (typeof submitted === 'object') submitted.callback = group.callbackFor(place)
      else this.#entrance.batchOfLast().groupLast(group, place)
      return submitted
    } catch (error) {
      group.failed(place, notTaken(error))
      return 'full'
    }
  }

  /** What is left from place `from` on waits behind `first`. */
  #parkRests(
    records: readonly ProducerRecord<K, V>[],
    from: number,
    group: RecordGroup,
    callTimeMs: number,
    first: ParkedRecord,
  ): void {
    const rests = new Map<ProducerTopic, GroupRest>()
    for (let place = from; place < records.length; place++) {
      try {
        const record = records[place] as ProducerRecord<unknown, unknown>
        checkRecord(record)
        const topic = this.#directory.get(record.topic)
        const rest = rests.get(topic) ?? new GroupRest(topic, group)
        rests.set(topic, rest)
        rest.add(record, place, callTimeMs)
      } catch (error) {
        group.failed(place, notTaken(error))
      }
    }
    first.rest = rests.get(first.topic) ?? null
    for (const rest of rests.values()) if (rest.count > 0) this.#lot.parkRest(rest)
    this.#entrance.serving.roomFreed()
  }

  /** A record of the group whose turn it is comes in, in front of what is left of it. */
  feed(rest: GroupRest): void {
    const fed = rest.take()
    if (fed !== undefined) this.#submitFed(fed, rest)
    this.#lot.fed(rest)
  }

  #submitFed({ record, place }: FedRecord, rest: GroupRest): void {
    const input = record as ProducerRecord<K, V> // as it was given to sendAll
    const submitted = this.#submitOne(input, rest.group, place, 'fed')
    if (typeof submitted === 'object' && submitted.isWaiting) submitted.rest = rest
    else if (rest.topic.isKnown) this.#lot.movedOn(rest)
  }
}
