/**
 * Whether there is room again for a record that was not taken, and who waits to be told of it.
 *
 * Before: the intake refuses a record. After: `writable` of producer.ts.
 */
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { Observer } from '../observer.js'
import type { ParkingLot } from './parking-lot.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/** Why there was no room. */
export interface Refusal {
  /** What was needed; 0 where others are before it. */
  readonly refusedBytes: number
  /** The topic holds too many bytes already. */
  readonly isHeldBack: boolean
}

/** A record that was not taken: of which topic (null: of one that is not known), and why. */
export interface Refused extends Refusal {
  readonly topic: ProducerTopic | null
}

/** Others are before it. */
export const NOT_ITS_TURN: Refusal = { refusedBytes: 0, isHeldBack: false }

export class RoomWatch {
  readonly #budget: MemoryBudget
  readonly #lot: ParkingLot
  readonly #observer: Observer
  /** The last record that was not taken. */
  #topic: ProducerTopic | null = null
  #neededBytes = 0
  #isHeldBack = false
  #listeners: (() => void)[] = []

  constructor(budget: MemoryBudget, lot: ParkingLot, observer: Observer) {
    this.#budget = budget
    this.#lot = lot
    this.#observer = observer
  }

  /** A call has found no room: its record waits, or is not taken. */
  foundNone(): void {
    this.#observer.bufferExhausted()
  }

  /** A record of this topic was not taken; null: of one that is not known. */
  refused(topic: ProducerTopic | null, { refusedBytes, isHeldBack }: Refusal): void {
    this.#topic = topic
    this.#neededBytes = refusedBytes
    this.#isHeldBack = isHeldBack
  }

  /** Who was not taken last: for whoever has to stand behind him. */
  get last(): Refused {
    const refusedBytes = this.#neededBytes
    return { topic: this.#topic, refusedBytes, isHeldBack: this.#isHeldBack }
  }

  /** Something has changed: tells those who wait where there is room now. */
  look(): void {
    if (this.#listeners.length > 0 && this.isWritable) this.wake()
  }

  /** Everybody who waits to be told of room is told, whether there is any or not. */
  wake(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }

  /** True where what the last refused record needed is there, and nobody is before it. */
  get isWritable(): boolean {
    const topic = this.#topic
    if (topic === null ? this.#lot.isCrowded : this.#lot.mustWait(topic)) return false
    const wantedBytes = Math.min(this.#budget.totalBytes, this.#neededBytes)
    if (this.#budget.availableBytes < wantedBytes) return false
    return topic === null || !this.#isHeldBack || this.#budget.mayRest(wantedBytes, topic.share)
  }

  /** Calls `listener` once there is room again. */
  onWritable(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Takes back `onWritable`. */
  offWritable(listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }
}
