/**
 * Whose turn it is when memory comes free: the topics with somebody who waits for some, one after the
 * other, so that none starves the others.
 *
 *   lineUp ──> in line ──served, others of it wait──> last in line
 *                 └─ it holds its share of the memory ──> held back, until memory comes free again
 *
 * Before: parking-lot.ts, which knows who waits within a topic.
 */
import { Deque } from '../collections/deque.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/** What came of an attempt to serve one who waits. */
export const Served = {
  yes: 0,
  /** There is no room for it, nor for anybody behind it. */
  noRoom: 1,
  /** Its topic holds as much as it may; others may go on. */
  heldBack: 2,
} as const
export type Served = (typeof Served)[keyof typeof Served]

export class Turns {
  /** Topics with somebody who waits for room: the first is served next. */
  readonly #line = new Deque<ProducerTopic>()
  /** Topics with somebody who waits until his own topic holds less. */
  readonly #heldBack = new Set<ProducerTopic>()

  /** Somebody waits, for whatever. */
  get hasWaiting(): boolean {
    return this.#line.length + this.#heldBack.size > 0
  }

  /** Somebody waits for room, whatever his topic. */
  get isCrowded(): boolean {
    return this.#line.length > 0
  }

  /** Somebody of the topic waits; it keeps the turn that it has. */
  lineUp(topic: ProducerTopic, isHeldBack = false): void {
    if (topic.isLinedUp) return
    topic.isLinedUp = true
    if (isHeldBack) this.#heldBack.add(topic)
    else this.#line.push(topic)
  }

  /** Memory came free: each topic in its turn, until there is no room. `serveFirst` serves its first. */
  serve(serveFirst: (topic: ProducerTopic) => Served): void {
    for (const topic of this.#heldBack) this.#line.push(topic)
    this.#heldBack.clear()
    for (let topic = this.#line.peek(); topic !== undefined; topic = this.#line.peek()) {
      const served = serveFirst(topic)
      if (served === Served.noRoom) return
      this.#line.shift()
      if (served === Served.heldBack) this.#heldBack.add(topic)
      else if (topic.waiting.length > 0) this.#line.push(topic)
      else topic.isLinedUp = false
    }
  }
}
