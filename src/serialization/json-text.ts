/**
 * The JSON text of a value, or an error that says what JSON would change in silence, and where.
 *
 * Before: basic.ts for json(), json-schema/ for values that a schema has checked.
 */
import { SerializationError } from '../errors.js'
import { findMangled } from './json-check.js'
import { cannotSerialize } from './serializer.js'

/**
 * `serializer` is the name that errors begin with.
 *
 * @throws SerializationError
 */
export function jsonText(value: unknown, serializer: string): string {
  const text = stringify(value, serializer)
  if (text === undefined) throw cannotSerialize(value, serializer, 'a value that JSON can express')
  const fault = findMangled(value)
  if (fault === null) return text
  throw new SerializationError(`${serializer}: value${fault}`)
}

/** undefined for undefined, functions and symbols. */
function stringify(value: unknown, serializer: string): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.includes('BigInt')) throw error
    const mend = 'give String(bigint), or Number(bigint) where it is small'
    throw new SerializationError(`${serializer}: JSON has no BigInt: ${mend}`, { cause: error })
  }
}
