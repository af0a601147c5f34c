/**
 * Objects whose contents are no fields, such as Headers, a URL, an iterator, or an instance of a class
 * with private fields: a writer of fields sees them as empty. A rule and no list, so that classes of
 * tomorrow and of other realms are found, too.
 *
 * Before: json-check.ts, and Avro's maps and records (avro/strict-composites.ts).
 */

/** What makes an object iterable, or a kind of its own. */
const TELLING = [Symbol.iterator, Symbol.asyncIterator, Symbol.toStringTag] as const

/**
 * It has no field of its own, and what it inherits is more than methods: then it is empty only for
 * those who look for fields. An instance of a class that has nothing but methods is taken as empty.
 */
export function isOpaque(value: object): boolean {
  for (const name in value) if (Object.hasOwn(value, name)) return false
  let prototype = Object.getPrototypeOf(value) as object | null
  while (prototype !== null && !isRoot(prototype)) {
    if (isTelling(prototype)) return true
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return false
}

/** Object.prototype, of any realm. */
function isRoot(prototype: object): boolean {
  if (prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function isTelling(prototype: object): boolean {
  if (TELLING.some((symbol) => Object.hasOwn(prototype, symbol))) return true
  return Object.getOwnPropertyNames(prototype).some((name) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name)
    return name !== 'constructor' && typeof property?.value !== 'function'
  })
}

/** Its class, or what it calls itself: `Headers`, `Map Iterator`; null for an object of no class. */
export function kindOf(value: object): string | null {
  const { constructor } = value as { constructor?: { name?: unknown } }
  const name = constructor?.name
  if (typeof name === 'string' && name !== '' && name !== 'Object') return name
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return kind === 'Object' ? null : kind
}

/** It can be asked for its contents: an error may say so. */
export function isIterable(value: object): boolean {
  return typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
}
