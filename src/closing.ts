/**
 * Closing is done once, however often it is asked for; also by the user's code that is called meanwhile.
 *
 * Neighbours: producer.ts, transactional-producer.ts and transactional-pool.ts.
 */
export class Closing {
  #closed: Promise<void> | null = null

  /** It was asked for. */
  get isUnderWay(): boolean {
    return this.#closed !== null
  }

  /** The first time it calls `close`; each time it gives what came of that. */
  once(close: () => Promise<void>): Promise<void> {
    if (this.#closed !== null) return this.#closed
    let begin: (closed: Promise<void>) => void = () => {}
    this.#closed = new Promise((resolve) => (begin = resolve)) // first of all: `close` may call this again
    begin(close())
    return this.#closed
  }
}
