/**
 * Whether a producer lets go of what is settled: each record's bytes, promise or callback are known
 * weakly, and after a whole collection none of them may be left but a few that are in somebody's
 * hands. No part of what makes a seed the same run each time: the engine decides when it collects
 * else.
 *
 * Neighbours: workload.ts notes; simulation.ts asks in seeds of `only-retained-memory`.
 */
import { collectGarbage } from '../support/collect-garbage.js'
import type { Entry } from './ledger.js'

/** The last ones: in a variable of a function that has not been left, in a cache of the engine. */
const MOST_HELD = 10

/**
 * What was given to a producer, or got from it, for each record. Between its making and `check`
 * errors have no stack: the books keep the errors, and V8 would keep whatever their frames had.
 */
export class HeldMemory {
  readonly #stackTraceLimit = Error.stackTraceLimit
  readonly #known: { readonly id: number; readonly what: WeakRef<object> }[] = []

  constructor() {
    Error.stackTraceLimit = 0
  }

  note(id: number, what: object): void {
    this.#known.push({ id, what: new WeakRef(what) })
  }

  /** What must not be, in words. */
  check(entries: readonly Entry[]): string[] {
    Error.stackTraceLimit = this.#stackTraceLimit
    collectGarbage()
    const alive = this.#known.filter(({ what }) => what.deref() !== undefined)
    const held = new Set(alive.map(({ id }) => id).filter((id) => entries[id]?.fate !== 'open'))
    if (held.size <= MOST_HELD) return []
    const settled = entries.filter(({ fate }) => fate !== 'open').length
    return [`${held.size} of ${settled} settled records are still held by the producer`]
  }
}
