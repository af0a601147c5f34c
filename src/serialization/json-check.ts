/**
 * Finds what `JSON.stringify` would write as something else without a word: a Map, Headers and a
 * promise become {}, bytes a list of numbers, NaN and a list's undefined null, and a function is left
 * out. What a toJSON returns is looked at, too: for that it is called once more.
 *
 * Looked for after JSON.stringify, which has refused circles by then. A walk of its own costs about
 * 15 % of JSON.stringify; a replacer would double the whole.
 *
 * Neighbours: json-text.ts asks for every value; opaque.ts knows objects whose contents are no fields.
 */
import { types } from 'node:util'
import { isIterable, isOpaque, kindOf } from './opaque.js'

/** Where a value is: the name of its field, its index in a list, '' for the whole. */
type Key = string | number

/** Where the first of them is, and what: `.items[3] is a Map, …`; null where all is well. */
export function findMangled(value: unknown, key: Key = ''): string | null {
  if (typeof value === 'object') return value === null ? null : inObject(value, key)
  if (typeof value === 'number') return ofNumber(value)
  // One that came this far has a toJSON of the user's; else JSON.stringify has refused it.
  if (typeof value === 'bigint') return behindToJson(value as unknown as WithToJson, key)
  const isDropped = typeof value === 'function' || typeof value === 'symbol'
  return isDropped ? ` is a ${typeof value}, which JSON leaves out` : null
}

function ofNumber(value: number): string | null {
  return Number.isFinite(value) ? null : ` is ${value}, which JSON writes as null`
}

/** `isAsked`: whether JSON asks for its toJSON, as it does not for what another toJSON has returned. */
function inObject(value: object, key: Key, isAsked = true): string | null {
  if (Array.isArray(value)) {
    return isAsked && hasToJson(value) ? behindToJson(value, key) : inArray(value)
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === Object.prototype || prototype === null
  if (!isPlain && isBytes(value)) return ofBytes(value)
  if (isAsked && hasToJson(value)) return behindToJson(value, key)
  return (isPlain ? null : ofClass(value)) ?? inFields(value)
}

function inFields(value: object): string | null {
  // Faster than Object.keys; what is inherited is not written, and asked about only in case of a fault.
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name]
    if (typeof member === 'string') continue
    const fault = findMangled(member, name)
    if (fault !== null && Object.hasOwn(value, name)) return `.${name}${fault}`
  }
  return null
}

const UNDEFINED = ' is undefined, which JSON writes as null: give null, or leave it out'

function inArray(values: readonly unknown[]): string | null {
  for (let i = 0; i < values.length; i++) {
    const member = values[i]
    if (typeof member === 'string') continue
    const fault = member === undefined ? UNDEFINED : findMangled(member, i)
    if (fault !== null) return `[${i}]${fault}`
  }
  return null
}

interface WithToJson {
  toJSON(key: string): unknown
}

function hasToJson(value: object): value is WithToJson {
  return typeof (value as Partial<WithToJson>).toJSON === 'function'
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- compared, never called
const DATE_TO_JSON = Date.prototype.toJSON

/** JSON asks what toJSON returns for no toJSON again, and writes its contents. */
function behindToJson(value: WithToJson, key: Key): string | null {
  if (value instanceof Date && value.toJSON === DATE_TO_JSON) return ofDate(value)
  const written = value.toJSON(String(key))
  // Of another realm, as under Jest: its toJSON is not this one's.
  if (written === null && !(value instanceof Date) && types.isDate(value)) return ofDate(value)
  const fault = ofWritten(written, typeof key === 'number')
  return fault === null ? null : `.toJSON()${fault}`
}

function ofWritten(written: unknown, isInList: boolean): string | null {
  if (written === undefined) return isInList ? UNDEFINED : null
  const isObject = typeof written === 'object' && written !== null
  return isObject ? inObject(written, '', false) : findMangled(written)
}

function ofDate(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? ' is an invalid Date, which JSON writes as null' : null
}

/** What an instance of some classes loses. */
function ofClass(value: object): string | null {
  if (value instanceof Map) return ' is a Map: give Object.fromEntries(map), or [...map]'
  if (value instanceof Set) return ' is a Set: give [...set]'
  if (value instanceof Number) return ofNumber(value.valueOf())
  if (value instanceof Date)
    return ' is a Date, which JSON writes as {} here: give date.toISOString()'
  return ofOtherClass(value)
}

function ofOtherClass(value: object): string | null {
  if (typeof (value as { then?: unknown }).then === 'function')
    return ' is a promise: await it first'
  if ('toFixed' in value && types.isNumberObject(value)) return ofNumber(Number(value)) // another realm's
  if (value instanceof Error) return ' is an Error, which JSON writes without its message'
  const isEmpty = value instanceof WeakMap || value instanceof WeakSet || value instanceof RegExp
  return isEmpty || isOpaque(value) ? ofOpaque(value) : null
}

function ofOpaque(value: object): string {
  if (kindOf(value) === null)
    return ' is an object with nothing but inherited fields, which JSON writes as {}'
  const mend = isIterable(value) ? ': give Object.fromEntries(it), or [...it]' : ''
  return ` is ${className(value)}, which JSON writes as {}${mend}`
}

function ofBytes(value: object): string {
  return ` is ${className(value)}: JSON has no bytes, send them as a Uint8Array with bytes(), or as base64 text`
}

function isBytes(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true
  return value instanceof SharedArrayBuffer
}

function className(value: object): string {
  const name = kindOf(value) ?? 'object without a class'
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}`
}
