/**
 * Traces: an interceptor that makes the spans of each call and puts their context into the records.
 * The span of a send ends when its record is settled. One that does not record (no SDK, sampled out,
 * tracing suppressed) is not kept, and costs little more than the asking.
 *
 *   send, enqueue:        PRODUCER span `send <topic>`, its context in the record
 *   … with a context:     CLIENT span `send <topic>`, linked to that; the record stays as it is
 *   sendAll of several:   batch-trace.ts
 *
 * Before: the producer calls. Neighbours: span-maker.ts, record-headers.ts.
 */
import {
  context,
  SpanKind,
  trace,
  type Attributes,
  type Span,
  type TracerProvider,
} from '@opentelemetry/api'
import { queueJob } from '../clock.js'
import type { ProducerRecord } from '../producer/records/record.js'
import type { InterceptedOutcome, SendCall } from '../producer/intercepting/interceptor.js'
import { VERSION } from '../version.js'
import type { AnyInterceptor } from './any-interceptor.js'
import { BatchTrace } from './batch-trace.js'
import { ATTRIBUTE, SCOPE, wantsFormerNames } from './conventions.js'
import { checkOptionNames } from '../plain-options.js'
import { contextIn, withContext } from './record-headers.js'
import { SpanMaker } from './span-maker.js'

/** What `tracing` takes; all may be left out. */
export interface TracingOptions {
  /** Makes the spans. Default: the global one, whether it is registered before or after this call. */
  readonly tracerProvider?: TracerProvider | undefined
  /** The producer's `clientId`, for `messaging.client.id`. Default: none. */
  readonly clientId?: string | undefined
  /** Attributes of every span, as `server.address`. Default: none. */
  readonly attributes?: Attributes | undefined
  /**
   * A span of its own for each record of a `sendAll`, to which the call's span links. Without, the call
   * has one span, whose context travels in all its records. Default true.
   */
  readonly createSpans?: boolean | undefined
  /**
   * Give also the names from before version 1.45 of the conventions, as `messaging.system`. Default:
   * whether OTEL_SEMCONV_STABILITY_OPT_IN has `messaging/dup`.
   */
  readonly formerNames?: boolean | undefined
}

const OPTIONS = ['tracerProvider', 'clientId', 'attributes', 'createSpans', 'formerNames']

/**
 * An interceptor for `new Producer({ interceptors: [tracing()] })`: a span for each call, by
 * OpenTelemetry's semantic conventions 1.45 for messaging, and its context in the headers of what is
 * sent, by the propagator that is registered. The parent is the context that is active during the call.
 * A record that has a context in its headers keeps it. It belongs to one producer.
 */
export function tracing(options: TracingOptions = {}): AnyInterceptor {
  checkOptionNames('tracing', options, OPTIONS)
  const provider = options.tracerProvider ?? trace
  const { clientId, attributes, createSpans = true, formerNames = wantsFormerNames() } = options
  const spans = new SpanMaker(provider.getTracer(SCOPE, VERSION), {
    attributes: {
      ...(clientId === undefined ? {} : { [ATTRIBUTE.clientId]: clientId }),
      ...attributes,
    },
    formerNames,
  })
  return new Tracing(spans, createSpans)
}

class Tracing implements AnyInterceptor {
  readonly #spans: SpanMaker
  readonly #createSpans: boolean
  /** Spans that record and have not ended, by their calls. */
  readonly #open = new Map<SendCall, Span | BatchTrace>()

  constructor(spans: SpanMaker, createSpans: boolean) {
    this.#spans = spans
    this.#createSpans = createSpans
  }

  onSend<K, V>(
    record: ProducerRecord<K, V>,
    call: SendCall,
    index: number,
  ): ProducerRecord<K, V> | undefined {
    if (!isRecord(record)) return undefined // the producer says what is wrong with it
    return call.recordCount > 1 ? this.#onBatch(record, call, index) : this.#onOne(record, call)
  }

  onOutcome<K, V>(outcome: InterceptedOutcome<K, V>): void {
    const { call, error, metadata } = outcome
    const open = this.#open.get(call)
    if (open === undefined) return
    if (!(open instanceof BatchTrace)) this.#spans.end(open, error, metadata)
    else open.onOutcome(outcome)
    if (!(open instanceof BatchTrace) || open.isOver) this.#open.delete(call)
  }

  #onOne<K, V>(record: ProducerRecord<K, V>, call: SendCall): ProducerRecord<K, V> | undefined {
    const parent = context.active()
    const given = contextIn(record)
    const span =
      given === undefined
        ? this.#spans.start('send', record.topic, SpanKind.PRODUCER, parent)
        : this.#spans.start('send', record.topic, SpanKind.CLIENT, parent, [{ context: given }])
    if (span.isRecording()) {
      this.#spans.describe(span, record)
      if (call.kind === 'sendAll') span.setAttribute(ATTRIBUTE.recordCount, 1)
      this.#open.set(call, span)
    }
    return given === undefined ? withContext(record, trace.setSpan(parent, span)) : undefined
  }

  #onBatch<K, V>(
    record: ProducerRecord<K, V>,
    call: SendCall,
    index: number,
  ): ProducerRecord<K, V> | undefined {
    const open = this.#open.get(call)
    const batch = open instanceof BatchTrace ? open : this.#openBatch(call)
    return batch.onSend(record, index)
  }

  #openBatch(call: SendCall): BatchTrace {
    const batch = new BatchTrace(this.#spans, call.recordCount, this.#createSpans, context.active())
    this.#open.set(call, batch)
    // All of a call are given while it runs; fewer than it has said, where others refuse some.
    queueJob(() => {
      batch.allGiven()
      if (batch.isOver) this.#open.delete(call)
    })
    return batch
  }
}

/** A user without types may have given anything. */
function isRecord(record: unknown): boolean {
  return typeof record === 'object' && record !== null
}
