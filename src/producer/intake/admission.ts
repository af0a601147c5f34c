/**
 * Lets a prepared record in: it is placed at once where that is possible, else it waits.
 *
 *   admit --> topic known, serialized, room? --yes--> placement
 *                | topic not known yet, or its serializer is not done: topic.taken, in order
 *                | no room, or others wait for it: topic.waiting, in order
 *                +--> later --> placement (serving.ts)
 *
 * A record for a topic with parked records parks behind them, and one that finds others waiting for
 * room waits behind them: so the order of a partition is the order of the calls.
 *
 * Before: intake.ts. After: placement.ts, or parking-lot.ts.
 */
import { DeliveryError } from '../../errors.js'
import type { Line } from '../collections/line.js'
import { Placed, type Placement } from '../partitioning/placement.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import { NOT_ITS_TURN, type Refusal, type RoomWatch } from '../waiting/room-watch.js'
import type { Lingering, Serving } from '../waiting/serving.js'
import { notTaken } from './call-checks.js'
import type { Gathering } from './gathering.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import type { RecordLimit } from '../records/record-limit.js'
import { setKey } from '../records/record-preparer.js'
import { addHeaders, type LaterParts } from '../records/serializer-call.js'

/**
 * What becomes of a record that finds no room: it is not taken (enqueue), or waits (send, sendAll).
 * One that is fed is the next of a group whose turn it is, and passes those who wait.
 */
export type WithoutRoom = 'refuse' | 'wait' | 'wait in group' | 'fed'

/** Appended, parked (and where), or no room and nothing taken. */
export type Submitted = 'appended' | 'full' | ParkedRecord

export interface AdmissionParts {
  readonly limit: RecordLimit
  readonly directory: TopicDirectory
  readonly placement: Placement
  readonly lot: ParkingLot
  readonly room: RoomWatch
  readonly serving: Serving
  readonly accumulator: Lingering
  readonly gathering: Gathering
  readonly onBroken: (error: unknown) => void // a rule of our own does not hold
}

export class Admission {
  readonly #parts: AdmissionParts
  readonly #limit: RecordLimit
  readonly #lot: ParkingLot
  readonly #placement: Placement

  constructor(parts: AdmissionParts) {
    this.#parts = parts
    this.#limit = parts.limit
    this.#lot = parts.lot
    this.#placement = parts.placement
  }

  /** Places the record, or parks it where it must wait. Throws a DeliveryError for one that may not. */
  admit(record: PreparedRecord, withoutRoom: WithoutRoom): Submitted {
    this.#limit.check(record)
    const { topic } = record
    if (!topic.isKnown || topic.taken.length > 0)
      return this.#park(record, true, topic.taken, withoutRoom)
    if (this.#lot.mustWait(topic) && withoutRoom !== 'fed')
      return this.#without(record, true, withoutRoom, NOT_ITS_TURN)
    const placement = this.#placement
    const { turn } = this.#parts.gathering
    placement.choose(record)
    this.#parts.gathering.check(turn, withoutRoom === 'fed') // a partitioner may have ended it
    const placed = placement.place(record)
    if (placed === Placed.yes) return 'appended'
    if (placed === Placed.noSuchPartition)
      return this.#park(record, true, topic.beyond, withoutRoom)
    this.#parts.accumulator.releaseLingering(Infinity) // every open batch had better leave
    return this.#without(record, true, withoutRoom, placement)
  }

  /** Lets in a record whose serializer is not done: it keeps its place in the order. */
  admitUnserialized(
    record: PreparedRecord,
    later: LaterParts,
    withoutRoom: WithoutRoom,
  ): Submitted {
    const parked = this.#park(record, false, record.topic.taken, withoutRoom)
    if (typeof parked === 'object') void this.#whenSerialized(parked, later)
    return parked
  }

  #park(
    record: PreparedRecord,
    isSerialized: boolean,
    line: Line<ParkedRecord>,
    withoutRoom: WithoutRoom,
  ): Submitted {
    const lot = this.#lot
    const { topic } = record
    const parked = lot.park(record, isSerialized, line, withoutRoom === 'fed')
    if (parked === null) return this.#without(record, isSerialized, withoutRoom, lot)
    if (line === topic.beyond) this.#parts.directory.awaitPartitions(topic)
    return parked
  }

  #without(
    record: PreparedRecord,
    isSerialized: boolean,
    withoutRoom: WithoutRoom,
    why: Refusal,
  ): Submitted {
    if (withoutRoom === 'fed') return this.#lot.parkFed(record, isSerialized)
    this.#parts.room.foundNone()
    if (withoutRoom !== 'refuse') {
      const isSend = withoutRoom === 'wait'
      return this.#lot.parkWaiting(record, isSerialized, { isHeldBack: why.isHeldBack, isSend })
    }
    this.#parts.room.refused(record.topic, why)
    return 'full'
  }

  async #whenSerialized(parked: ParkedRecord, later: LaterParts): Promise<void> {
    let parts: Awaited<LaterParts>
    try {
      parts = await later
    } catch (error) {
      this.#lot.settle(parked, notTaken(error))
      return
    }
    if (parked.isSettled) return
    this.#takeSerialized(parked, parts)
    this.#parts.serving.moveOn(parked.topic)
    if (parked.line !== null) parked.ownBytes() // it waits on, and its serializer may use them again
  }

  #takeSerialized(parked: ParkedRecord, [key, value, calls]: Awaited<LaterParts>): void {
    try {
      addHeaders(parked, calls)
      setKey(parked, typeof key === 'string' ? Buffer.from(key) : key)
      parked.value = value
      this.#limit.check(parked)
      this.#lot.serialized(parked)
    } catch (error) {
      if (error instanceof DeliveryError) this.#lot.settle(parked, error)
      else this.#parts.onBroken(error)
    }
  }
}
