/**
 * The time of one simulation: nothing passes but by `step`, which runs the one event that is next.
 *
 *   producer, workload ── virtual-process.ts ──┐
 *   cluster, network, faults ──────────────────┴── heap by (time, order of making) ── step ── step …
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
}

const START_MS = Date.UTC(2026, 0, 1)

export class VirtualClock implements Clock {
  #elapsedMs = 0
  #made = 0
  readonly #heap: Event[] = []

  now(): number {
    return START_MS + Math.floor(this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  readUntilMs(): number {
    return this.#elapsedMs
  }

  stopwatchMs(): number {
    return this.#elapsedMs
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#add(callback, delayMs)
  }

  setShortTimer(callback: () => void, delayMs: number): Timer {
    return this.#add(callback, delayMs)
  }

  defer(callback: () => void): void {
    this.#add(callback, 0)
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
    event.callback()
    return true
  }

  /** Time passes in which nothing was to come. */
  skip(ms: number): void {
    this.#elapsedMs += ms
  }

  #add(callback: () => void, delayMs: number): Timer {
    const atMs = this.#elapsedMs + Math.max(0, delayMs)
    const event: Event = { atMs, order: this.#made++, callback, isCleared: false }
    this.#push(event)
    return {
      clear: () => {
        event.isCleared = true
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
