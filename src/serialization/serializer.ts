/**
 * What turns a key or a value into bytes. A serializer is a plain function; `string()`, `json()`,
 * `bytes()` and the numbers beside this file make the common ones.
 *
 * Neighbours: the intake calls it; nothing here knows a producer.
 */
import { SerializationError } from '../errors.js'
import { bytesOf } from '../any-bytes.js'
import type { Headers } from './headers.js'

/** What goes on the wire: text as UTF-8, bytes as they are, null as Kafka's null (a tombstone). */
export type Serialized = string | Uint8Array | null

/** What a serializer is told besides the value: an object of its own for each call. */
export interface SerializerContext {
  readonly topic: string
  /** Which part of the record the value is. */
  readonly part: 'key' | 'value'
  /** The record's headers; undefined where it has none. They are the user's: to be read only. */
  readonly headers: Headers | undefined
  /**
   * Gives the record as it is written this header, in the place of any that it has of this name; the
   * user's own object stays as it is. To be called before the serializer returns, or before its promise
   * is resolved: later it does nothing. Call it on the context (`context.setHeader(…)`).
   */
  setHeader(name: string, value: Uint8Array): void
}

/**
 * Turns `value` into what goes on the wire, at once or later; later ones keep their place in the
 * order of their partition. What it throws (or rejects with) fails that record alone. It is not
 * asked for null: that is always Kafka's null.
 */
export type Serializer<T> = (
  value: T,
  context: SerializerContext,
) => Serialized | Promise<Serialized>

/** The serializers of a producer; what is left out takes string, Uint8Array and null. */
export interface Serializers<K, V> {
  readonly key?: Serializer<K> | undefined
  readonly value?: Serializer<V> | undefined
}

const MOST_QUOTED_CHARS = 60

/** The value as it may go on the wire; undefined for what may not. */
export function asSerialized(value: unknown): Serialized | undefined {
  if (typeof value === 'string' || value === null || value instanceof Uint8Array) return value
  return bytesOf(value)
}

/** A SerializationError for a value that a serializer cannot take. */
export function cannotSerialize(
  value: unknown,
  serializer: string,
  takes: string,
): SerializationError {
  return new SerializationError(`${serializer} takes ${takes}, and was given ${describe(value)}`)
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const { constructor } = value as { constructor?: { name: string } } // Object.create(null): none
    return `an object (${constructor?.name ?? 'no class'})`
  }
  return `${typeof value} ${short(String(value))}`
}

/** It is the user's value, and goes into messages and logs. */
function short(text: string): string {
  return text.length > MOST_QUOTED_CHARS ? `${text.slice(0, MOST_QUOTED_CHARS - 3)}...` : text
}
