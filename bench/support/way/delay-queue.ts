/**
 * What is on its way: everything takes equally long, so what came first is due first, whichever
 * connection it is of; one queue and one alarm serve them all.
 *
 *   push --> | due 12.1 | due 12.4 | due 13.0 |  --- at its time --->  onDue
 *
 * Neighbours: before, delay-proxy.ts; after, alarm.ts.
 */
import { clockMs } from '../metronome.js'
import { Alarm } from './alarm.js'

interface Waiting {
  readonly dueMs: number
  readonly onDue: () => void
}

export class DelayQueue {
  #waiting: Waiting[] = []
  /** Those before it have left. */
  #first = 0
  readonly #alarm = new Alarm(() => this.#pass())
  readonly #onPassed: (lateMs: number) => void
  /** How long all that is pushed from now on takes; 0: no time at all. */
  delayMs = 0

  /** `onPassed` hears how late each left, which is the queue's own error. */
  constructor(onPassed: (lateMs: number) => void) {
    this.#onPassed = onPassed
  }

  /** Calls `onDue` after the delay, never before, and never before what was pushed earlier. */
  push(onDue: () => void): void {
    const isFirst = this.#first === this.#waiting.length
    if (this.delayMs === 0 && isFirst) return onDue()
    const dueMs = clockMs() + this.delayMs
    this.#waiting.push({ dueMs, onDue })
    if (isFirst) this.#alarm.set(dueMs)
  }

  close(): Promise<void> {
    return this.#alarm.close()
  }

  #pass(): void {
    const nowMs = clockMs()
    for (let next = this.#waiting[this.#first]; next !== undefined;) {
      if (next.dueMs > nowMs) return this.#sleep(next.dueMs)
      this.#first++
      this.#onPassed(nowMs - next.dueMs)
      next.onDue()
      next = this.#waiting[this.#first]
    }
    this.#waiting = []
    this.#first = 0
  }

  /** A queue that is never empty must forget what has left, too. */
  #sleep(untilMs: number): void {
    if (this.#first > this.#waiting.length / 2) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
    this.#alarm.set(untilMs)
  }
}
