/**
 * Runs a producer's interceptors, and tells the tracing channel: the interceptors in the order given, in
 * both directions, as Kafka's ProducerInterceptors does. The channel is outermost: its `start` comes first
 * and its outcome last.
 *
 * An interceptor that throws fails its record, by a stand-in that throws the error when the record is
 * looked at: so it fails as any record that cannot be read, whichever call it came by. The interceptors
 * behind it do not see the record, and are not told of its outcome.
 *
 * Before: producer.ts, where there is an interceptor or a subscriber. After: intake.ts.
 */
import { InvalidRecordError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { isPromised } from '../../promised.js'
import { thrownWords } from '../../thrown.js'
import {
  isSendTraced,
  traceOutcome,
  traceSend,
  type SendChannelContext,
} from '../diagnostics/send-channel.js'
import { kindOf, topicOf } from '../records/record.js'
import {
  InterceptedRecord,
  type AnyOutcome,
  type AnyRecord,
  type OutcomeListener,
} from './intercepted-record.js'
import type { Interceptor, SendCall } from './interceptor.js'

type Context = SendChannelContext<unknown, unknown>

export interface InterceptionOptions {
  readonly clientId: string
  readonly interceptors: readonly Interceptor<unknown, unknown>[]
}

export class Interception implements OutcomeListener {
  readonly #clientId: string
  readonly #interceptors: readonly Interceptor<unknown, unknown>[]
  readonly #logger: Pick<Log, 'error'>
  readonly #hasInterceptors: boolean

  constructor({ clientId, interceptors }: InterceptionOptions, logger: Pick<Log, 'error'>) {
    this.#clientId = clientId
    this.#interceptors = [...interceptors]
    this.#logger = logger
    this.#hasInterceptors = interceptors.length > 0
  }

  /** Somebody wants to see records. */
  get isActive(): boolean {
    return this.#hasInterceptors || isSendTraced()
  }

  /** Shows the record to everybody, and calls `submit` with what they made of it. */
  intercept<T>(
    record: AnyRecord,
    call: SendCall,
    index: number,
    submit: (intercepted: InterceptedRecord) => T,
  ): T {
    if (!isSendTraced()) return submit(this.#runAll(record, call, index, null))
    const context: Context = { clientId: this.#clientId, call, index, record }
    return traceSend(context, () => submit(this.#runAll(context.record, call, index, context)))
  }

  #runAll(
    given: AnyRecord,
    call: SendCall,
    index: number,
    context: Context | null,
  ): InterceptedRecord {
    let record = given
    let reached = 0
    let toSend: AnyRecord | null = null
    try {
      for (const interceptor of this.#interceptors) {
        reached++
        const returned: unknown = interceptor.onSend?.(record, call, index)
        if (returned !== undefined) record = recordOf(returned)
      }
    } catch (error) {
      toSend = unreadable(record, error)
    }
    if (context !== null) context.record = record
    const seen = { toSend: toSend ?? record, record, call, index, reached, context }
    return new InterceptedRecord(this, seen)
  }

  /** What became of the record: the interceptors that have seen it, and the channel. */
  tell({ reached, context }: InterceptedRecord, outcome: AnyOutcome): void {
    for (let place = 0; place < this.#interceptors.length; place++) {
      const interceptor = this.#interceptors[place]
      if (place < reached || interceptor?.onSend === undefined) this.#tellOne(interceptor, outcome)
    }
    if (context !== null) tellChannel(context, outcome)
  }

  #tellOne(interceptor: Interceptor<unknown, unknown> | undefined, outcome: AnyOutcome): void {
    try {
      // An async function may stand where one that returns nothing is asked for.
      isPromised(interceptor?.onOutcome?.(outcome), this.#threw)
    } catch (error) {
      this.#threw(error)
    }
  }

  readonly #threw = (error: unknown): void => {
    this.#logger.error({ err: error }, "an interceptor's onOutcome threw")
  }
}

function tellChannel(context: Context, { error, metadata }: AnyOutcome): void {
  if (error !== null) context.error = error
  if (metadata !== null) context.metadata = metadata
  traceOutcome(context)
}

/** What onSend has returned: a record, or what will be refused as none; but no promise of one. */
function recordOf(returned: unknown): AnyRecord {
  if (!isPromised(returned)) return returned as AnyRecord
  throw new TypeError('it returned a promise, and must return the record itself')
}

/** A record that throws when it is looked at. */
function unreadable(record: AnyRecord, cause: unknown): AnyRecord {
  const why = thrownWords(cause, kindOf)
  const topic = topicOf(record)
  const error = new InvalidRecordError(`an interceptor's onSend threw: ${why}`, { topic, cause })
  return {
    topic,
    get value(): never {
      throw error
    },
  }
}
