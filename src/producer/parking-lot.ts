/**
 * The books on records that wait before they can be appended, whatever for: until when each may
 * wait, the bytes it holds, how many hold none, and who wants to know where it went.
 *
 * The queues themselves are the intake's and the topics'; a settled record may stand in them still
 * and is passed over.
 */
import type { Clock, Timer } from '../clock.js'
import { BufferFullError, type DeliveryError } from '../errors.js'
import type { CallbackRunner, ProducerBatch } from './batch.js'
import { Deque } from './deque.js'
import type { MemoryBudget } from './memory-budget.js'
import type { ParkedRecord, PreparedRecord } from './parked-record.js'

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
  readonly onFreed: () => void
}

export class ParkingLot {
  readonly #options: ParkingLotOptions
  readonly #parts: ParkingLotParts
  /** Everybody, in the order of arrival, and so of the deadlines. */
  readonly #all = new Deque<ParkedRecord>()
  #waitingCount = 0
  #refusedBytes = 0
  #timer: Timer | null = null

  constructor(options: ParkingLotOptions, parts: ParkingLotParts) {
    this.#options = options
    this.#parts = parts
  }

  /**
   * Parks a record with `sizeBytes` of the budget; where there are none it waits without (`mayWait`)
   * or is not parked: null.
   */
  park(record: PreparedRecord, sizeBytes: number, mayWait: boolean): ParkedRecord | null {
    const hasRoom = this.#parts.budget.tryTake(sizeBytes)
    this.#refusedBytes = hasRoom ? 0 : sizeBytes
    if (hasRoom) return this.#add(record, sizeBytes)
    return mayWait ? this.parkWaiting(record) : null
  }

  /** What the last record would have needed that found no bytes; 0 where the last one did. */
  get refusedBytes(): number {
    return this.#refusedBytes
  }

  /** Parks a record without any bytes; throws BufferFullError where too many wait like that. */
  parkWaiting(record: PreparedRecord): ParkedRecord {
    const { maxWaitingSends } = this.#options
    if (this.#waitingCount >= maxWaitingSends) {
      throw new BufferFullError(
        `topic "${record.topic.name}": ${this.#waitingCount} sends wait for room already (maxWaitingSends): await earlier sends first, or use enqueue() with writable()`,
        { topic: record.topic.name },
      )
    }
    this.#waitingCount++
    return this.#add(record, 0)
  }

  #add(record: PreparedRecord, reservedBytes: number): ParkedRecord {
    const waitsSinceMs = this.#parts.clock.monotonicMs()
    const parked: ParkedRecord = {
      ...record,
      isSerialized: true,
      isSettled: false,
      deadlineMs: waitsSinceMs + this.#options.maxBlockMs,
      waitsSinceMs,
      reservedBytes,
      isWaiting: reservedBytes === 0,
      placedListeners: null,
    }
    this.#all.push(parked)
    this.#armTimer()
    return parked
  }

  /** Its size is known now. */
  resize(parked: ParkedRecord, sizeBytes: number): void {
    if (parked.reservedBytes === 0) return
    this.#parts.budget.give(parked.reservedBytes)
    this.#parts.budget.forceTake(sizeBytes)
    parked.reservedBytes = sizeBytes
  }

  /** It was appended, to `batch`. */
  placed(parked: ParkedRecord, batch: ProducerBatch | null): void {
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
    this.#parts.onFreed()
  }

  /** Settles everybody that `which` names. */
  settleAll(
    which: (parked: ParkedRecord) => boolean,
    error: (parked: ParkedRecord) => DeliveryError,
  ): void {
    const chosen = [...this.#all].filter((parked) => !parked.isSettled && which(parked))
    for (const parked of chosen) this.settle(parked, error(parked))
  }

  /** Everybody who still waits. */
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
    if (parked.isWaiting) this.#waitingCount--
    this.#armTimer()
  }

  /** One timer, for the first who still waits. */
  #armTimer(): void {
    while (this.#all.peek()?.isSettled === true) this.#all.shift()
    const first = this.#all.peek()
    if (first === undefined) this.close()
    else
      this.#timer ??= this.#parts.clock.setTimer(
        this.#onTimer,
        first.deadlineMs - this.#parts.clock.monotonicMs(),
      )
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    const nowMs = this.#parts.clock.monotonicMs()
    for (
      let first = this.#all.peek();
      first && first.deadlineMs <= nowMs;
      first = this.#all.peek()
    ) {
      this.#all.shift()
      if (!first.isSettled) this.settle(first, this.#parts.timeoutError(first))
    }
    this.#armTimer()
  }
}
