/**
 * Starts and ends spans with the attributes of the conventions. What a sampler decides by (system,
 * operation, topic, server) is there at the start, from one object for each topic and operation;
 * what is known of one record is added only to a span that records.
 *
 * Before: tracing.ts and batch-trace.ts. Neighbours: conventions.ts has the names.
 */
import {
  type SpanKind,
  SpanStatusCode,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { BrokerError, type DeliveryError } from '../errors.js'
import type { RecordMetadata } from '../record-metadata.js'
import type { ProducerRecord } from '../producer/records/record.js'
import { addFormerNames, ATTRIBUTE, SYSTEM } from './conventions.js'

/** What all spans of a producer have in common. */
export interface SpanSettings {
  /** Attributes besides those of the conventions. */
  readonly attributes: Attributes
  readonly formerNames: boolean
}

export type Operation = 'send' | 'create'

/** More topics than this have the texts of their spans made anew for each. */
const MAX_TOPICS = 1000

/** What spans of one operation on one topic begin with. */
interface Opening {
  readonly name: string
  readonly attributes: Attributes
}

/** Errors that end a wait of ours: the last refusal of a broker is then only their cause. */
const ENDED_BY_US: readonly string[] = [
  ...['ERR_OTTLA_DELIVERY_TIMEOUT', 'ERR_OTTLA_BUFFER_FULL'],
  ...['ERR_OTTLA_ABORTED', 'ERR_OTTLA_CLOSED'],
]

export class SpanMaker {
  readonly #tracer: Tracer
  readonly #settings: SpanSettings
  readonly #openings = { send: new Map<unknown, Opening>(), create: new Map<unknown, Opening>() }

  constructor(tracer: Tracer, settings: SpanSettings) {
    this.#tracer = tracer
    this.#settings = settings
  }

  /** `topic` is undefined where the records have several. */
  start(
    operation: Operation,
    topic: unknown,
    kind: SpanKind,
    parent: Context,
    links?: Link[],
  ): Span {
    const { name, attributes } = this.#openingOf(operation, topic)
    // Written out: without links, which is most of the time, there is no field for them.
    const options = links === undefined ? { kind, attributes } : { kind, attributes, links }
    return this.#tracer.startSpan(name, options, parent)
  }

  /** Key and tombstone of the one record that a span is about. */
  describe(span: Span, record: ProducerRecord<unknown, unknown>): void {
    span.setAttributes(this.#named(recordAttributes(record)))
  }

  /** Ends the span of a record's operation. */
  end(span: Span, error: DeliveryError | null, metadata: RecordMetadata | null): void {
    span.setAttributes(this.outcome(error, metadata))
    if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    span.end()
  }

  /** Where the record lies, or why it failed. */
  outcome(error: DeliveryError | null, metadata: RecordMetadata | null): Attributes {
    if (error !== null) return failureAttributes(error)
    return metadata === null ? {} : this.#named(placeAttributes(metadata))
  }

  #named(attributes: Attributes): Attributes {
    return this.#settings.formerNames ? addFormerNames(attributes) : attributes
  }

  #openingOf(operation: Operation, topic: unknown): Opening {
    const openings = this.#openings[operation]
    const known = openings.get(topic)
    if (known !== undefined) return known
    if (openings.size >= MAX_TOPICS) openings.clear()
    const opening = this.#newOpening(operation, topic)
    openings.set(topic, opening)
    return opening
  }

  #newOpening(operation: Operation, topic: unknown): Opening {
    const attributes: Attributes = {
      [ATTRIBUTE.system]: SYSTEM,
      [ATTRIBUTE.operationName]: operation,
      [ATTRIBUTE.operationType]: operation,
    }
    if (typeof topic === 'string') attributes[ATTRIBUTE.topic] = topic
    return {
      name: typeof topic === 'string' ? `${operation} ${topic}` : operation,
      attributes: { ...this.#named(attributes), ...this.#settings.attributes },
    }
  }
}

/** Kafka's name of the error where a broker has refused the record, else our code. */
export function errorType(error: DeliveryError): string {
  const { code, cause } = error
  return cause instanceof BrokerError && !ENDED_BY_US.includes(code) ? cause.errorName : code
}

function recordAttributes({ key, value }: ProducerRecord<unknown, unknown>): Attributes {
  const attributes: Attributes = {}
  const text = keyText(key)
  if (text !== undefined) attributes[ATTRIBUTE.key] = text
  if (value === null) attributes[ATTRIBUTE.tombstone] = true
  return attributes
}

/** Bytes and objects have no text that is certainly theirs. */
function keyText(key: unknown): string | undefined {
  if (typeof key === 'string') return key
  return typeof key === 'number' || typeof key === 'bigint' ? String(key) : undefined
}

function placeAttributes({ partition, offset }: RecordMetadata): Attributes {
  const attributes: Attributes = { [ATTRIBUTE.partition]: String(partition) }
  if (offset >= 0n) attributes[ATTRIBUTE.offset] = Number(offset)
  return attributes
}

function failureAttributes(error: DeliveryError): Attributes {
  const attributes: Attributes = {
    [ATTRIBUTE.errorType]: errorType(error),
    [ATTRIBUTE.outcome]: error.outcome,
  }
  if (error.partition !== undefined) attributes[ATTRIBUTE.partition] = String(error.partition)
  return attributes
}
