/**
 * The time of one simulation: nothing passes but by `step`, which runs the one event that is next.
 *
 *   producer ── ownClock ──┐
 *   cluster, network, ─────┴── heap by (time, order of making) ── step ── promises settle ── step …
 *   workload, faults
 *
 * Each party's timers can be counted by themselves: a closed producer must have none.
 *
 * Neighbours: simulation.ts steps it. (test/support/manual-clock.ts is the clock of tests that say
 * themselves how far time moves.)
 */
import type { Clock, Timer } from '../../src/clock.js'

interface Event {
  atMs: number
  readonly order: number
  readonly callback: () => void
  isCleared: boolean
  readonly owner: Owner
}

/** One party's timers. */
interface Owner {
  pending: number
}

/** A party's view of the clock. */
export interface OwnClock extends Clock {
  /** Timers and deferred calls of this party that are still to come. */
  readonly pending: number
}

const START_MS = Date.UTC(2026, 0, 1)

export class VirtualClock implements Clock {
  #elapsedMs = 0
  #made = 0
  readonly #heap: Event[] = []
  readonly #everybody: Owner = { pending: 0 }

  now(): number {
    return START_MS + Math.floor(this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#add(callback, delayMs, this.#everybody)
  }

  defer(callback: () => void): void {
    this.#add(callback, 0, this.#everybody)
  }

  /** A clock whose timers are counted apart, and last as long as Node's: whole ms, at least one. */
  ownClock(): OwnClock {
    const owner: Owner = { pending: 0 }
    return {
      now: () => this.now(),
      monotonicMs: () => this.monotonicMs(),
      setTimer: (callback, delayMs) => this.#add(callback, Math.max(1, Math.ceil(delayMs)), owner),
      defer: (callback) => void this.#add(callback, 0, owner),
      get pending() {
        return owner.pending
      },
    }
  }

  /** Time of the next event; undefined when nothing is to come. */
  get nextMs(): number | undefined {
    while (this.#heap[0]?.isCleared === true) this.#pop()
    const first = this.#heap[0]
    return first && Math.max(first.atMs, this.#elapsedMs)
  }

  /** Runs the next event; false when nothing is to come. */
  step(): boolean {
    const atMs = this.nextMs
    const event = atMs === undefined ? undefined : this.#pop()
    if (event === undefined || atMs === undefined) return false
    this.#elapsedMs = atMs
    event.isCleared = true
    event.owner.pending--
    event.callback()
    return true
  }

  /** Time passes in which nothing runs, as in a long pause for garbage: all is late afterwards. */
  skip(ms: number): void {
    this.#elapsedMs += ms
  }

  #add(callback: () => void, delayMs: number, owner: Owner): Timer {
    const atMs = this.#elapsedMs + Math.max(0, delayMs)
    const event: Event = { atMs, order: this.#made++, callback, isCleared: false, owner }
    owner.pending++
    this.#push(event)
    return {
      clear: () => {
        if (event.isCleared) return
        event.isCleared = true
        owner.pending--
      },
      keepAlive: () => undefined, // no process waits for it
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break // parent < at: it is there
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length > 0 && last !== undefined) this.#sink(last)
    return first
  }

  /** Puts `event` at the root and lets it sink to its place. */
  #sink(event: Event): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, left)) child++
      const least = heap[child] as Event // one of the two just seen
      if (!isBefore(least, event)) break
      heap[at] = least
      at = child
    }
    heap[at] = event
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
