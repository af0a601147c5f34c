/**
 * Whether a value is what JSON makes of it: objects without a class and without a `toJSON`. Of others JSON
 * leaves out what they inherit, getters of a class among it, or writes something else.
 *
 * Looked at for every value that ajv checks, so no more is done than to answer that.
 *
 * Neighbours: checks.ts asks.
 */

/** Deeper values, circles among them, are for JSON.stringify to look at. */
const MAX_DEPTH = 100

/** False where a validator might see something else than a reader of the JSON. */
export function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object') return typeof value !== 'bigint' // which may have a toJSON
  return value === null || isPlain(value, 0)
}

function isPlain(value: object, depth: number): boolean {
  if (depth === MAX_DEPTH) return false
  const isArray = Array.isArray(value)
  if (!isArray) {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return false
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  return isArray ? areItemsPlain(value, depth) : areFieldsPlain(value, depth)
}

function areItemsPlain(items: readonly unknown[], depth: number): boolean {
  for (const item of items) if (!isMemberPlain(item, depth)) return false
  return true
}

function areFieldsPlain(value: object, depth: number): boolean {
  for (const name in value) {
    if (!isMemberPlain((value as Record<string, unknown>)[name], depth)) return false
  }
  return true
}

function isMemberPlain(member: unknown, depth: number): boolean {
  if (typeof member !== 'object') return typeof member !== 'bigint'
  return member === null || isPlain(member, depth + 1)
}
