/**
 * Callers that wait for the same thing, each for as long as it likes.
 *
 * Neighbours: metadata.ts has those that wait for the first answer of a broker.
 */
import type { Clock } from '../clock.js'
import type { OttlaError } from '../errors.js'

interface Waiter {
  resolve(): void
  reject(error: OttlaError): void
}

/** Who waits. */
export class Waiters {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  /** Resolves at `resolve`; rejects at `reject`, or with `timeoutError` after `timeoutMs`. */
  wait(timeoutMs: number, timeoutError: () => OttlaError): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(() => waiter.reject(timeoutError()), timeoutMs)
      const leave = (): void => {
        timer.clear()
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        resolve: () => (leave(), resolve()),
        reject: (error) => (leave(), reject(error)),
      }
      this.#waiters.add(waiter)
    })
  }

  /** What they wait for is there. */
  resolve(): void {
    for (const waiter of [...this.#waiters]) waiter.resolve()
  }

  /** It will not come. */
  reject(error: OttlaError): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error)
  }
}
