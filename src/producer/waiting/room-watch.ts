/**
 * Whether there is room again for a record that was not taken, and who waits to be told of it: for as long
 * as `maxBlockMs`, the first come first. How much of it those who are told will use, nobody knows: so it is
 * told to a few, and passed on to more with each turn of the loop, until a record is refused again.
 *
 *   room ──> 16 are told ──> 32 more ──> 64 more ──> … ──a record is refused──> until there is room again
 *
 * Told all at once, thousands would run for the room of one batch, each time that one is done.
 *
 * Before: the intake refuses a record. After: `writable` of producer.ts.
 */
import type { Clock, Timer } from '../../clock.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { Observer } from '../observer.js'
import { Deque } from '../collections/deque.js'
import type { ParkingLot } from './parking-lot.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/** So many are told of room first. */
const FIRST_TOLD = 16

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

export interface RoomWatchParts {
  readonly clock: Clock
  readonly budget: MemoryBudget
  readonly lot: ParkingLot
  readonly observer: Observer
}

/** Told that there may be room, or (false) that the time is up. */
export type RoomListener = (isInTime: boolean) => void

interface RoomWaiter {
  readonly deadlineMs: number
  readonly listener: RoomListener
}

export class RoomWatch {
  readonly #maxBlockMs: number
  readonly #parts: RoomWatchParts
  /** The last record that was not taken. */
  #topic: ProducerTopic | null = null
  #neededBytes = 0
  #isHeldBack = false
  /** In the order of arrival, and so of the deadlines. */
  readonly #waiters = new Deque<RoomWaiter>()
  /** For the first deadline; null where nobody waits. */
  #timer: Timer | null = null
  /** More are told in the next turn of the loop. */
  #isPassingOn = false
  /** Since some were told, a record was refused, or somebody waits who had better. */
  #isUsedUp = false

  constructor({ maxBlockMs }: { readonly maxBlockMs: number }, parts: RoomWatchParts) {
    this.#maxBlockMs = maxBlockMs
    this.#parts = parts
  }

  /** A call has found no room: its record waits, or is not taken. */
  foundNone(): void {
    this.#parts.observer.bufferExhausted()
  }

  /** A record of this topic was not taken; null: of one that is not known. */
  refused(topic: ProducerTopic | null, { refusedBytes, isHeldBack }: Refusal): void {
    this.#topic = topic
    this.#neededBytes = refusedBytes
    this.#isHeldBack = isHeldBack
    this.#isUsedUp = true
  }

  /** Who was not taken last: for whoever has to stand behind him. */
  get last(): Refused {
    const refusedBytes = this.#neededBytes
    return { topic: this.#topic, refusedBytes, isHeldBack: this.#isHeldBack }
  }

  /** Something has changed: tells some of those who wait where there is room now. */
  look(): void {
    if (this.#waiters.length === 0 || this.#isPassingOn || !this.isWritable) return
    this.#tell(FIRST_TOLD)
  }

  /** Tells so many, and twice as many soon. */
  #tell(count: number): void {
    this.#isPassingOn = true
    this.#isUsedUp = false
    this.#tellNow(Math.min(count, this.#waiters.length))
    this.#passOn(2 * count)
  }

  /** Tells so many in the next turn of the loop, unless the room is used up by then: also the open batches. */
  #passOn(count: number): void {
    this.#isPassingOn = this.#waiters.length > 0
    if (!this.#isPassingOn) return
    this.#parts.clock.defer(() => {
      this.#isPassingOn = false
      if (this.#isUsedUp) this.look()
      else if (this.#waiters.length > 0) this.#tell(count)
    })
  }

  #tellNow(count: number): void {
    for (let left = count; left > 0; left--) this.#tellFirst(true)
  }

  #tellFirst(isInTime: boolean): void {
    const first = this.#waiters.shift()
    if (this.#waiters.length === 0) this.#stopTimer()
    first?.listener(isInTime)
  }

  /** Everybody who waits to be told of room is told, whether there is any or not. */
  wake(): void {
    this.#tellNow(this.#waiters.length)
  }

  /** True where what the last refused record needed is there, and nobody is before it. */
  get isWritable(): boolean {
    const topic = this.#topic
    const { lot, budget } = this.#parts
    if (topic === null ? lot.isCrowded : lot.mustWait(topic)) return false
    const wantedBytes = Math.min(budget.totalBytes, this.#neededBytes)
    if (budget.availableBytes < wantedBytes) return false
    return topic === null || !this.#isHeldBack || budget.mayRest(wantedBytes, topic.share)
  }

  /**
   * Calls `listener` once, when its turn has come and there is room, or `maxBlockMs` is over. Never during
   * the call: a caller that is refused again must not keep the sockets from being served.
   */
  onWritable(listener: RoomListener): void {
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#maxBlockMs
    this.#waiters.push({ deadlineMs, listener })
    this.#armTimer()
    if (!this.isWritable) this.#isUsedUp = true
    else if (!this.#isPassingOn) this.#passOnAnew()
  }

  #passOnAnew(): void {
    this.#isUsedUp = false
    this.#passOn(FIRST_TOLD)
  }

  #armTimer(): void {
    const first = this.#waiters.peek()
    if (this.#timer !== null || first === undefined) return
    const { clock } = this.#parts
    this.#timer = clock.setTimer(this.#onTimer, first.deadlineMs - clock.monotonicMs())
  }

  /** Whose deadline it was may have been told before. */
  readonly #onTimer = (): void => {
    this.#timer = null
    const readUntilMs = this.#parts.clock.readUntilMs()
    const waiters = this.#waiters
    for (let it = waiters.peek(); it && it.deadlineMs <= readUntilMs; it = waiters.peek()) {
      this.#tellFirst(false)
    }
    this.#armTimer()
  }

  #stopTimer(): void {
    this.#timer?.clear()
    this.#timer = null
  }
}
