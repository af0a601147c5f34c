/**
 * Records as a WritableStream of the Web.
 *
 * Before: producer.ts, transactional/transaction.ts. After: record-feed.ts.
 */
import { whenAborted } from '../../abort-signals.js'
import '../../globals.js'
import type { OutcomeTeller } from '../batching/batch-waiters.js'
import { RecordFeed } from './record-feed.js'
import type { RecordSink } from './record-sink.js'
import { checkStreamOptions, type AnyStreamOptions } from './stream-checks.js'

const DEFAULT_HIGH_WATER_MARK = 16

/** Throws ConfigError. */
export function createWritableStream<T, K, V>(
  sink: RecordSink<K, V>,
  options: AnyStreamOptions<T, K, V>,
  runCallback: OutcomeTeller,
): WritableStream<T> {
  checkStreamOptions('createWritableStream', options)
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK, signal } = options
  const feed = new RecordFeed(sink, options, { runCallback, failed: (error) => fail(error) })
  let fail: (reason: unknown) => void = () => {}
  let isEnding = false
  const over = (error: Error): void => void (isEnding || fail(error))
  let stopListening = (): void => {}
  return new WritableStream<T>(
    {
      start(controller) {
        fail = (reason) => {
          stopListening()
          feed.stop(reason)
          controller.error(reason)
        }
        // `abort` below is called only after a write that waits for room, which this ends.
        const { signal: aborted } = controller as unknown as { readonly signal: AbortSignal } // not in Node's types
        aborted.addEventListener('abort', () => feed.stop(aborted.reason), { once: true })
        const stops = [sink.onOver(over)]
        stopListening = () => stops.forEach((stop) => stop())
        // Last: where the signal has fired already the stream fails at once, and listens to nobody any more.
        stops.push(whenAborted(signal, () => fail(signal?.reason)))
      },
      write: (chunk) => feed.takeWhenRoom(chunk),
      async close() {
        isEnding = true
        await feed.finish()
        stopListening()
        if (feed.failure !== null) throw feed.failure
      },
      async abort(reason: unknown) {
        stopListening()
        feed.stop(reason)
        if ((reason as Error | undefined)?.name !== 'AbortError') await feed.finish()
      },
    },
    { highWaterMark },
  )
}
