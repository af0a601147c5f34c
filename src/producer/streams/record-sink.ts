/**
 * What streams and long lists are built over: a producer or a transaction, as far as they use one.
 *
 * Neighbours: producer.ts and transactional/transaction.ts are both one.
 */
import {
  AbortedError,
  ClosedError,
  DeliveryError,
  FatalError,
  FencedError,
  TimeoutError,
  TransactionAbortedError,
  TransactionStateError,
} from '../../errors.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { ProducerRecord } from '../records/record.js'

export interface RecordSink<K, V> {
  /**
   * As `enqueue`, but a record that has found no room is never accepted: false, and it is to be offered
   * again, or withdrawn. Interceptors see it once all the same.
   */
  offer(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean
  /** A record that found no room will not be offered again, for this reason: interceptors are told. */
  withdraw(record: ProducerRecord<K, V>, reason: DeliveryError): void
  writable(): Promise<void>
  flush(): Promise<void>
  /**
   * Calls `listener` once no more records are accepted and those that were are settled; never during the
   * call. Gives what takes it back.
   */
  onOver(listener: (error: Error) => void): () => void
}

/**
 * Resolves when there is likely to be room. Unlike `writable` it waits as long as it takes: what is in
 * the buffer is settled within `deliveryTimeoutMs`, and its room is free then. Rejects where the producer
 * or the transaction takes no more records; resolves at once where nobody wants to know any more.
 */
export async function roomOf(
  sink: Pick<RecordSink<never, never>, 'writable'>,
  isWanted: () => boolean,
): Promise<void> {
  while (isWanted()) {
    try {
      await sink.writable()
      return
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
    }
  }
}

/** Offers a record until it is taken. Rejects where the producer or the transaction takes no more records. */
export async function offerWhenRoom<K, V>(
  sink: RecordSink<K, V>,
  record: ProducerRecord<K, V>,
  callback: DeliveryCallback,
): Promise<void> {
  try {
    while (!sink.offer(record, callback)) await roomOf(sink, () => true)
  } catch (error) {
    withdraw(sink, record, error)
    throw error
  }
}

/** The record will not be offered again, for whatever reason. */
export function withdraw<K, V>(
  sink: RecordSink<K, V>,
  record: ProducerRecord<K, V>,
  reason: unknown,
): void {
  const message = 'the stream was ended before there was room for the record'
  sink.withdraw(
    record,
    reason instanceof DeliveryError ? reason : new AbortedError(message, { cause: reason }),
  )
}

/** The error is not the record's own: no later one will be accepted either. */
export function isFinal(error: Error): boolean {
  return (
    error instanceof ClosedError ||
    error instanceof FatalError ||
    error instanceof FencedError ||
    error instanceof TransactionAbortedError ||
    error instanceof TransactionStateError
  )
}
