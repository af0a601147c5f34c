/**
 * Time as an argument: the only door to the machine's clock and timers, so that the whole pipeline
 * can run on a virtual clock in a test. Nothing else in src/ may call Date.now, setTimeout or
 * setImmediate (a lint rule holds that).
 *
 * Neighbours: none; every room may import it.
 */

/** A running timer; `clear` is idempotent and harmless after it has fired. */
export interface Timer {
  clear(): void
  /** Whether it alone keeps the process alive; cheaper than to clear it and set another. */
  keepAlive(isWanted: boolean): void
}

/** How a timer bears on the life of the process. */
export interface TimerOptions {
  /** False: this timer alone does not keep the process alive. Default true. */
  readonly keepAlive?: boolean
}

/** The time and timers that a producer lives by. */
export interface Clock {
  /** Wall-clock milliseconds since 1970 (integer): record timestamps. May jump. */
  now(): number
  /** Milliseconds that only ever rise (fractions allowed): every deadline and duration. */
  monotonicMs(): number
  /** Calls back once, `delayMs` from now (clamped to 0 .. 2^31-1). */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer
  /** Calls back once, after the I/O callbacks that are ready now. */
  defer(callback: () => void): void
}

const MAX_DELAY_MS = 2 ** 31 - 1 // Node turns larger delays into 1 ms

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs, options = {}) {
    const handle = setTimeout(callback, Math.min(Math.max(0, Math.ceil(delayMs)), MAX_DELAY_MS))
    if (options.keepAlive === false) handle.unref()
    return {
      clear: () => clearTimeout(handle),
      keepAlive: (isWanted) => void (isWanted ? handle.ref() : handle.unref()),
    }
  },
  defer: (callback) => {
    setImmediate(callback)
  },
}
