/**
 * Runs a user's serializer on a key or a value, and checks what comes of it.
 */
import { type DeliveryError, SerializationError } from '../../errors.js'
import { isSerialized, type Serialized, type Serializer } from '../../serialization/serializer.js'
import { kindOf } from './record.js'

/** Which part of a record, for messages. */
export type RecordPart = 'key' | 'value'

/**
 * The part as it goes on the wire, or a promise of it; null stays null. Throws (or rejects with)
 * SerializationError.
 */
export function serializeWith<T>(
  serializer: Serializer<T> | undefined,
  part: RecordPart,
  value: T | null,
  topic: string,
): Serialized | Promise<Serialized> {
  if (value === null) return null
  if (serializer === undefined) return checked(value, part, topic, NO_SERIALIZER_HINTS[part])
  let result: Serialized | Promise<Serialized>
  try {
    result = serializer(value, topic)
  } catch (error) {
    throw failed(error, part, topic)
  }
  if (!isPromise(result)) return checked(result, part, topic, SERIALIZER_HINT)
  return Promise.resolve(result).then(
    (bytes) => checked(bytes, part, topic, SERIALIZER_HINT),
    (error: unknown) => {
      throw failed(error, part, topic)
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
  const isFit = isSerialized(value)
  if (isFit && !(value instanceof Uint8Array && value.length === 0 && isDetached(value))) {
    return value
  }
  const kind = isFit ? 'bytes whose ArrayBuffer was transferred away' : kindOf(value)
  throw new SerializationError(`the ${part} of a record for topic "${topic}" is ${kind}: ${hint}`, {
    topic,
  })
}

/** Bytes that were handed to another thread look empty here; `buffer.detached` is for Node 22 on. */
function isDetached({ buffer }: Uint8Array): boolean {
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

function failed(cause: unknown, part: RecordPart, topic: string): DeliveryError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SerializationError(
    `the ${part} of a record for topic "${topic}" could not be serialized: ${why}`,
    { topic, cause },
  )
}
