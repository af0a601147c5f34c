/**
 * The tracing channel of sends: what is published of each record to whoever has subscribed by
 * `node:diagnostics_channel`. Nothing is built and nothing is published unless one of the events has a
 * subscriber, or a bound store.
 *
 *   tracing:ottla:producer:send:start        during the call; may put another record in the context
 *   tracing:ottla:producer:send:end          the call has handed the record over
 *   tracing:ottla:producer:send:error        the record failed: `context.error`
 *   tracing:ottla:producer:send:asyncStart   the outcome is known
 *   tracing:ottla:producer:send:asyncEnd     the same, last of all
 *
 * Before: interception.ts publishes. After: the subscribers.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import type { DeliveryError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { ProducerRecord } from '../records/record.js'
import type { SendCall } from '../intercepting/interceptor.js'

/**
 * What a subscriber of `tracingChannel('ottla:producer:send')` is given: one object for each record, the
 * same in all its events.
 */
export interface SendChannelContext<K = Serialized, V = Serialized> {
  readonly clientId: string
  readonly call: SendCall
  /** The record's place in its call, from 0. */
  readonly index: number
  /**
   * A subscriber of `start` may put another in its place, e.g. one with more headers: that one is sent.
   * From `end` on it is the record as the interceptors left it.
   */
  record: ProducerRecord<K, V>
  /** From `asyncStart` on, where the record is acknowledged. */
  metadata?: RecordMetadata
  /** From `error` on, where it failed. */
  error?: DeliveryError
}

const sends = tracingChannel('ottla:producer:send')
const { start, end, error, asyncStart, asyncEnd } = sends

/** Whether anybody is to be told, of whichever event. */
export function isSendTraced(): boolean {
  return sends.hasSubscribers
}

/** Tells of the call and runs `act` within it, and within the stores that are bound to `start`. */
export function traceSend<T>(context: SendChannelContext<unknown, unknown>, act: () => T): T {
  try {
    return start.runStores(context, act)
  } finally {
    end.publish(context)
  }
}

/** Tells of the outcome; the context has it. */
export function traceOutcome(context: SendChannelContext<unknown, unknown>): void {
  if (context.error !== undefined) error.publish(context)
  asyncStart.publish(context)
  asyncEnd.publish(context)
}
