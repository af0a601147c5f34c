/**
 * Who waits for room for one topic, the first come first. How much of it those who are told will use, nobody
 * knows: so it is told to a few, and passed on to more with each turn of the loop, until a record of the
 * topic is refused again.
 *
 *   room ──> 16 are told ──> 32 more ──> 64 more ──> … ──a record is refused──> until there is room again
 *
 * Told all at once, thousands would run for the room of one batch, each time that one is done.
 *
 * Before: room-watch.ts has a line for each topic.
 */
import type { Clock } from '../../clock.js'
import { Deque } from '../collections/deque.js'

/** So many are told of room first. */
const FIRST_TOLD = 16

/** Told that there may be room, or (false) that the time is up. */
export type RoomListener = (isInTime: boolean) => void

interface RoomWaiter {
  readonly deadlineMs: number
  readonly listener: RoomListener
}

export class RoomLine {
  readonly #clock: Clock
  readonly #hasRoom: () => boolean
  readonly #onEmpty: () => void
  /** In the order of arrival, and so of the deadlines. */
  readonly #waiters = new Deque<RoomWaiter>()
  /** More are told in the next turn of the loop. */
  #isPassingOn = false
  /** Since some were told, a record was refused, or somebody waits who had better. */
  #isUsedUp = false

  /** `hasRoom`: whether what was refused last would be taken now; `onEmpty`: nobody waits any more. */
  constructor(clock: Clock, hasRoom: () => boolean, onEmpty: () => void) {
    this.#clock = clock
    this.#hasRoom = hasRoom
    this.#onEmpty = onEmpty
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** Monotonic; Infinity where nobody waits. */
  get firstDeadlineMs(): number {
    return this.#waiters.peek()?.deadlineMs ?? Infinity
  }

  /** A record of the topic was not taken. */
  refused(): void {
    this.#isUsedUp = true
  }

  /** Comes, last; its deadline is no earlier than those of the others. Told later, even where there is room. */
  push(listener: RoomListener, deadlineMs: number): void {
    this.#waiters.push({ deadlineMs, listener })
    if (!this.#hasRoom()) this.#isUsedUp = true
    else if (!this.#isPassingOn) {
      this.#isUsedUp = false
      this.#passOn(FIRST_TOLD)
    }
  }

  /** Something has changed: tells some where there is room now. */
  look(): void {
    if (this.isEmpty || this.#isPassingOn || !this.#hasRoom()) return
    this.#tell(FIRST_TOLD)
  }

  /** Tells everybody, whether there is room or not. */
  wake(): void {
    this.#tellNow(this.#waiters.length, true)
  }

  /** Tells those whose time was up by then. */
  expire(untilMs: number): void {
    while (this.firstDeadlineMs <= untilMs) this.#tellNow(1, false)
  }

  /** Tells so many, and twice as many soon. */
  #tell(count: number): void {
    this.#isPassingOn = true
    this.#isUsedUp = false
    this.#tellNow(Math.min(count, this.#waiters.length), true)
    this.#passOn(2 * count)
  }

  /** Tells so many in the next turn of the loop, unless the room is used up by then: also the open batches. */
  #passOn(count: number): void {
    this.#isPassingOn = !this.isEmpty
    if (!this.#isPassingOn) return
    this.#clock.defer(() => {
      this.#isPassingOn = false
      if (this.#isUsedUp) this.look()
      else if (!this.isEmpty) this.#tell(count)
    })
  }

  #tellNow(count: number, isInTime: boolean): void {
    for (let left = count; left > 0; left--) this.#waiters.shift()?.listener(isInTime)
    if (this.isEmpty) this.#onEmpty()
  }
}
