/**
 * A line in the order of arrival from which anybody may leave, or go to its end, each in constant time: the
 * members hold their neighbours.
 *
 * Neighbours: waiters.ts has one, in the order of deadlines.
 */

/** What a member knows of its place; both null where it stands in none, or alone. */
export interface Link<T> {
  before: T | null
  behind: T | null
}

export class Chain<T extends Link<T>> {
  #first: T | null = null
  #last: T | null = null

  /** Who has stood longest. */
  get first(): T | null {
    return this.#first
  }

  /** Comes; it must stand in no chain. */
  push(it: T): void {
    it.before = this.#last
    if (this.#last === null) this.#first = it
    else this.#last.behind = it
    this.#last = it
  }

  /** Leaves; it must stand in this one. */
  remove(it: T): void {
    const { before, behind } = it
    if (before === null) this.#first = behind
    else before.behind = behind
    if (behind === null) this.#last = before
    else behind.before = before
    it.before = null
    it.behind = null
  }

  /** Front to back. It must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let it = this.#first; it !== null; it = it.behind) yield it
  }
}
