/**
 * The books on records that wait before they can be placed, whatever for: until when each may wait,
 * the bytes it holds, who holds none, and who wants to know where it went.
 *
 *   taken:    holds its bytes of the memory budget; is placed as soon as its topic is known
 *   waiting:  found no bytes; gets them, or its place, when memory comes free: first come, first
 *             served, whatever its topic. While anybody waits, nobody who comes later is taken, so
 *             that of one topic the taken ones are always older than the waiting ones.
 *
 * Before and after: intake.ts.
 */
import type { Clock, Timer } from '../clock.js'
import { BufferFullError, type DeliveryError } from '../errors.js'
import { exactSizeBytes } from './accumulator.js'
import type { ProducerBatch } from './batch.js'
import type { CallbackRunner } from './batch-waiters.js'
import { Deque } from './deque.js'
import type { MemoryBudget } from './memory-budget.js'
import { ParkedRecord, type PreparedRecord } from './parked-record.js'

/** What a parked record costs besides its bytes: the object, its place in line, its two times. */
export const PARKED_RECORD_BYTES = 200

export interface ParkingLotOptions {
  readonly maxBlockMs: number
  readonly maxWaitingSends: number
}

export interface ParkingLotParts {
  readonly clock: Clock
  readonly budget: MemoryBudget
  readonly runCallback: CallbackRunner
  /** A record that nobody waits for was lost. */
  readonly onUnheard: (error: Error) => void
  /** The message for one that has waited too long. */
  readonly timeoutError: (parked: ParkedRecord) => DeliveryError
  /** A settled record gave its bytes back, or left the line. */
  readonly onSettled: (parked: ParkedRecord) => void
}

export class ParkingLot {
  readonly #options: ParkingLotOptions
  readonly #parts: ParkingLotParts
  /** Everybody, in the order of arrival, and so of the deadlines. */
  readonly #all = new Deque<ParkedRecord>()
  /** Those who hold no bytes, in the order of arrival. */
  readonly #waiting = new Deque<ParkedRecord>()
  #waitingCount = 0
  #refusedBytes = 0
  #timer: Timer | null = null

  constructor(options: ParkingLotOptions, parts: ParkingLotParts) {
    this.#options = options
    this.#parts = parts
  }

  /** How many hold no bytes. */
  get waitingCount(): number {
    return this.#waitingCount
  }

  /** What the last record would have needed that was not taken; 0 where the last one was. */
  get refusedBytes(): number {
    return this.#refusedBytes
  }

  /**
   * Takes a record with its bytes; where there are none, or others wait for some, it waits without
   * (`mayWait`) or is not taken: null. `key` is the record's own copy. Throws BufferFullError
   * where too many wait.
   */
  park(record: PreparedRecord, key: Uint8Array | null, mayWait: boolean): ParkedRecord | null {
    const sizeBytes = this.#sizeBytes(record)
    const isTaken = this.#waitingCount === 0 && this.#parts.budget.tryTake(sizeBytes)
    this.#refusedBytes = isTaken ? 0 : sizeBytes
    if (isTaken) return this.#add(record, key, sizeBytes)
    return mayWait ? this.parkWaiting(record, key) : null
  }

  /** Lets a record wait without any bytes. Throws BufferFullError where too many do already. */
  parkWaiting(record: PreparedRecord, key: Uint8Array | null): ParkedRecord {
    const { maxWaitingSends } = this.#options
    if (this.#waitingCount >= maxWaitingSends) {
      throw new BufferFullError(
        `topic "${record.topic.name}": ${this.#waitingCount} sends wait for room already (maxWaitingSends): await earlier sends first, or use enqueue() with writable()`,
        { topic: record.topic.name },
      )
    }
    this.#waitingCount++
    const parked = this.#add(record, key, 0)
    this.#waiting.push(parked)
    return parked
  }

