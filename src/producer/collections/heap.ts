/**
 * Items in the order of a number, the least first: to add one, and to take the first, costs the
 * logarithm of their count (a binary heap). Of items with the same number any may come first.
 *
 *   place:  0  1  2  3  4 ...      the children of i are 2i + 1 and 2i + 2, and are not less
 */

interface Place<T> {
  readonly key: number
  readonly item: T
}

export class Heap<T> {
  readonly #places: Place<T>[] = []

  get length(): number {
    return this.#places.length
  }

  /** The number of the first; Infinity where there is none. */
  get leastKey(): number {
    return this.#places[0]?.key ?? Infinity
  }

  /** Adds an item. */
  push(key: number, item: T): void {
    const places = this.#places
    const place = { key, item }
    let at = places.length
    places.push(place)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = places[parent] as Place<T> // parent < at: it is there
      if (above.key <= key) break
      places[at] = above
      at = parent
    }
    places[at] = place
  }

  /** Takes the first, or undefined where there is none. */
  shift(): T | undefined {
    const places = this.#places
    const first = places[0]
    const last = places.pop()
    if (last !== undefined && places.length > 0) this.#sink(last)
    return first?.item
  }

  /** Puts the place in front and lets it sink to where it belongs. */
  #sink(place: Place<T>): void {
    const places = this.#places
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = places[child]
      if (left === undefined) break
      const right = places[child + 1]
      if (right !== undefined && right.key < left.key) child++
      const least = places[child] as Place<T> // one of the two just seen
      if (least.key >= place.key) break
      places[at] = least
      at = child
    }
    places[at] = place
  }
}
