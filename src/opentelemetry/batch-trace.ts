/**
 * The spans of one `sendAll`: a PRODUCER span `create` for each record, whose context travels in it,
 * and one CLIENT span `send` for the call, which links to them. Without create spans the one `send` span
 * is the PRODUCER, and its context travels in every record.
 *
 *   onSend:      create 0, create 1, … create n, then send ──┐
 *   onOutcome:                                               └── ends after the last record's
 *
 * A record that brings a context of its own keeps it, and has no create span. What differs from record
 * to record stands on the links.
 *
 * Before: tracing.ts, for calls of several records.
 */
import {
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api'
import type { DeliveryError } from '../errors.js'
import type { ProducerRecord } from '../producer/records/record.js'
import type { InterceptedOutcome } from '../producer/intercepting/interceptor.js'
import { ATTRIBUTE } from './conventions.js'
import { contextIn, withContext } from './record-headers.js'
import { errorType, type SpanMaker } from './span-maker.js'

/** A record of the call. */
interface TracedRecord {
  readonly topic: unknown
  /** What the send span links to; null where the record travels with the send span's own context. */
  readonly created: SpanContext | null
  /** Empty until it is settled. */
  outcome: Attributes
}

export class BatchTrace {
  readonly #spans: SpanMaker
  readonly #recordCount: number
  readonly #createSpans: boolean
  readonly #parent: Context
  /** By their index in the call. */
  readonly #records: (TracedRecord | undefined)[] = []
  #givenCount = 0
  #settledCount = 0
  #failedCount = 0
  #firstError: DeliveryError | null = null
  #areAllGiven = false
  #span: Span | null = null

  constructor(spans: SpanMaker, recordCount: number, createSpans: boolean, parent: Context) {
    this.#spans = spans
    this.#recordCount = recordCount
    this.#createSpans = createSpans
    this.#parent = parent
  }

  /** Every record is settled, and the send span has ended. */
  get isOver(): boolean {
    return this.#areAllGiven && this.#settledCount === this.#givenCount
  }

  /** The record to send in the place of this one; undefined: as it is. */
  onSend<K, V>(record: ProducerRecord<K, V>, index: number): ProducerRecord<K, V> | undefined {
    const replaced = this.#trace(record, index)
    if (++this.#givenCount === this.#recordCount) this.allGiven()
    return replaced
  }

  /** No further record of the call comes, although there may be fewer than it has said. */
  allGiven(): void {
    if (this.#areAllGiven) return
    this.#areAllGiven = true
    this.#span ??= this.#startSend(SpanKind.CLIENT, this.#commonTopic())
    if (this.isOver) this.#end(this.#span)
  }

  onOutcome<K, V>({ index, error, metadata }: InterceptedOutcome<K, V>): void {
    const record = this.#records[index]
    if (record === undefined) return // an interceptor before us has refused it
    this.#settledCount++
    if (this.#span?.isRecording() !== false) record.outcome = this.#spans.outcome(error, metadata)
    if (error !== null) {
      this.#failedCount++
      this.#firstError ??= error
    }
    if (this.#span !== null && this.isOver) this.#end(this.#span)
  }

  #trace<K, V>(record: ProducerRecord<K, V>, index: number): ProducerRecord<K, V> | undefined {
    const given = contextIn(record)
    if (given !== undefined) {
      this.#note(index, record, given)
      return undefined
    }
    return this.#createSpans ? this.#create(record, index) : this.#joinSend(record, index)
  }

  #create<K, V>(record: ProducerRecord<K, V>, index: number): ProducerRecord<K, V> | undefined {
    const span = this.#spans.start('create', record.topic, SpanKind.PRODUCER, this.#parent)
    if (span.isRecording()) this.#spans.describe(span, record)
    span.end()
    const created = span.spanContext()
    this.#note(index, record, isSpanContextValid(created) ? created : null)
    return withContext(record, trace.setSpan(this.#parent, span))
  }

  /** The send span has to be there with the first record: its topic is known when all are. */
  #joinSend<K, V>(record: ProducerRecord<K, V>, index: number): ProducerRecord<K, V> | undefined {
    this.#span ??= this.#startSend(SpanKind.PRODUCER, undefined)
    this.#note(index, record, null)
    return withContext(record, trace.setSpan(this.#parent, this.#span))
  }

  #note(index: number, { topic }: { topic: unknown }, created: SpanContext | null): void {
    this.#records[index] = { topic, created, outcome: {} }
  }

  #startSend(kind: SpanKind, topic: unknown): Span {
    const span = this.#spans.start('send', topic, kind, this.#parent)
    span.setAttribute(ATTRIBUTE.recordCount, this.#recordCount)
    return span
  }

  /** Undefined where there are several. */
  #commonTopic(): unknown {
    const topics = new Set(
      this.#records.flatMap((record) => (record === undefined ? [] : record.topic)),
    )
    const [topic] = topics
    return topics.size === 1 ? topic : undefined
  }

  #end(span: Span): void {
    if (!span.isRecording()) return
    const topic = this.#commonTopic()
    if (typeof topic === 'string') {
      span.updateName(`send ${topic}`)
      span.setAttribute(ATTRIBUTE.topic, topic)
    }
    this.#link(span, typeof topic === 'string')
    const error = this.#firstError
    if (error !== null) {
      const message = `${this.#failedCount} of ${this.#givenCount} records; the first: ${error.message}`
      span.setAttribute(ATTRIBUTE.errorType, errorType(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message })
    }
    span.end()
  }

  #link(span: Span, haveCommonTopic: boolean): void {
    for (const record of this.#records) {
      if (record === undefined || record.created === null) continue
      const { topic, created, outcome } = record
      const attributes =
        haveCommonTopic || typeof topic !== 'string'
          ? outcome
          : { ...outcome, [ATTRIBUTE.topic]: topic }
      span.addLink({ context: created, attributes })
    }
  }
}
