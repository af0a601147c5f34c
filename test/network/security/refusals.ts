/**
 * Everything that can be wrong at a guarded door, and what Ottla says of it: the cause, how to bring
 * it about, the error, its words and the fix. One list, from which the test (refusals.broker.test.ts)
 * and the table in docs/security-measured.md are made, so that the page says what is so.
 *
 * Neighbours: refusal-world.ts has what is used up here; refusals-tls.ts and refusals-sasl.ts are the
 * list; refusals-page.ts makes the table.
 */
import type { Door } from './doors.js'
import type { RefusalWorld } from './refusal-world.js'
import { CONFIG_REFUSALS, TLS_REFUSALS } from './refusals-tls.js'
import { LOGIN_REFUSALS, TOKEN_REFUSALS } from './refusals-sasl.js'

/** How the error reaches the caller. */
export type Telling =
  /** The constructor throws it. */
  | 'constructor'
  /** `connect` rejects with it at once, and a waiting `send` with it as the cause (a refused login: as itself). */
  | 'at once'
  /** It may pass: `connect` and `send` wait for `maxBlockMs` and have it as their cause. */
  | 'after maxBlockMs'

/** One thing that is wrong. */
export interface Refusal {
  /** What is wrong. */
  readonly cause: string
  readonly telling: Telling
  readonly error: 'AuthenticationError' | 'ConnectionError' | 'ConfigError'
  readonly code: string
  /** Part of the message; `…` stands for what changes. */
  readonly says: string
  readonly mend: string
  /** Options of a producer that bring it about; undefined where this Kafka cannot. */
  open(world: RefusalWorld): Door | undefined | Promise<Door | undefined>
}

export const REFUSALS: readonly Refusal[] = [
  ...TLS_REFUSALS,
  ...LOGIN_REFUSALS,
  ...TOKEN_REFUSALS,
  ...CONFIG_REFUSALS,
]

/** Whether a message has those words. */
export function hasWords(message: string, says: string): boolean {
  const parts = says.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('.*'), 's').test(message)
}
