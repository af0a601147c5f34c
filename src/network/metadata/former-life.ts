/**
 * Whether what is known of a topic's leaders is of a former life of it. Leader epochs of a topic that was
 * deleted and made anew begin at 0, and where brokers have no topic ids (before Kafka 2.8) nothing tells
 * its answers from those of a broker that is behind: both go back on what is known.
 *
 *   an answer that goes back, or does not know the topic ──> doubt ── so many of them, over so long ──> believed
 *                             ^                               │ one answer, of whichever broker, that
 *                             └───────────────────────────────┘ does not: it was a broker that is behind
 *
 * Answers count only while something is amiss with the topic: where records reach the leader that is
 * known, he is the leader. One that is behind does not last, as the others are asked in turn.
 *
 * Neighbours: wanted-topics.ts has one for each topic.
 */

/** Answers in a row, over so many ms. */
interface Proof {
  readonly answers: number
  readonly overMs: number
}

/** As the producer's topic-directory.ts, which takes the topic for lost. */
const NOT_KNOWN: Proof = { answers: 3, overMs: 1000 }
/** Brokers hear of elections within a second or so. */
const GOES_BACK: Proof = { answers: 5, overMs: 3000 }

/** One for each topic. */
export class FormerLife {
  #answers = 0
  /** Monotonic: the first of them. */
  #sinceMs = 0

  /** An answer did not know the topic: true where it is proven that it is gone. */
  notKnown(nowMs: number): boolean {
    return this.#proves(nowMs, NOT_KNOWN)
  }

  /** An answer went back on what is known: true where that is proven to be over. */
  goneBack(nowMs: number): boolean {
    return this.#proves(nowMs, GOES_BACK)
  }

  /** An answer went back on nothing. */
  goesOn(): void {
    this.#answers = 0
  }

  #proves(nowMs: number, { answers, overMs }: Proof): boolean {
    if (this.#answers === 0) this.#sinceMs = nowMs
    this.#answers++
    if (this.#answers < answers || nowMs - this.#sinceMs < overMs) return false
    this.#answers = 0
    return true
  }
}
