/**
 * What must hold or the program is wrong. For errors of ours, never for a user's or a broker's:
 * those are values (see errors.ts).
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Ottla broke a promise of its own (please report it): ${message}`)
}
