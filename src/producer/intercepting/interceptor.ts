/**
 * Interceptors: code of the user that sees every record on its way in, and may change it, and learns
 * what became of it. Tracing is one (ottla/opentelemetry).
 *
 * Kafka: org.apache.kafka.clients.producer.ProducerInterceptor.
 */
import type { DeliveryError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { ProducerRecord } from '../records/record.js'

/** One call of the producer: an object of its own for each, the same for all records of a `sendAll`. */
export interface SendCall {
  /** Which method was called. */
  readonly kind: 'send' | 'sendAll' | 'enqueue'
  /** Records of the call: 1 but for `sendAll`. */
  readonly recordCount: number
}

/** What became of one record. */
export interface InterceptedOutcome<K = Serialized, V = Serialized> {
  /** As the last interceptor left it. */
  readonly record: ProducerRecord<K, V>
  readonly call: SendCall
  /** The record's place in its call, from 0. */
  readonly index: number
  /** null where it is acknowledged. */
  readonly error: DeliveryError | null
  /** null where it is not. */
  readonly metadata: RecordMetadata | null
}

/**
 * Sees records on their way in, and what becomes of them; either method may be left out. Several are
 * called in the order given, both for `onSend`, where each sees what the one before it returned, and for
 * `onOutcome`.
 */
export interface Interceptor<K = Serialized, V = Serialized> {
  /**
   * Called during the call, before the record is looked at. Returns the record to send in its place;
   * undefined leaves it as it is. The record given must not be changed: it is the user's. What it throws
   * fails that record, with InvalidRecordError: to skip an interceptor that encrypts would be worse. The
   * interceptors behind one that throws are not called.
   */
  onSend?(
    record: ProducerRecord<K, V>,
    call: SendCall,
    index: number,
  ): ProducerRecord<K, V> | undefined
  /**
   * Called once for each record that `onSend` was called for, before the callback or promise of the call;
   * for a record that is refused at once, during the call. After an AbortedError with outcome 'unknown',
   * which the promise rejects with as soon as its signal fires, it is called later, with what became of the
   * record. What it throws is logged.
   */
  onOutcome?(outcome: InterceptedOutcome<K, V>): void
}
