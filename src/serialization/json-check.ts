/**
 * Finds what `JSON.stringify` would write as something else without a word: a Map, a Set and a
 * promise become {}, bytes a list of numbers, NaN null, and a function is left out.
 *
 * Looked for after JSON.stringify, which has refused circles by then. A walk of its own costs about
 * 15 % of JSON.stringify; a replacer would double the whole.
 *
 * Neighbours: basic.ts, whose json() asks for every value.
 */

/** Where the first of them is, and what: `.items[3] is a Map, …`; null where all is well. */
export function findMangled(value: unknown): string | null {
  if (typeof value === 'object') return value === null ? null : inObject(value)
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : ` is ${value}, which JSON writes as null`
  }
  // A BigInt that came this far has a toJSON of the user's; else JSON.stringify has refused it.
  const isDropped = typeof value === 'function' || typeof value === 'symbol'
  return isDropped ? ` is a ${typeof value}, which JSON leaves out` : null
}

function inObject(value: object): string | null {
  if (Array.isArray(value)) return inArray(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const fault = ofClass(value)
    if (fault !== null) return fault
  }
  // Its own form: what it hides is its own matter.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return null
  // Faster than Object.keys; what is inherited is not written, and asked about only in case of a fault.
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name]
    if (typeof member === 'string') continue
    const fault = findMangled(member)
    if (fault !== null && Object.hasOwn(value, name)) return `.${name}${fault}`
  }
  return null
}

function inArray(values: readonly unknown[]): string | null {
  for (let i = 0; i < values.length; i++) {
    const fault = findMangled(values[i])
    if (fault !== null) return `[${i}]${fault}`
  }
  return null
}

/** What an instance of some classes loses; a toJSON of its own mends it, but for bytes and dates. */
function ofClass(value: object): string | null {
  if (isBytes(value)) {
    return ` is ${className(value)}: JSON has no bytes, send them as a Uint8Array with bytes(), or as base64 text`
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? ' is an invalid Date, which JSON writes as null' : null
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return null
  if (value instanceof Map) return ' is a Map: give Object.fromEntries(map), or [...map]'
  if (value instanceof Set) return ' is a Set: give [...set]'
  return ofOtherClass(value)
}

function ofOtherClass(value: object): string | null {
  if (typeof (value as { then?: unknown }).then === 'function')
    return ' is a promise: await it first'
  if (value instanceof Error) return ' is an Error, which JSON writes without its message'
  const isEmpty = value instanceof WeakMap || value instanceof WeakSet || value instanceof RegExp
  return isEmpty ? ` is ${className(value)}, which JSON writes as {}` : null
}

function isBytes(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true
  return value instanceof SharedArrayBuffer
}

function className(value: object): string {
  const { constructor } = value as { constructor?: { name: string } }
  const name = constructor?.name ?? 'object without a class'
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}
