/**
 * Checks that the options of this room have in common. No message shows a value.
 *
 * Neighbours: resolve-registry-options.ts and serializer-checks.ts.
 */
import { ConfigError } from '../errors.js'
import { nearest } from '../nearest.js'
import { checkPlain } from '../plain-options.js'

/** An object with names, no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws ConfigError for a name that there is not */
export function checkNames(where: string, given: object, known: readonly string[]): void {
  checkPlain(where, given, known)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const meant = nearest(unknown, known)
  const mend = meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`
  throw new ConfigError(`${where} has no "${unknown.slice(0, 60)}": ${mend}`)
}

/** A whole number within limits, or the default. */
export function wholeNumber(name: string, value: unknown, fallback: number, least: number): number {
  if (value === undefined) return fallback
  const isFit = typeof value === 'number' && Number.isSafeInteger(value) && value >= least
  if (isFit && value <= 2 ** 31 - 1) return value
  throw new ConfigError(`option ${name}: give a whole number from ${least} to ${2 ** 31 - 1}`)
}
