/**
 * So many at a time: more wait for their turn, the first come first.
 *
 * Neighbours: registry-caller.ts, whose requests would otherwise wait for a connection where neither
 * their time limit nor the choice of an address fits.
 */
import type { Clock } from '../clock.js'

export class Turns {
  readonly #clock: Clock
  #free: number
  /** Those that wait, in order: true is their turn, false an end without one. */
  readonly #waiting = new Set<(isTurn: boolean) => void>()

  constructor(count: number, clock: Clock) {
    this.#free = count
    this.#clock = clock
  }

  /** True: a turn, to be given back. False: none came free in time, or all was closed. */
  take(timeoutMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const end = (isTurn: boolean): void => {
        timer.clear()
        this.#waiting.delete(end)
        resolve(isTurn)
      }
      const timer = this.#clock.setTimer(() => end(false), timeoutMs)
      this.#waiting.add(end)
    })
  }

  give(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#free++
    else next(true)
  }

  /** Whoever waits gets no turn. */
  close(): void {
    for (const end of [...this.#waiting]) end(false)
  }
}