  #add(record: PreparedRecord, key: Uint8Array | null, reservedBytes: number): ParkedRecord {
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#options.maxBlockMs
    const parked = new ParkedRecord(record, key, deadlineMs, reservedBytes)
    this.#all.push(parked)
    this.#armTimer()
    return parked
  }

  /** Its size is known now. */
  resize(parked: ParkedRecord): void {
    if (!parked.isWaiting) this.#hold(parked, this.#sizeBytes(parked))
  }

  /** It waits for something else than room, and may hold its bytes even if that overdraws. */
  take(parked: ParkedRecord): void {
    if (!parked.isWaiting) return
    this.#endWait(parked)
    this.#hold(parked, this.#sizeBytes(parked))
  }

  /** Never more than there is in all, so that one record can always be taken. */
  #sizeBytes(record: PreparedRecord): number {
    return Math.min(exactSizeBytes(record) + PARKED_RECORD_BYTES, this.#parts.budget.totalBytes)
  }

  #hold(parked: ParkedRecord, sizeBytes: number): void {
    this.#parts.budget.give(parked.reservedBytes)
    this.#parts.budget.forceTake(sizeBytes)
    parked.reservedBytes = sizeBytes
  }

  /**
   * Memory came free: serves those who wait, in order, until one finds none. Who is ready is placed
   * by `place` (false: no room); who still waits for its topic or serializer is taken.
   */
  serve(place: (parked: ParkedRecord) => boolean): void {
    for (let first = this.#firstWaiting(); first; first = this.#firstWaiting()) {
      if (first.isReady) {
        this.#waiting.shift() // before it is placed: that may settle others, and call us again
        if (place(first)) continue
        this.#waiting.unshift(first)
        return
      }
      if (this.#sizeBytes(first) > this.#parts.budget.availableBytes) return
      this.take(first)
    }
  }

  #firstWaiting(): ParkedRecord | undefined {
    while (this.#waiting.peek()?.isWaiting === false) this.#waiting.shift()
    return this.#waiting.peek()
  }

  /** It was appended, to `batch`. */
  placed(parked: ParkedRecord, batch: ProducerBatch | null): void {
    parked.wasPlaced = true
    this.#leave(parked)
    parked.placedListeners?.forEach((listener) => listener(batch))
  }

  /** It will not be appended: whoever waits for it is told, later. Idempotent. */
  settle(parked: ParkedRecord, error: DeliveryError): void {
    if (parked.isSettled) return
    this.#leave(parked)
    const { callback, resolve } = parked
    if (resolve !== null) resolve(Promise.reject(error))
    else if (callback !== null) queueMicrotask(() => this.#parts.runCallback(callback, error, null))
    else this.#parts.onUnheard(error)
    parked.placedListeners?.forEach((listener) => listener(null))
    this.#parts.onSettled(parked)
  }

  /** Settles everybody that `which` names. */
  settleAll(
    which: (parked: ParkedRecord) => boolean,
    error: (parked: ParkedRecord) => DeliveryError,
  ): void {
    const chosen = [...this.#all].filter((parked) => !parked.isSettled && which(parked))
    for (const parked of chosen) this.settle(parked, error(parked))
  }

  /** Everybody who is not settled. */
  *[Symbol.iterator](): Iterator<ParkedRecord> {
    for (const parked of [...this.#all]) if (!parked.isSettled) yield parked
  }

  close(): void {
    this.#timer?.clear()
    this.#timer = null
  }

  #leave(parked: ParkedRecord): void {
    parked.isSettled = true
    this.#parts.budget.give(parked.reservedBytes)
    parked.reservedBytes = 0
    if (parked.isWaiting) this.#endWait(parked)
    this.#dropSettled()
  }

  #endWait(parked: ParkedRecord): void {
    parked.isWaiting = false
    this.#waitingCount--
  }

  #dropSettled(): void {
    while (this.#all.peek()?.isSettled === true) this.#all.shift()
    if (this.#all.length === 0) this.close()
  }

  /** One timer, for the first who still waits; it may have been settled when the timer fires. */
  #armTimer(): void {
    const first = this.#all.peek()
    if (first === undefined || this.#timer !== null) return
    const delayMs = first.deadlineMs - this.#parts.clock.monotonicMs()
    this.#timer = this.#parts.clock.setTimer(this.#onTimer, delayMs)
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    const readUntilMs = this.#parts.clock.readUntilMs()
    for (
      let first = this.#all.peek();
      first && first.deadlineMs <= readUntilMs;
      first = this.#all.peek()
    ) {
      this.#all.shift()
      if (!first.isSettled) this.settle(first, this.#parts.timeoutError(first))
    }
    this.#dropSettled()
    this.#armTimer()
  }
}
