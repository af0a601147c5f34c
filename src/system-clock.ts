/**
 * The clock of this machine: the only door to its time and timers. Nothing else in src/ may call
 * Date.now, setTimeout, setImmediate or queueMicrotask (a lint rule holds that).
 *
 * Neighbours: clock.ts is what it gives; loop-clock.ts is the rule by which deadlines are judged.
 */
import { performance } from 'node:perf_hooks'
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers'
import type { Clock } from './clock.js'
import { atHome } from './home-context.js'
import { LoopClock, type Machine, type MachineTimer } from './loop-clock.js'

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
    const handle = atHome(() => real.setTimeout(callback, delayMs))
    return {
      clear: () => real.clearTimeout(handle),
      keepAlive: (isWanted) => refer(handle, isWanted),
    }
  },
  setImmediate(callback): MachineTimer {
    const handle = atHome(() => real.setImmediate(callback))
    return {
      clear: () => real.clearImmediate(handle),
      keepAlive: (isWanted) => refer(handle, isWanted),
    }
  },
  setShortTimeout: (callback, delayMs) => new ShortTimeout(callback, delayMs),
}

const NAP_MS = 0.1
/** Nobody wakes who waits for it. */
const asleep = new Int32Array(new SharedArrayBuffer(4))

/** Naps of the thread, with a turn of the loop after each. */
class ShortTimeout implements MachineTimer {
  readonly #callback: () => void
  readonly #dueMs: number
  #turn: NodeJS.Immediate
  #isKeptAlive = true

  constructor(callback: () => void, delayMs: number) {
    this.#callback = callback
    this.#dueMs = real.stopwatchMs() + delayMs
    this.#turn = atHome(() => real.setImmediate(this.#onTurn))
  }

  clear(): void {
    real.clearImmediate(this.#turn)
  }

  keepAlive(isWanted: boolean): void {
    this.#isKeptAlive = isWanted
    refer(this.#turn, isWanted)
  }

  readonly #onTurn = (): void => {
    const leftMs = this.#dueMs - real.stopwatchMs()
    if (leftMs <= 0) {
      this.#callback()
      return
    }
    Atomics.wait(asleep, 0, 0, Math.min(leftMs, NAP_MS))
    this.#turn = real.setImmediate(this.#onTurn)
    refer(this.#turn, this.#isKeptAlive)
  }
}

function refer(handle: NodeJS.RefCounted, isWanted: boolean): void {
  if (isWanted) handle.ref()
  else handle.unref()
}

/** A clock of this machine: one for each producer, so that no two depend on each other's timers. */
export function systemClock(): Clock {
  return new LoopClock(machine)
}
