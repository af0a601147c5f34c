/**
 * Serializers for what needs no schema: text, bytes, JSON, and numbers as Java's serializers write
 * them (big-endian; org.apache.kafka.common.serialization).
 */
import { bytesOf } from '../any-bytes.js'
import { jsonText } from './json-text.js'
import { cannotSerialize, type Serializer } from './serializer.js'

/** Text as UTF-8. Refuses anything else, so that `[object Object]` never reaches a topic. */
export function string(): Serializer<string> {
  return (value) => {
    if (typeof value === 'string') return value
    throw cannotSerialize(value, 'string()', 'a string')
  }
}

/** Bytes as they are. They are yours again when the call has returned. */
export function bytes(): Serializer<Uint8Array> {
  return (value) => {
    if (value instanceof Uint8Array) return value
    const foreign = bytesOf(value)
    if (foreign !== undefined) return foreign
    throw cannotSerialize(value, 'bytes()', 'a Uint8Array or Buffer')
  }
}

/**
 * `JSON.stringify` of the value, at the time of the call. Refuses, at any depth and by its path, what
 * that would change or drop in silence: Map, Set, bytes (Buffer, typed arrays, ArrayBuffer),
 * promises, functions, symbols, Error, RegExp, objects whose contents are no fields (Headers, Blob, an
 * iterator, a class with private fields and getters), an invalid Date, NaN, Infinity, undefined in a
 * list; and BigInt. An object with a toJSON, such as a Date, is written as that says, and what it
 * returns is held to the same (it is called once more for that); a field that is undefined is left
 * out, as ever.
 */
export function json<T = unknown>(): Serializer<T> {
  return (value) => jsonText(value, 'json()')
}

/** An integer in 4 bytes, big-endian (Java's IntegerSerializer). */
export function int32(): Serializer<number> {
  return (value) => {
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 31) {
      throw cannotSerialize(value, 'int32()', 'an integer from -2^31 to 2^31-1')
    }
    const buffer = Buffer.allocUnsafe(4)
    buffer.writeInt32BE(value)
    return buffer
  }
}

/** An integer in 8 bytes, big-endian (Java's LongSerializer); a number must be a safe integer. */
export function int64(): Serializer<bigint | number> {
  return (value) => {
    const isInt64 =
      typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
    if (!isInt64) throw cannotSerialize(value, 'int64()', 'a bigint of 64 bits or a safe integer')
    const buffer = Buffer.allocUnsafe(8)
    buffer.writeBigInt64BE(BigInt(value))
    return buffer
  }
}

/** A number in 8 bytes, IEEE 754 big-endian (Java's DoubleSerializer). */
export function float64(): Serializer<number> {
  return (value) => {
    if (typeof value !== 'number') throw cannotSerialize(value, 'float64()', 'a number')
    const buffer = Buffer.allocUnsafe(8)
    buffer.writeDoubleBE(value)
    return buffer
  }
}
