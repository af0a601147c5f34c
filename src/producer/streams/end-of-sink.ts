/**
 * Who is told that a producer takes no more records: whoever waits for his own source would learn of it
 * with his next record alone, which may never come.
 *
 * Before: producer.ts. Neighbours: record-sink.ts names it; the streams, and both that read a source, listen.
 */
import { queueJob } from '../../clock.js'

export class EndOfSink {
  readonly #listeners = new Set<(error: Error) => void>()
  #error: Error | null = null

  /** No more records are accepted, and those that were are settled: only the first call counts. */
  tell(error: Error): void {
    if (this.#error !== null) return
    this.#error = error
    for (const listener of this.#listeners) this.#tellLater(listener, error)
  }

  /** Calls `listener` once, later than `tell` and this call; gives what takes it back. */
  listen(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener)
    if (this.#error !== null) this.#tellLater(listener, this.#error)
    return () => void this.#listeners.delete(listener)
  }

  /** Whoever tells is amid a change, and a source that is ended is the user's code. */
  #tellLater(listener: (error: Error) => void, error: Error): void {
    queueJob(() => this.#listeners.delete(listener) && listener(error))
  }
}
