/**
 * Places what is parked, as far as it can be: when a topic is known, a serializer is done, memory
 * comes free. One loop does it, whatever has happened, and in an order that keeps that of the calls:
 *
 *   for each topic that something happened to:  beyond (oldest), then taken
 *   then those who wait for room, the topics in turn (turns.ts)
 *
 * Before: admission.ts parks. After: placement.ts.
 */
import { assert } from '../../assert.js'
import { DeliveryError } from '../../errors.js'
import { atHome } from '../../home-context.js'
import type { ParkedRecord } from './parked-record.js'
import type { LineKeeper, ParkingLot, Server } from './parking-lot.js'
import { Placed, type Placement } from '../partitioning/placement.js'
import type { GroupRest } from './group-rest.js'
import type { RoomWatch } from './room-watch.js'
import { Served } from './turns.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { TopicDirectory } from '../partitioning/topic-directory.js'

export interface ServingParts {
  readonly directory: TopicDirectory
  readonly placement: Placement
  readonly lot: ParkingLot
  readonly room: RoomWatch
  readonly feeder: Feeder
  readonly accumulator: Lingering
  /** A rule of our own does not hold: nothing can be relied on any more. */
  readonly onBroken: (error: unknown) => void
}

/** Lets in what is left of a group. */
export interface Feeder {
  /** The next record of the group, whose turn it is, comes in. */
  feed(rest: GroupRest): void
}

/** Batches that linger may have to leave early. */
export interface Lingering {
  releaseLingering(untilMs: number): void
}

export class Serving implements LineKeeper {
  readonly #parts: ServingParts
  #isMoving = false
  /** Topics whose records may have become ready. */
  readonly #moving = new Set<ProducerTopic>()

  constructor(parts: ServingParts) {
    this.#parts = parts
  }

  /**
   * Something has happened to the topic (it is known, or has more partitions; a serializer is done;
   * a record was settled): its parked records are placed as far as they can be, in order.
   */
  moveOn(topic: ProducerTopic): void {
    this.#moving.add(topic)
    this.#move()
  }

  settled(topic: ProducerTopic): void {
    this.#parts.directory.dropIfUnused(topic)
    this.moveOn(topic)
  }

  /** Memory came free: those who wait for room are served, then those who wait to be told of it. */
  roomFreed(): void {
    if (this.#parts.lot.hasWaiting) this.#move()
    else this.#parts.room.look()
  }

  /**
   * Places whatever can be placed. That may fill a batch, whose compression frees memory, or run the
   * user's code, which settles records: a call from there is left to the one at work, or one record
   * would be placed amid another.
   */
  #move(): void {
    if (this.#isMoving) return
    this.#isMoving = true
    try {
      atHome(this.#moveAll) // others' records, amid some call
    } finally {
      this.#isMoving = false
    }
    this.#parts.room.look()
  }

  readonly #moveAll = (): void => {
    try {
      do {
        for (const topic of this.#moving) {
          this.#moving.delete(topic)
          this.#pump(topic)
        }
        this.#parts.lot.serve(this.#server)
      } while (this.#moving.size > 0)
    } catch (error) {
      this.#parts.onBroken(error)
    }
  }

  /** Those for a partition that the topic had not go first: they are older. */
  #pump(topic: ProducerTopic): void {
    const { beyond, taken } = topic
    for (const parked of beyond.reached(topic.partitionCount)) {
      if (parked.line === beyond) this.#placeTaken(parked)
    }
    for (let first = taken.first(); first; first = taken.first()) {
      if (!topic.isKnown || !first.isSerialized) return
      this.#placeTaken(first)
    }
  }

  #placeTaken(parked: ParkedRecord): void {
    const served = this.#placeParked(parked)
    assert(served === Served.yes, 'a taken record never waits for room')
  }

  readonly #server: Server = {
    place: (parked) => this.#placeParked(parked),
    feed: (rest) => this.#parts.feeder.feed(rest),
  }

  /** Not served where there is no room; else the record was placed, parked anew, or settled. */
  #placeParked(parked: ParkedRecord): Served {
    const { lot, placement } = this.#parts
    try {
      placement.choose(parked)
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error
      lot.settle(parked, error)
    }
    if (parked.isSettled) return Served.yes // by a partitioner, which threw or had it aborted
    const placed = placement.place(parked)
    if (placed === Placed.noSuchPartition) return this.#moveBeyond(parked)
    if (placed === Placed.noMemory) {
      this.#parts.accumulator.releaseLingering(Infinity) // every open batch had better leave
      return placement.isHeldBack ? Served.heldBack : Served.noRoom
    }
    lot.placed(parked, placement.queue?.open ?? null)
    return Served.yes
  }

  /** The partition asked for does not exist (yet): the record waits apart, and holds up nobody. */
  #moveBeyond(parked: ParkedRecord): Served {
    const { topic } = parked
    const served = this.#parts.lot.take(parked, topic.beyond)
    if (served === Served.yes) this.#parts.directory.awaitPartitions(topic)
    return served
  }
}
