/**
 * Values by key, of a bounded number: when there are more, those go that were used longest ago.
 *
 * Neighbours: metrics-counter.ts has topics and brokers in it.
 */

/** Of all, those that go together: so that the search for them is rare. */
const SHARE_THAT_GOES = 0.1

interface Entry<Value> {
  readonly value: Value
  /** Counts the uses of all. */
  lastUse: number
}

export class RecentlyUsed<Key, Value> {
  readonly #most: number
  readonly #make: () => Value
  readonly #entries = new Map<Key, Entry<Value>>()
  #uses = 0

  constructor(most: number, make: () => Value) {
    this.#most = most
    this.#make = make
  }

  /** The value of a key, made where there is none. */
  get(key: Key): Value {
    const entry = this.#entries.get(key) ?? this.#add(key)
    entry.lastUse = ++this.#uses
    return entry.value
  }

  #add(key: Key): Entry<Value> {
    if (this.#entries.size >= this.#most) this.#dropSome()
    const entry = { value: this.#make(), lastUse: 0 }
    this.#entries.set(key, entry)
    return entry
  }

  #dropSome(): void {
    const byUse = [...this.#entries].sort(([, a], [, b]) => a.lastUse - b.lastUse)
    const count = Math.ceil(this.#most * SHARE_THAT_GOES)
    for (const [key] of byUse.slice(0, count)) this.#entries.delete(key)
  }

  /** What `snapshotOf` makes of each, by key, in the order in which they came. */
  snapshot<Made>(snapshotOf: (value: Value, key: Key) => Made): [Key, Made][] {
    return Array.from(this.#entries, ([key, { value }]) => [key, snapshotOf(value, key)])
  }
}
