/**
 * The JSON that protobuf-es has in place of a google.protobuf.Struct. It makes values of whatever is in
 * there: a Map, a Date and bytes lose their contents, and what JSON has not becomes a value of no kind.
 *
 * Before: message-check.ts. Neighbours: serialization/json-check.ts is as strict, but has toJSON called,
 * which protobuf-es does not.
 */
import { stringKey } from './key-check.js'
import { inList, inMap, isObject, isPlain, wanted, type Check } from './value-check.js'

const AN_OBJECT = 'an object of JSON'

/** Of the whole. */
export const inStruct: Check = (value) => {
  if (!isObject(value)) return wanted(value, AN_OBJECT)
  const { $typeName } = value
  if (typeof $typeName === 'string') return ` is a message ${$typeName}: ${AN_OBJECT} is wanted`
  if (!isPlain(value)) return wanted(value, AN_OBJECT)
  return inMap(value, stringKey, inValue)
}

const inValue: Check = (value) => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number' && Number.isFinite(value)) return null
  if (value === undefined) return ' is undefined, which JSON has not: give null, or leave it out'
  if (Array.isArray(value)) return inList(value, inValue)
  return typeof value === 'object' ? inStruct(value) : wanted(value, 'a value of JSON')
}
