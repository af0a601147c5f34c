/**
 * An interceptor that fits producers of any keys and values, since it looks at no value: its type says
 * nothing of theirs, and leaves them to the serializers.
 *
 * Neighbours: tracing.ts and operation-metrics.ts are such.
 */
import type { ProducerRecord } from '../producer/records/record.js'
import type { InterceptedOutcome, SendCall } from '../producer/intercepting/interceptor.js'

/** Fits the option `interceptors` of every producer. */
export interface AnyInterceptor {
  onSend<K, V>(
    record: ProducerRecord<K, V>,
    call: SendCall,
    index: number,
  ): ProducerRecord<K, V> | undefined
  onOutcome<K, V>(outcome: InterceptedOutcome<K, V>): void
}
