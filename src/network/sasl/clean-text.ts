/**
 * Words of somebody else, made fit for a message: one line, no control characters, cut at a length.
 *
 * Neighbours: every file of this room that quotes a broker, a token or a user's function.
 */
import { thrownWords } from '../../thrown.js'

const MAX_CHARS = 500

/** Each run of control characters, line separators and marks that turn text around is one space. */
export function cleanText(text: string, maxChars = MAX_CHARS): string {
  const start = text.slice(0, 4 * maxChars) // the rest would be cut anyway
  const line = start.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line
}

/** What was thrown, in one line. */
export function describeThrown(thrown: unknown): string {
  const words = thrownWords(thrown, (other) => `it threw ${kindOf(other)}`)
  return cleanText(words) || 'an error without a message'
}

/** Not the value, which may be a secret. */
function kindOf(thrown: unknown): string {
  return thrown === null || thrown === undefined
    ? String(thrown)
    : `a value of type ${typeof thrown}`
}
