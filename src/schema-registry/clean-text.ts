/**
 * Words of the registry's, or of a user's function, made fit for a message: one line, cut at a length.
 *
 * Neighbours: every file of this room that quotes somebody.
 */

const MAX_CHARS = 400

/** Each run of control characters, line separators and marks that turn text around is one space. */
export function cleanText(text: string): string {
  const start = text.slice(0, 4 * MAX_CHARS) // the rest would be cut anyway
  const line = start.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS - 1)}…` : line
}
