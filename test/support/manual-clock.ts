/**
 * A clock that stands still until a test moves it: timers fire in the order of their times, and in
 * the order of their making where the times are equal.
 *
 * Not a mock of the machine's timers: it is handed in wherever src/ takes a `Clock`.
 */
import type { Clock, Timer, TimerOptions } from '../../src/clock.js'

interface PendingTimer {
  readonly atMs: number
  readonly callback: () => void
  keepAlive: boolean
}

/** Starts at monotonic 0 and at a fixed wall-clock time. */
export class ManualClock implements Clock {
  readonly #startMs: number
  #elapsedMs = 0
  readonly #timers = new Set<PendingTimer>()
  #deferred: (() => void)[] = []

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs
  }

  /** Timers set and neither fired nor cleared. */
  get timerCount(): number {
    return this.#timers.size
  }

  /** Those of them that would keep the process alive. */
  get keepAliveTimerCount(): number {
    return [...this.#timers].filter((timer) => timer.keepAlive).length
  }

  /** Calls put off until what runs now has ended. */
  get deferredCount(): number {
    return this.#deferred.length
  }

  /** Monotonic time of the next timer; undefined where none is set. */
  get nextTimerMs(): number | undefined {
    return this.#next()?.atMs
  }

  now(): number {
    return this.#startMs + Math.floor(this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  /** Nothing waits to be read while time stands still. */
  readUntilMs(): number {
    return this.#elapsedMs
  }

  stopwatchMs(): number {
    return this.#elapsedMs
  }

  setTimer(callback: () => void, delayMs: number, options: TimerOptions = {}): Timer {
    const atMs = this.#elapsedMs + Math.max(0, delayMs)
    const timer = { atMs, callback, keepAlive: options.keepAlive !== false }
    this.#timers.add(timer)
    return {
      clear: () => {
        this.#timers.delete(timer)
      },
      keepAlive: (isWanted) => {
        timer.keepAlive = isWanted
      },
    }
  }

  setShortTimer(callback: () => void, delayMs: number): Timer {
    return this.setTimer(callback, delayMs)
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  /** Runs what was deferred, including what that defers in turn. */
  runDeferred(): void {
    while (this.#deferred.length > 0) {
      const callbacks = this.#deferred
      this.#deferred = []
      for (const callback of callbacks) callback()
    }
  }

  /** Moves time on by `ms` without a pause: promise callbacks run only after it has returned. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms
    this.runDeferred()
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= untilMs;) {
      this.#fire(timer)
      timer = this.#next()
    }
    this.#elapsedMs = untilMs
  }

  /** Moves time on by `ms`, letting promises and in-memory streams settle after every timer. */
  async advanceSettled(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await this.settle()
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= untilMs;) {
      this.#fire(timer)
      await this.settle()
      timer = this.#next()
    }
    this.#elapsedMs = untilMs
  }

  /** Lets promise callbacks, and whatever they defer, run to their end at the present time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      this.runDeferred()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #fire(timer: PendingTimer): void {
    this.#timers.delete(timer)
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs)
    timer.callback()
    this.runDeferred()
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs) next = timer
    }
    return next
  }
}
