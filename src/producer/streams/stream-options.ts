/**
 * The options of streams of records. A file of its own, since it is part of the public types.
 *
 * Before: the user, by createWriteStream and createWritableStream. After: stream-checks.ts.
 */
import type { DeliveryError } from '../../errors.js'
import '../../globals.js'
import type { Serialized } from '../../serialization/serializer.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { ProducerRecord } from '../records/record.js'

/** Options of a stream of records, Node's or the Web's. */
export interface RecordStreamOptions<T = ProducerRecord> {
  /** Chunks that wait in the stream, beside `bufferMemoryBytes`, before its source is paused. Default 16. */
  readonly highWaterMark?: number | undefined
  /**
   * What a record that fails does. 'stop' (the default): the stream fails with its error, and takes
   * nothing more. 'continue': `onRecordError` and the event 'recordError' are told, or the logger where
   * nobody listens, and the stream goes on; it ends only where the producer or the transaction accepts no
   * more records at all.
   */
  readonly onError?: 'stop' | 'continue' | undefined
  /** Called for each record that failed, with `onError: 'continue'`: its error, and the chunk it came from. */
  readonly onRecordError?: ((error: DeliveryError, chunk: T) => void) | undefined
  /** Called for each record that is acknowledged: where it lies, and the chunk it came from. */
  readonly onAcknowledged?: ((metadata: RecordMetadata, chunk: T) => void) | undefined
  /**
   * Fired: the stream fails with its reason at once (Node's: with an AbortError), and takes nothing more.
   * Records that it had taken are sent all the same.
   */
  readonly signal?: AbortSignal | undefined
}

/** Chunks are values, all for one topic; null, the end of a stream in Node, cannot be one. */
export interface ValueStreamOptions<T> extends RecordStreamOptions<T> {
  readonly topic: string
}

/** Chunks are whatever `toRecord` makes records of. */
export interface MappedStreamOptions<
  T,
  K = Serialized,
  V = Serialized,
> extends RecordStreamOptions<T> {
  /**
   * The record to send for a chunk; not a promise of one. What it throws, or returns that is no record, is
   * that record's failure, an InvalidRecordError.
   */
  readonly toRecord: (chunk: T) => ProducerRecord<K, V>
}
