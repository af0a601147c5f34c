/**
 * A record that interceptors have seen: it knows who has to be told of its outcome, and tells them once.
 * One object for each such record, and no closures: it lives until the record is settled.
 *
 * Before: interception.ts makes it. After: producer.ts, from wherever the record is settled.
 */
import type { DeliveryError } from '../../errors.js'
import type { SendChannelContext } from '../diagnostics/send-channel.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { ProducerRecord } from '../records/record.js'
import type { InterceptedOutcome, SendCall } from './interceptor.js'

/** Of whatever records. */
export type AnyOutcome = InterceptedOutcome<unknown, unknown>
export type AnyRecord = ProducerRecord<unknown, unknown>

/** Whom it tells. */
export interface OutcomeListener {
  tell(it: InterceptedRecord, outcome: AnyOutcome): void
}

export class InterceptedRecord {
  // Declared, not defined: fields that are defined are written twice.
  /** What is to be sent: it throws when it is looked at where an interceptor has. */
  declare readonly toSend: AnyRecord
  /** As the interceptors left it. */
  declare readonly record: AnyRecord
  declare readonly call: SendCall
  declare readonly index: number
  /** Interceptors before this one have had their `onSend` called. */
  declare readonly reached: number
  /** null where the tracing channel had no subscriber. */
  declare readonly context: SendChannelContext<unknown, unknown> | null
  declare private readonly listener: OutcomeListener

  constructor(
    listener: OutcomeListener,
    seen: Pick<InterceptedRecord, 'toSend' | 'record' | 'call' | 'index' | 'reached' | 'context'>,
  ) {
    this.listener = listener
    this.toSend = seen.toSend
    this.record = seen.record
    this.call = seen.call
    this.index = seen.index
    this.reached = seen.reached
    this.context = seen.context
  }

  /** Tells everybody who is to be told. To be called once. */
  settle(error: Error | null, metadata: RecordMetadata | null): void {
    const { record, call, index } = this
    // Every error of a record is one.
    const outcome = { record, call, index, error: error as DeliveryError | null, metadata }
    this.listener.tell(this, outcome)
  }

  /** Tells the interceptors, then `next`. */
  callback(next: DeliveryCallback): DeliveryCallback {
    return (error, metadata) => {
      this.settle(error, metadata)
      return next(error, metadata)
    }
  }
}
