/**
 * Random values of Kafka's primitive types, edges included, from which the messages' own
 * generators in this folder are made.
 */

import fc from 'fast-check'
import { uuidFromBytes, ZERO_UUID } from '../../../src/protocol/uuid.js'

export const int8 = fc.integer({ min: -0x80, max: 0x7f })
export const int16 = fc.integer({ min: -0x8000, max: 0x7fff })
export const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
export const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
/** Any code points that UTF-8 can carry, up to four bytes each. */
export const text = fc.string({ unit: 'binary', maxLength: 40 })
export const bytes = fc
  .uint8Array({ maxLength: 200 })
  .map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength))
export const uuid = fc.oneof(
  fc.constant(ZERO_UUID),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFromBytes),
)

/** An object with all the fields of `model`. Plain: what the decoders return has a prototype. */
export function record<T>(model: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

export function nullable<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null, freq: 4 })
}

export function list<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { maxLength: 4 })
}

/** `value` where the version carries the field, else Kafka's default for it. */
export function when<T>(carried: boolean, value: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> {
  return carried ? value : fc.constant(otherwise)
}
