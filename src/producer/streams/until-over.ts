/**
 * A source of records that ends with its sink: `next` rejects once that takes no more records, also while the
 * source is asked, which may take for ever.
 *
 * Before: send-source.ts. After: record-sink.ts.
 */
import type { RecordSink } from './record-sink.js'

export class UntilOver<R> implements AsyncIterableIterator<R> {
  readonly #source: AsyncIterator<R>
  readonly #stopListening: () => void
  #over: { readonly error: Error } | null = null
  /** Ends the `next` that waits. */
  #reject: (error: Error) => void = () => {}

  constructor(sink: Pick<RecordSink<never, never>, 'onOver'>, source: AsyncIterable<R>) {
    this.#source = source[Symbol.asyncIterator]()
    this.#stopListening = sink.onOver((error) => this.#end(error))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<R, undefined>> {
    if (this.#over !== null) throw this.#over.error
    let isLast = true
    try {
      const step = (await this.#orEnd(this.#source.next())) as IteratorResult<R, undefined>
      isLast = Object(step) !== step || Boolean(step.done) // what is no result ends the loop, too
      return step
    } finally {
      if (isLast) this.#stopListening()
    }
  }

  #orEnd<T>(step: T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      Promise.resolve(step).then(resolve, reject)
    })
  }

  /** The loop was left. */
  async return(): Promise<IteratorResult<R, undefined>> {
    this.#stopListening()
    if (this.#over === null) await this.#returnSource()
    return { done: true, value: undefined }
  }

  #end(error: Error): void {
    this.#over = { error }
    this.#reject(error)
    this.#returnSource().catch(() => {}) // the end of the sink counts
  }

  /** Answered only once the source's own `next` is, which may be never. Async: what it throws is a rejection. */
  async #returnSource(): Promise<void> {
    await this.#source.return?.()
  }
}
