/**
 * Records as a Writable of node:stream, in object mode.
 *
 *   write ──> taken ──> callback of write           back-pressure: until there is room in the buffer
 *               └─────> acknowledged, or failed     counted; the event 'recordError', or the stream's error
 *   end ────> all of them settled ──> 'finish'
 *   destroy ─> the same, less what was not taken ──> 'close'; at once for an AbortError
 *
 * Before: producer.ts, transactional/transaction.ts. After: record-feed.ts.
 */
import { Writable } from 'node:stream'
import { whenAborted } from '../../abort-signals.js'
import type { DeliveryError } from '../../errors.js'
import type { OutcomeTeller } from '../batching/batch-waiters.js'
import type { RecordSink } from './record-sink.js'
import { RecordFeed } from './record-feed.js'
import type { RecordWriteStream } from './record-write-stream.js'
import { checkStreamOptions, type AnyStreamOptions } from './stream-checks.js'

type Done = (error?: Error | null) => void

/** Throws ConfigError. */
export function createWriteStream<T, K, V>(
  sink: RecordSink<K, V>,
  options: AnyStreamOptions<T, K, V>,
  runCallback: OutcomeTeller,
): RecordWriteStream<T> {
  checkStreamOptions('createWriteStream', options)
  const stream = new RecordWritable(sink, options, runCallback)
  // Only now: a signal that has fired destroys at once, and a constructor that is under way cannot bear it.
  stream.destroyWhenAborted(options.signal)
  return stream
}

class RecordWritable<T, K, V> extends Writable {
  readonly #feed: RecordFeed<T, K, V>
  readonly #stopListening: () => void
  #stopAborting = (): void => {}

  constructor(
    sink: RecordSink<K, V>,
    options: AnyStreamOptions<T, K, V>,
    runCallback: OutcomeTeller,
  ) {
    super({ objectMode: true, highWaterMark: options.highWaterMark })
    this.#feed = new RecordFeed(sink, options, {
      runCallback,
      failed: (error) => this.destroy(error),
      recordFailed: (error, chunk) => this.#emitRecordError(error, chunk, runCallback),
    })
    this.#stopListening = sink.onOver((error) => this.#over(error))
  }

  /** As `emit`, but each listener for itself: what one throws, or rejects with, is nobody else's. */
  #emitRecordError(error: DeliveryError, chunk: T, runCallback: OutcomeTeller): boolean {
    const listeners = this.rawListeners('recordError')
    for (const listener of listeners)
      runCallback(() => listener.call(this, error, chunk) as undefined, null, null)
    return listeners.length > 0
  }

  /** As Node's addAbortSignal, which would have a listener for each stream on the signal. */
  destroyWhenAborted(signal: AbortSignal | undefined): void {
    const onAbort = (): void => {
      const cause = signal?.reason as unknown
      const error = new Error('The operation was aborted', { cause })
      this.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }))
    }
    this.#stopAborting = whenAborted(signal, onAbort)
  }

  /** The producer takes no more records. Nothing is lost by that yet: an error is for whoever asks for one. */
  #over(error: Error): void {
    if (this.writableEnded) return
    this.destroy(this.listenerCount('error') > 0 ? error : undefined)
  }

  get recordsAcknowledged(): number {
    return this.#feed.recordsAcknowledged
  }

  get recordsFailed(): number {
    return this.#feed.recordsFailed
  }

  get recordsPending(): number {
    return this.#feed.recordsPending
  }

  // No _writev: one callback for many chunks could not say which of them were taken.
  override _write(chunk: T, _encoding: BufferEncoding, done: Done): void {
    if (this.#feed.take(chunk)) done()
    else void this.#takeLater(chunk, done)
  }

  async #takeLater(chunk: T, done: Done): Promise<void> {
    try {
      await this.#feed.takeWhenRoom(chunk)
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  }

  override _final(done: Done): void {
    void this.#feed.finish().then(() => done())
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stopListening()
    this.#stopAborting()
    this.#feed.stop(error ?? new Error('the stream was destroyed before the record was taken'))
    if (error?.name === 'AbortError') done(error)
    else void this.#feed.finish().then(() => done(error))
  }
}
