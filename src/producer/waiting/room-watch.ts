/**
 * Whether there is room again for a record that was not taken, and who waits to be told of it, for as long
 * as `maxBlockMs`: a line for each topic that was refused, since what is in the way of one need not be in
 * the way of another.
 *
 * Before: the intake refuses a record. After: `writable` of producer.ts. Within: room-line.ts.
 */
import type { Clock, Timer } from '../../clock.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { Observer } from '../observer.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { ParkingLot } from './parking-lot.js'
import { RoomLine, type RoomListener } from './room-line.js'

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

/** Who waits for room for a topic, and what its last record needed. */
interface Waiting {
  refused: Refused
  readonly line: RoomLine
}

export class RoomWatch {
  readonly #maxBlockMs: number
  readonly #parts: RoomWatchParts
  /** The last record that was not taken, whatever its topic: who waits now, waits for its room. */
  #last: Refused = { topic: null, ...NOT_ITS_TURN }
  /** By topic; only where somebody waits. */
  readonly #waiting = new Map<ProducerTopic | null, Waiting>()
  /** For the first deadline; null where nobody waits. */
  #timer: Timer | null = null

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
    this.#last = { topic, refusedBytes, isHeldBack }
    const waiting = this.#waiting.get(topic)
    if (waiting === undefined) return
    waiting.refused = this.#last
    waiting.line.refused()
  }

  /** Who was not taken last: for whoever has to stand behind him. */
  get last(): Refused {
    return this.#last
  }

  /** True where what the last refused record needed is there, and nobody is before it. */
  get isWritable(): boolean {
    return this.#hasRoom(this.#last)
  }

  /**
   * Calls `listener` once, when its turn has come and there is room for what was refused last, or
   * `maxBlockMs` is over. Never during the call: a caller that is refused again must not keep the sockets
   * from being served.
   */
  onWritable(listener: RoomListener): void {
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#maxBlockMs
    this.#lineOf(this.#last).push(listener, deadlineMs)
    this.#armTimer(deadlineMs)
  }

  #lineOf(refused: Refused): RoomLine {
    const known = this.#waiting.get(refused.topic)
    if (known !== undefined) return known.line
    const hasRoom = (): boolean => this.#hasRoom(waiting.refused)
    const line = new RoomLine(this.#parts.clock, hasRoom, () => this.#emptied(refused.topic))
    const waiting: Waiting = { refused, line }
    this.#waiting.set(refused.topic, waiting)
    return line
  }

  #emptied(topic: ProducerTopic | null): void {
    this.#waiting.delete(topic)
    if (this.#waiting.size > 0) return
    this.#timer?.clear()
    this.#timer = null
  }

  /** Something has changed: tells some of those who wait where there is room now. */
  look(): void {
    for (const line of this.#lines()) line.look()
  }

  /** Everybody who waits to be told of room is told, whether there is any or not. */
  wake(): void {
    for (const line of this.#lines()) line.wake()
  }

  /** As they are now. */
  #lines(): readonly RoomLine[] {
    return this.#waiting.size === 0 ? [] : Array.from(this.#waiting.values(), ({ line }) => line)
  }

  #hasRoom({ topic, refusedBytes, isHeldBack }: Refused): boolean {
    const { lot, budget } = this.#parts
    if (topic === null ? lot.isCrowded : lot.mustWait(topic)) return false
    const wantedBytes = Math.min(budget.totalBytes, refusedBytes)
    if (budget.availableBytes < wantedBytes) return false
    return topic === null || !isHeldBack || budget.mayRest(wantedBytes, topic.share)
  }

  /** No deadline that comes later is an earlier one. */
  #armTimer(deadlineMs: number): void {
    if (deadlineMs === Infinity) return
    const { clock } = this.#parts
    this.#timer ??= clock.setTimer(this.#onTimer, deadlineMs - clock.monotonicMs())
  }

  /** Whose deadline it was may have been told before. */
  readonly #onTimer = (): void => {
    this.#timer = null
    const readUntilMs = this.#parts.clock.readUntilMs()
    let nextMs = Infinity
    for (const line of this.#lines()) {
      line.expire(readUntilMs)
      nextMs = Math.min(nextMs, line.firstDeadlineMs)
    }
    this.#armTimer(nextMs)
  }
}
