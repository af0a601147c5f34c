/**
 * Time as an argument: the only door to the machine's clock and timers, so that the whole pipeline
 * can run on a virtual clock in a test. Nothing else in src/ may call Date.now, setTimeout,
 * setImmediate or queueMicrotask (a lint rule holds that).
 *
 * Neighbours: loop-clock.ts is the rule by which deadlines are judged; every room may import this.
 */
import { performance } from 'node:perf_hooks'
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { LoopClock, type Machine, type MachineTimer } from './loop-clock.js'

/** A running timer; `clear` is idempotent and harmless after it has fired. */
export interface Timer {
  clear(): void
  /**
   * Whether it alone keeps the process alive; cheaper than to clear it and set another. An idle sender
   * lets go of its timer by this: held on to, it would keep the process alive for `deliveryTimeoutMs`.
   */
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
   * Calls back once, `delayMs` from now (clamped to 0 .. 2^31-1), after what had arrived by then has been
   * read.
   */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer
  /** Calls back once, after the I/O callbacks that are ready now. */
  defer(callback: () => void): void
}

/**
 * Node's own, as they are when this file is loaded: a user's tests put fake timers into `globalThis`,
 * and some into Node's modules too, under which a socket would be waited for in vain.
 */
const real = {
  ...{ clearImmediate, clearTimeout, setImmediate, setTimeout },
  stopwatchMs: performance.now.bind(performance),
}

/** The machine's own clock and timers. The date alone may be a test's: it is in its records then. */
const machine: Machine = {
  now: () => Date.now(),
  stopwatchMs: real.stopwatchMs,
  setTimeout(callback, delayMs): MachineTimer {
    const handle = real.setTimeout(callback, delayMs)
    return {
      clear: () => real.clearTimeout(handle),
      keepAlive: (isWanted) => refer(handle, isWanted),
    }
  },
  setImmediate(callback): MachineTimer {
    const handle = real.setImmediate(callback)
    return {
      clear: () => real.clearImmediate(handle),
      keepAlive: (isWanted) => refer(handle, isWanted),
    }
  },
}

function refer(handle: NodeJS.RefCounted, isWanted: boolean): void {
  if (isWanted) handle.ref()
  else handle.unref()
}

/** A clock of this machine: one for each producer, so that no two depend on each other's timers. */
export function systemClock(): Clock {
  return new LoopClock(machine)
}

/** Calls back when what runs now has returned; fake timers have no hold on a promise. */
export function queueJob(job: () => void): void {
  void Promise.resolve().then(job)
}
