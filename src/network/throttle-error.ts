/**
 * Why nothing is asked of a broker that wants a pause (KIP-219), in words.
 *
 * Neighbours: metadata.ts; the producer's obstacles.ts, of Produce.
 */
import { TimeoutError } from '../errors.js'

/** `who`: the broker. Null where the pause is over. */
export function throttleError(who: string, leftMs: number): TimeoutError | null {
  if (leftMs <= 0) return null
  const seconds = Math.ceil(leftMs / 1000)
  return new TimeoutError(`${who} wants no request for another ${seconds} s (a quota)`)
}
