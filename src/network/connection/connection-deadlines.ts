/**
 * By when something must happen on one connection: the answer that is due first, a request without
 * answer into the kernel, or any use at all. One timer for all of them, which never keeps the process
 * alive.
 *
 * Neighbours: connection.ts is its only user; wake-timer.ts is the timer.
 */
import type { Clock } from '../../clock.js'
import { WakeTimer } from '../wake-timer.js'
import type { FrameWriter, UnansweredRequest } from './frame-writer.js'
import type { PendingRequest, RequestQueue } from './request-queue.js'

/** Called with the deadline that is over. */
export interface DeadlineListener {
  onAnswerLate(request: PendingRequest): void
  onWriteLate(request: UnansweredRequest): void
  /** Nobody has used the connection for so long. */
  onUnused(idleMs: number): void
}

/** What is looked at. */
export interface DeadlineParts {
  readonly clock: Clock
  readonly idleMs: number
  readonly requests: RequestQueue
  readonly writer: FrameWriter
  readonly listener: DeadlineListener
}

/** One for each connection. */
export class ConnectionDeadlines {
  readonly #parts: DeadlineParts
  readonly #clock: Clock
  readonly #timer: WakeTimer
  #lastUsedMs: number

  constructor(parts: DeadlineParts) {
    this.#parts = parts
    this.#clock = parts.clock
    this.#timer = new WakeTimer(parts.clock, () => this.#check())
    this.#lastUsedMs = parts.clock.monotonicMs()
  }

  /** Notes that the connection is in use; returns the present time. */
  touch(): number {
    this.#lastUsedMs = this.#clock.monotonicMs()
    this.#timer.wakeAt(this.#idleAtMs)
    return this.#lastUsedMs
  }

  /** Something is due at this monotonic time. */
  add(deadlineMs: number): void {
    this.#timer.wakeAt(deadlineMs)
  }

  clear(): void {
    this.#timer.clear()
  }

  get #idleAtMs(): number {
    return this.#lastUsedMs + this.#parts.idleMs
  }

  #check(): void {
    const { requests, writer, listener, idleMs } = this.#parts
    const readUntilMs = this.#clock.readUntilMs()
    const urgent = requests.mostUrgent()
    const unwritten = writer.oldestUnanswered
    if (urgent !== undefined && urgent.deadlineMs <= readUntilMs) {
      listener.onAnswerLate(urgent)
    } else if (unwritten !== undefined && unwritten.deadlineMs <= readUntilMs) {
      listener.onWriteLate(unwritten)
    } else if (urgent !== undefined || unwritten !== undefined) {
      const [answerMs, writtenMs] = [urgent?.deadlineMs, unwritten?.deadlineMs]
      this.#timer.wakeAt(Math.min(answerMs ?? Infinity, writtenMs ?? Infinity))
    } else if (this.#idleAtMs > readUntilMs) {
      this.#timer.wakeAt(this.#idleAtMs)
    } else {
      listener.onUnused(idleMs)
    }
  }
}
