/**
 * `sendAll` of an asynchronous iterable: its records are enqueued as they come, and it is not read while
 * the buffer is full, so that the memory of what comes in is bounded by that.
 *
 * Before: producer.ts, transactional/transaction.ts. After: record-sink.ts.
 */
import type { RecordMetadata } from '../../record-metadata.js'
import { notTaken } from '../intake/call-checks.js'
import type { ProducerRecord } from '../records/record.js'
import { sendAllError } from '../records/record-group.js'
import { isFinal, offerWhenRoom, type RecordSink } from './record-sink.js'
import { UntilOver } from './until-over.js'

/** It can be read by `for await` alone. */
export function isAsyncOnly<T>(records: unknown): records is AsyncIterable<T> {
  const it = Object(records) as object
  return Symbol.asyncIterator in it && !(Symbol.iterator in it)
}

/**
 * Resolves to the records' metadata, in the order given. Rejects with SendAllError once all are settled
 * that were read, where one has failed, or the source has: then that is the cause.
 */
export async function sendSource<K, V>(
  sink: RecordSink<K, V>,
  source: AsyncIterable<ProducerRecord<K, V>>,
): Promise<RecordMetadata[]> {
  const outcomes = new Outcomes()
  let failure: { readonly cause: unknown } | null = null
  try {
    for await (const record of new UntilOver(sink, source)) {
      await enqueueWhenRoom(sink, record, outcomes)
      if (outcomes.isOver) break
    }
  } catch (cause) {
    failure = { cause }
  }
  await outcomes.allSettled()
  if (failure === null && outcomes.failures.size === 0) return outcomes.metadata
  throw sendAllError(outcomes.metadata, outcomes.failures, failure)
}

async function enqueueWhenRoom<K, V>(
  sink: RecordSink<K, V>,
  record: ProducerRecord<K, V>,
  outcomes: Outcomes,
): Promise<void> {
  const settled = outcomes.next()
  try {
    await offerWhenRoom(sink, record, settled)
  } catch (error) {
    settled(notTaken(error), null) // of a producer that was closed meanwhile
  }
}

/** What has become of each record so far. */
class Outcomes {
  readonly metadata: RecordMetadata[] = []
  readonly failures = new Map<number, Error>()
  /** No later record would be accepted. */
  isOver = false
  #openCount = 0
  #onSettled: (() => void) | null = null

  /** What the next record's outcome is told to. */
  next(): (error: Error | null, metadata: RecordMetadata | null) => void {
    const place = this.metadata.length++
    this.#openCount++
    return (error, metadata) => {
      if (error === null) this.metadata[place] = metadata as RecordMetadata
      else this.#failed(place, error)
      if (--this.#openCount === 0) this.#onSettled?.()
    }
  }

  #failed(place: number, error: Error): void {
    this.failures.set(place, error)
    if (isFinal(error)) this.isOver = true
  }

  async allSettled(): Promise<void> {
    if (this.#openCount > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve))
  }
}
