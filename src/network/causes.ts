/**
 * What an error is made of: its cause, and that one's; of several together each. A user's may go in a circle
 * or be thousands, as may an AggregateError that a token function has thrown: so only some are looked at.
 *
 * Neighbours: error-kind.ts and metadata/metadata-errors.ts look for what somebody has to mend.
 */
import { OttlaError } from '../errors.js'

const MOST_LOOKED_AT = 100

/** Whether an error, or one of which it is made, is such. Causes are those of errors of `kind`. */
export function someCause(
  error: unknown,
  is: (one: unknown) => boolean,
  kind: abstract new (...args: never) => Error = OttlaError,
): boolean {
  const line = [error]
  for (let i = 0; i < line.length && i < MOST_LOOKED_AT; i++) {
    const one = line[i]
    if (is(one)) return true
    line.push(...partsOf(one, kind))
  }
  return false
}

function partsOf(error: unknown, kind: abstract new (...args: never) => Error): readonly unknown[] {
  if (error instanceof kind) return [error.cause]
  if (!(error instanceof AggregateError)) return []
  const errors: unknown = error.errors // a user may have put anything there
  return Array.isArray(errors) ? errors.slice(0, MOST_LOOKED_AT) : []
}
