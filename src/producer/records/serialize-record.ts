/**
 * Runs a user's serializer on a key or a value, and checks what comes of it.
 */
import { type DeliveryError, OttlaError, SerializationError } from '../../errors.js'
import { isDetached } from '../../any-bytes.js'
import type { Headers } from '../../serialization/headers.js'
import {
  asSerialized,
  type Serialized,
  type Serializer,
  type SerializerContext,
} from '../../serialization/serializer.js'
import { depthFault, isTooDeep } from '../../serialization/too-deep.js'
import { isThrown, thrownWords } from '../../thrown.js'
import { kindOfRefused } from './record.js'
import { SerializerCall } from './serializer-call.js'

/** Which part of a record. */
export type RecordPart = SerializerContext['part']

/** What is made of one part of a record, with its serializer or without. */
export class PartSerializer<T> {
  readonly #part: RecordPart
  readonly #serializer: Serializer<T> | undefined

  constructor(part: RecordPart, serializer: Serializer<T> | undefined) {
    this.#part = part
    this.#serializer = serializer
  }

  /** For `serialize`: what the serializer is told; null where none is called. */
  callFor(value: T | null, topic: string, headers?: Headers): SerializerCall | null {
    if (value === null || this.#serializer === undefined) return null
    return new SerializerCall(topic, this.#part, headers)
  }

  /**
   * The part as it goes on the wire, or a promise of it; null stays null. Throws (or rejects with)
   * SerializationError.
   */
  serialize(
    value: T | null,
    topic: string,
    call: SerializerCall | null,
  ): Serialized | Promise<Serialized> {
    if (value === null) return null
    const serializer = this.#serializer
    if (serializer === undefined || call === null) {
      if (typeof value === 'string') return value
      return checked(value, this.#part, topic, NO_SERIALIZER_HINTS[this.#part])
    }
    return run(serializer, value, call)
  }
}

function run<T>(
  serializer: Serializer<T>,
  value: T,
  context: SerializerContext,
): Serialized | Promise<Serialized> {
  const { part, topic } = context
  let result: Serialized | Promise<Serialized>
  try {
    result = serializer(value, context)
  } catch (error) {
    throw failed(error, value, context)
  }
  if (!isPromise(result)) return checked(result, part, topic, SERIALIZER_HINT)
  return Promise.resolve(result).then(
    (bytes) => checked(bytes, part, topic, SERIALIZER_HINT),
    (error: unknown) => {
      throw failed(error, value, context)
    },
  )
}

/** Asked twice for each record: text, the most common answer, is ruled out without a look-up. */
export function isPromise(value: unknown): value is Promise<Serialized> {
  if (typeof value !== 'object' || value instanceof Uint8Array) return false
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}

const NO_SERIALIZER_HINTS: Readonly<Record<RecordPart, string>> = {
  key: noSerializerHint('{ key: json() } or { key: int32() }'),
  value: noSerializerHint('{ value: json() }'),
}

/** The part itself, since serializers of the other part change nothing. */
function noSerializerHint(serializers: string): string {
  return `give a string, bytes (a Uint8Array) or null, or a serializer for it, e.g. new Producer({ serializers: ${serializers} })`
}

const SERIALIZER_HINT = 'its serializer must return a string, bytes or null'

function checked(value: unknown, part: RecordPart, topic: string, hint: string): Serialized {
  const fit = asSerialized(value)
  if (fit !== undefined && !(fit instanceof Uint8Array && isDetached(fit))) {
    return fit
  }
  const kind = kindOfRefused(value)
  throw new SerializationError(`the ${part} of a record for topic "${topic}" is ${kind}: ${hint}`, {
    topic,
  })
}

function failed(cause: unknown, value: unknown, { part, topic }: SerializerContext): DeliveryError {
  const depth = isTooDeep(cause) ? depthFault(value) : null
  const why = depth === null ? thrownWords(cause, String) : `value${depth}`
  return new SerializationError(
    `the ${part} of a record for topic "${topic}" could not be serialized: ${why}`,
    { topic, cause, retriable: isThrown(cause, OttlaError) && cause.retriable },
  )
}
