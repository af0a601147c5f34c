/**
 * A line in which everybody stands in the order of arrival, and which anybody may leave, from
 * wherever he stands. Who has left in the middle is passed over, and swept out together with others
 * once they are more than those who stand: so a line holds no more than twice its members, and to
 * leave it costs constant time on average.
 *
 * Neighbours: topic.ts and parking-lot.ts have the lines.
 */
import { Deque } from './deque.js'

/** A line with fewer places is not worth sweeping. */
const LEAST_SWEPT = 32
/** One that is empty, and had fewer, keeps its room. */
const LEAST_SHRUNK = 1024

/** What a member knows of the line in which it stands. */
export interface Standing {
  /** To be called by one that does not stand in it any more. */
  left(): void
}

export class Line<T> implements Standing {
  readonly #places = new Deque<T>()
  readonly #isMember: (item: T) => boolean
  #length = 0

  /** `isMember` tells who stands in this line, and who only has a place left in it. */
  constructor(isMember: (item: T) => boolean) {
    this.#isMember = isMember
  }

  /** How many stand in it. */
  get length(): number {
    return this.#length
  }

  /** Who has stood longest. */
  first(): T | undefined {
    return this.#places.peek()
  }

  /** Who came last. */
  last(): T | undefined {
    return this.#places.last()
  }

  /** Comes, a member from now on. */
  push(item: T): void {
    this.#places.push(item)
    this.#length++
  }

  /** Comes, before everybody else. */
  unshift(item: T): void {
    this.#places.unshift(item)
    this.#length++
  }

  /** Somebody who stood here is no member any more. */
  left(): void {
    this.#length--
    const places = this.#places
    for (let it = places.peek(); it !== undefined && !this.#isMember(it); it = places.peek()) {
      places.shift()
    }
    for (let it = places.last(); it !== undefined && !this.#isMember(it); it = places.last()) {
      places.pop()
    }
    const isLoose = places.length > 2 * this.#length && places.length >= LEAST_SWEPT
    if (isLoose || (places.length === 0 && places.capacity >= LEAST_SHRUNK)) {
      places.keep(this.#isMember)
    }
  }

  /** Front to back, as they stand now. */
  *[Symbol.iterator](): Iterator<T> {
    for (const item of [...this.#places]) if (this.#isMember(item)) yield item
  }
}
