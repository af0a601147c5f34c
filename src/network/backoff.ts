/**
 * How long to wait before the next try: exponential, with jitter, so that many producers that lost
 * the same broker do not come back in step (KIP-580).
 *
 *   wait(n) = min(initialMs * 2^n, maxMs), give or take 20 %, n = 0, 1, 2 …
 *
 * Not a timer: the caller waits.
 *
 * Neighbours: broker-pool.ts and metadata.ts.
 */

const JITTER = 0.2 // as Kafka's ExponentialBackoff
const MAX_DOUBLINGS = 30 // beyond any maximum; keeps the power finite

/** The bounds of the waits. */
export interface BackoffRange {
  readonly initialMs: number
  readonly maxMs: number
}

/**
 * Between logins while they are refused: directories count them, and lock accounts out. A broker that
 * has just started and does not know its users yet takes seconds, too.
 */
const REFUSED: BackoffRange = { initialMs: 500, maxMs: 10_000 }

/** The wait after `failures` tries in a row that failed, counted from 1; 0 where none has. */
export function backoffMs(range: BackoffRange, failures: number, random: () => number): number {
  if (failures <= 0) return 0
  const doublings = Math.min(failures - 1, MAX_DOUBLINGS)
  const waitMs = Math.min(range.initialMs * 2 ** doublings, range.maxMs)
  return waitMs * (1 - JITTER + 2 * JITTER * random())
}

/** The same after refused logins. One is tried again as anything is, since passwords may be new. */
export function refusedBackoffMs(
  range: BackoffRange,
  failures: number,
  random: () => number,
): number {
  return failures > 1
    ? backoffMs(REFUSED, failures - 1, random)
    : backoffMs(range, failures, random)
}

/** A row of refusals has ended where nobody has tried for so long. */
export const REFUSED_QUIET_MS = REFUSED.maxMs
