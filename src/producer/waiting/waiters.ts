/**
 * Everybody who waits, in the order of arrival, and until when: for as long as `maxBlockMs`; a group's
 * rest anew with each record of it that finds room. One timer, for the first deadline.
 *
 * Before: parking-lot.ts.
 */
import type { Clock, Timer } from '../../clock.js'
import { Chain } from '../collections/chain.js'
import { Line } from '../collections/line.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import type { GroupRest } from './group-rest.js'
import { ParkedRecord } from './parked-record.js'

/** A record, or what is left of a group. */
export type Waiter = ParkedRecord | GroupRest

export class Waiters {
  readonly #clock: Clock
  readonly #maxBlockMs: number
  readonly #onTimeout: (waiter: Waiter) => void
  /** Every record, in the order of arrival, and so of the deadlines. */
  readonly #records = new Line<ParkedRecord>((parked) => !parked.isSettled)
  /** Groups: in the order of the deadlines, too, since one whose deadline moves goes to the end. */
  readonly #rests = new Chain<GroupRest>()
  #timer: Timer | null = null

  /** `onTimeout`: settles one that has waited too long. */
  constructor(clock: Clock, maxBlockMs: number, onTimeout: (waiter: Waiter) => void) {
    this.#clock = clock
    this.#maxBlockMs = maxBlockMs
    this.#onTimeout = onTimeout
  }

  /** A record, from now on. */
  add(record: PreparedRecord, isSerialized: boolean): ParkedRecord {
    const parked = new ParkedRecord(record, isSerialized, this.#deadlineMs())
    this.#records.push(parked)
    this.#armTimer()
    return parked
  }

  /** The record is settled. */
  left(): void {
    this.#records.left()
    this.#stopIfEmpty()
  }

  addRest(rest: GroupRest): void {
    rest.deadlineMs = this.#deadlineMs()
    this.#rests.push(rest)
    this.#armTimer()
  }

  /** A record of the group, of which something is left, found room (and its topic is known): its time begins anew. */
  movedOn(rest: GroupRest): void {
    rest.deadlineMs = this.#deadlineMs()
    this.#rests.remove(rest)
    this.#rests.push(rest)
  }

  restLeft(rest: GroupRest): void {
    this.#rests.remove(rest)
    this.#stopIfEmpty()
  }

  /** Every record that is not settled. */
  get records(): Iterable<ParkedRecord> {
    return this.#records
  }

  /** Every group of which something is left. */
  get rests(): Iterable<GroupRest> {
    return this.#rests
  }

  close(): void {
    this.#timer?.clear()
    this.#timer = null
  }

  #deadlineMs(): number {
    return this.#clock.monotonicMs() + this.#maxBlockMs
  }

  #stopIfEmpty(): void {
    if (this.#records.length === 0 && this.#rests.first === null) this.close()
  }

  get #nextDeadlineMs(): number {
    const recordMs = this.#records.first()?.deadlineMs ?? Infinity
    return Math.min(recordMs, this.#rests.first?.deadlineMs ?? Infinity)
  }

  /** Whose deadline it was may have been settled when it fires. */
  #armTimer(): void {
    if (this.#timer !== null) return
    const nextMs = this.#nextDeadlineMs
    if (nextMs === Infinity) return
    this.#timer = this.#clock.setTimer(this.#onTimer, nextMs - this.#clock.monotonicMs())
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    const readUntilMs = this.#clock.readUntilMs()
    // Groups first: the one of theirs that waits would make place for the next.
    this.#timeOut(() => this.#rests.first, readUntilMs)
    this.#timeOut(() => this.#records.first() ?? null, readUntilMs)
    this.#armTimer()
  }

  /** Each that is settled makes place for the next, which what it is told may have settled by then. */
  #timeOut(first: () => Waiter | null, readUntilMs: number): void {
    for (let it = first(); it !== null && it.deadlineMs <= readUntilMs; it = first()) {
      this.#onTimeout(it)
    }
  }
}
