/**
 * Chance from a seed. Each part of a simulation draws from a stream of its own, so that a change in
 * the producer, which then draws more or less often, moves neither the workload nor the faults.
 *
 * Not for secrets. Neighbours: everything in this folder draws from it.
 */

/** A stream of random draws. */
export class Random {
  #state: number

  constructor(seed: number, stream: string) {
    let hash = 0x811c9dc5 ^ seed // FNV-1a over the stream's name
    for (let i = 0; i < stream.length; i++)
      hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193)
    this.#state = hash
    for (let i = 0; i < 4; i++) this.next() // neighbouring seeds drift apart
  }

  /** Uniform in [0, 1) (mulberry32). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of several, all alike. */
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T // callers give at least one
  }

  /** One of several by weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    const total = items.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.next() * total
    for (const [weight, item] of items) if ((left -= weight) < 0) return item
    return (items.at(-1) as (typeof items)[number])[1] // rounding
  }

  /** A duration of this mean, mostly shorter and at times much longer (exponential). */
  around(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }
}
