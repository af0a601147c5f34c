/**
 * The way in: a record is checked and serialized (record-preparer.ts), then placed in a batch or parked
 * (admission.ts), before the call returns; the records of a `sendAll` one after another
 * (group-feeder.ts).
 *
 * User code (getters of a record, serializers, a partitioner) may throw what it likes: that is its
 * record's error. Whatever else is thrown here is a defect of ours, and told to `onBroken`.
 *
 * Before: producer.ts. After: placement.ts.
 */
import { assert } from '../../assert.js'
import type { Clock } from '../../clock.js'
import { DeliveryError } from '../../errors.js'
import type { Serializers } from '../../serialization/serializer.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { Observer } from '../observer.js'
import type { Placement } from '../partitioning/placement.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import { NOT_ITS_TURN, RoomWatch } from '../waiting/room-watch.js'
import { Serving, type Lingering } from '../waiting/serving.js'
import { Admission, type Submitted, type WithoutRoom } from './admission.js'
import { failedError } from './call-checks.js'
import type { Gathering } from './gathering.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import { GroupFeeder, type Entrance, type Prepared } from './group-feeder.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import { checkRecord } from '../records/record-fields.js'
import type { RecordGroup } from '../records/record-group.js'
import { RecordLimit, type RecordLimitOptions } from '../records/record-limit.js'
import { RecordPreparer } from '../records/record-preparer.js'
import type { LaterParts } from '../records/serializer-call.js'
import type { ProducerRecord } from '../records/record.js'

export interface IntakeOptions<K, V> extends RecordLimitOptions {
  readonly serializers: Serializers<K, V>
  /** A user's function chooses partitions. */
  readonly partitioner: unknown
  readonly maxBlockMs: number
}

export interface IntakeParts {
  readonly clock: Clock
  readonly directory: TopicDirectory
  readonly budget: MemoryBudget
  readonly placement: Placement
  readonly lot: ParkingLot
  readonly accumulator: Lingering
  readonly gathering: Gathering
  readonly observer: Observer
  /** A rule of our own does not hold: nothing can be relied on any more. */
  readonly onBroken: (error: unknown) => void
  /** A record was not taken, for a reason that is not its own: too many wait. */
  readonly onRefused?: ((error: DeliveryError) => void) | undefined
}

export class Intake<K, V> implements Entrance<K, V> {
  readonly #clock: Clock
  readonly #directory: TopicDirectory
  readonly #lot: ParkingLot
  readonly #placement: Placement
  readonly #gathering: Gathering
  readonly #onBroken: (error: unknown) => void
  readonly #onRefused: IntakeParts['onRefused']
  readonly #preparer: RecordPreparer<K, V>
  readonly #admission: Admission
  readonly #feeder: GroupFeeder<K, V>
  /** Who waits to be told of room. */
  readonly room: RoomWatch
  /** Places what is parked. */
  readonly serving: Serving

  constructor(options: IntakeOptions<K, V>, parts: IntakeParts) {
    const { clock, directory, placement, lot, onBroken } = parts
    this.#clock = clock
    this.#directory = directory
    this.#lot = lot
    this.#placement = placement
    this.#gathering = parts.gathering
    this.#onBroken = onBroken
    this.#onRefused = parts.onRefused
    this.room = new RoomWatch(options, parts)
    this.#feeder = new GroupFeeder(this, directory, lot)
    this.serving = new Serving({ ...parts, room: this.room, feeder: this.#feeder })
    lot.attach(this.serving)
    this.#preparer = new RecordPreparer(
      options.serializers,
      options.partitioner !== undefined,
      clock,
    )
    const limit = new RecordLimit(options)
    this.#admission = new Admission({ ...parts, room: this.room, serving: this.serving, limit })
  }

  /**
   * Takes a record in. One that finds no room waits for it (send), or is not taken: 'full' (enqueue).
   * `callTimeMs` and `turn` are those of the call, where they were read already. Throws a DeliveryError where
   * the record may not come in (its own fault, too many wait, its transaction has ended), or we are at fault
   * (FatalError, after `onBroken`); anything else is thrown by the user's own code.
   */
  submit(
    input: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    withoutRoom: WithoutRoom,
    callTimeMs?: number,
    turn = this.#gathering.turn,
  ): Submitted {
    checkRecord(input)
    const topic = this.#directory.get(input.topic)
    const preparer = this.#preparer
    const isShared = preparer.claim()
    let isOurs = false
    try {
      const record = preparer.prepare(input, topic, callTimeMs, isShared)
      isOurs = true
      this.#gathering.check(turn, withoutRoom === 'fed')
      record.callback = callback
      return this.#admit(record, preparer.later, withoutRoom)
    } catch (error) {
      throw this.#failed(error, isOurs, topic)
    } finally {
      if (isShared) preparer.release()
    }
  }

  prepare(input: ProducerRecord<K, V>, callTimeMs: number): Prepared {
    checkRecord(input)
    const topic = this.#directory.get(input.topic)
    try {
      const prepared = this.#preparer.prepare(input, topic, callTimeMs, false)
      return { prepared, later: this.#preparer.later }
    } catch (error) {
      throw this.#failed(error, false, topic)
    }
  }

  submitPrepared({ prepared, later }: Prepared, withoutRoom: WithoutRoom): Submitted {
    try {
      return this.#admit(prepared, later, withoutRoom)
    } catch (error) {
      throw this.#failed(error, true, prepared.topic)
    }
  }

  /** Who comes now for that topic would stand behind others; then `room` waits for that topic. */
  isBehindOthers(topicName: string): boolean {
    const lot = this.#lot
    if (!lot.hasWaiting) return false
    const topic = this.#directory.topics.get(topicName) ?? null
    if (!(topic === null ? lot.isCrowded : lot.mustWait(topic))) return false
    this.room.refused(topic, NOT_ITS_TURN)
    return true
  }

  #admit(record: PreparedRecord, later: LaterParts | null, withoutRoom: WithoutRoom): Submitted {
    if (later === null) return this.#admission.admit(record, withoutRoom)
    return this.#admission.admitUnserialized(record, later, withoutRoom)
  }

  #failed(error: unknown, isOurs: boolean, topic: ProducerTopic): unknown {
    this.#directory.dropIfUnused(topic)
    if (error instanceof DeliveryError) this.#onRefused?.(error)
    if (!isOurs || error instanceof DeliveryError) return error
    this.#onBroken(error)
    return failedError(error, topic.name)
  }

  /** A promise for the record of the last `submit`, which was 'appended'. */
  promiseOfLast(): Promise<RecordMetadata> {
    return this.batchOfLast().promiseOfLast()
  }

  batchOfLast(): ProducerBatch {
    const batch = this.#placement.queue?.open
    assert(batch !== null && batch !== undefined, 'a batch that took a record just now is open')
    return batch
  }

  /** Takes in the records of a group as far as there is room; what is left waits. */
  submitGroup(
    records: readonly ProducerRecord<K, V>[],
    group: RecordGroup,
    assertOpen: (record: { readonly topic?: string } | null) => void,
  ): void {
    this.#feeder.submit(records, group, this.#clock.now(), assertOpen)
  }
}
