/**
 * A first-in first-out queue on a ring: push, shift and unshift take constant time, and nothing is
 * moved when the front leaves (Array.prototype.shift moves everything once an array is large).
 *
 *      head                 (head + length) & mask
 *       v                          v
 *   | . | a | b | c | d | e | . | . |      capacity is a power of two
 */
export class Deque<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(16)
  #mask = 15
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** How many there is room for. */
  get capacity(): number {
    return this.#slots.length
  }

  /** The item in front, or undefined where there is none. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head]
  }

  /** Adds behind the last. */
  push(item: T): void {
    if (this.#length > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#length++) & this.#mask] = item
  }

  /** Adds in front of the first. */
  unshift(item: T): void {
    if (this.#length > this.#mask) this.#grow()
    this.#head = (this.#head - 1) & this.#mask
    this.#slots[this.#head] = item
    this.#length++
  }

  /** Takes the first, or undefined where there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#length--
    return item
  }

  /** The item at the back, or undefined where there is none. */
  last(): T | undefined {
    return this.#length === 0
      ? undefined
      : this.#slots[(this.#head + this.#length - 1) & this.#mask]
  }

  /** Takes the last, or undefined where there is none. */
  pop(): T | undefined {
    if (this.#length === 0) return undefined
    const index = (this.#head + --this.#length) & this.#mask
    const item = this.#slots[index]
    this.#slots[index] = undefined
    return item
  }

  /** Keeps those that `keeps` names, in their order, in no more room than they need. */
  keep(keeps: (item: T) => boolean): void {
    const items = [...this].filter(keeps)
    while (this.#mask > 15 && this.#mask >= 2 * items.length) this.#mask >>= 1
    this.#refill(items)
  }

  /** Front to back. The queue must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#length; i++) yield this.#slots[(this.#head + i) & this.#mask] as T
  }

  #grow(): void {
    const items = [...this]
    this.#mask = this.#mask * 2 + 1
    this.#refill(items)
  }

  #refill(items: readonly T[]): void {
    this.#slots = new Array<T | undefined>(this.#mask + 1)
    items.forEach((item, i) => (this.#slots[i] = item))
    this.#head = 0
    this.#length = items.length
  }
}
