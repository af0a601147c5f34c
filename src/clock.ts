/**
 * Time as an argument, so that the whole pipeline can run on a virtual clock in a test.
 *
 * Neighbours: system-clock.ts is this machine's, and the only door to its timers; every room may import
 * this.
 */

/** A running timer; `clear` is idempotent and harmless after it has fired. */
export interface Timer {
  clear(): void
  /**
   * Whether it alone keeps the process alive; cheaper than to clear it and set another. An idle sender
   * lets go of its timer by this: held on to, it would keep the process alive for `deliveryTimeoutMs`.
   */
  keepAlive(isWanted: boolean): void
}

/** How a timer bears on the life of the process, and what time it counts. */
export interface TimerOptions {
  /** False: this timer alone does not keep the process alive. Default true. */
  readonly keepAlive?: boolean
  /**
   * True: time in which the program keeps the event loop counts, too, since whoever else keeps this limit
   * counts it. Default false, as with `monotonicMs`.
   */
  readonly countsStalls?: boolean
}

/** The time and timers that a producer lives by. */
export interface Clock {
  /** Wall-clock milliseconds since 1970 (integer): record timestamps. May jump. */
  now(): number
  /**
   * Milliseconds that only ever rise (fractions allowed): every deadline, pause and age. It stands still
   * while the program keeps the event loop for long: nobody else can be blamed for that time.
   */
  monotonicMs(): number
  /**
   * Monotonic time up to which everything that had arrived has been read: a deadline that matters to a
   * peer is judged by it, since an answer may wait in the socket. It has passed a deadline when a timer
   * set for that time calls back.
   */
  readUntilMs(): number
  /** Milliseconds that only ever rise, whatever the program does: how long something took. */
  stopwatchMs(): number
  /**
   * Calls back once, `delayMs` from now (clamped to 0 .. 2^31-1) and not a moment earlier, after what had
   * arrived by then has been read.
   */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer
  /**
   * As `setTimer`, for less than a millisecond, which Node's timers cannot count: about so long, at an idle
   * loop. The thread sleeps, 0.1 ms at a time, and the loop turns in between; so it is for what is rare, and
   * gains more than a busy loop would lose by it.
   */
  setShortTimer(callback: () => void, delayMs: number): Timer
  /** Calls back once, after the I/O callbacks that are ready now. */
  defer(callback: () => void): void
}

/** Calls back when what runs now has returned; fake timers have no hold on a promise. */
export function queueJob(job: () => void): void {
  void Promise.resolve().then(job)
}
