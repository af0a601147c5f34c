/**
 * What can be read as options: an object's own fields, those that a spread takes along. A Map has none,
 * and what stands in a prototype or in a class's getters would be passed over: options that are
 * ignored without a word are worse than an error.
 *
 * An instance of a class whose options are fields of its own is as good as a plain object.
 *
 * Neighbours: every file that checks options.
 */
import { ConfigError } from './errors.js'

/** False for a Map, a Date, an array and the like; true for what has fields, of any realm. */
export function hasFields(given: object): boolean {
  // The namespace of a module has no prototype, and fields of its own.
  return kindOf(given) === 'Object' || Object.getPrototypeOf(given) === null
}

/**
 * Throws ConfigError where `given` cannot be read by its own fields, or one of `names` is there and is
 * not a field of its own. No value is read or shown.
 */
export function checkPlain(what: string, given: object, names: readonly string[]): void {
  if (!hasFields(given)) throw new ConfigError(`${what}: give a plain object, no ${kindOf(given)}`)
  const lost = names.find((name) => name in given && !isOwn(given, name))
  if (lost === undefined) return
  throw new ConfigError(
    `${what}: ${lost} comes from a prototype or a getter of a class, and would be passed over; give it as a field of a plain object, { ${lost}: … }`,
  )
}

/** The same, and for what is no object, or has a name that there is not. `call` is what takes the options. */
export function checkOptionNames(call: string, given: object, names: readonly string[]): void {
  if (typeof given !== 'object' || (given as unknown) === null) {
    throw new ConfigError(`${call} takes an object of options: { ${names.join(', ')} }`)
  }
  checkPlain(`what ${call} was given`, given, names)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new ConfigError(`unknown option "${unknown}" of ${call}: it takes ${names.join(', ')}`)
}

function kindOf(given: object): string {
  return Object.prototype.toString.call(given).slice('[object '.length, -1)
}

function isOwn(given: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(given, name)
}
