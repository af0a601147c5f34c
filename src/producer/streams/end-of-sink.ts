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
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener(error)
  }

  /** Calls `listener` once, never during this call; gives what takes it back. */
  listen(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener)
    const error = this.#error
    if (error !== null) queueJob(() => this.#listeners.delete(listener) && listener(error))
    return () => void this.#listeners.delete(listener)
  }
}
