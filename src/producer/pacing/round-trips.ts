/**
 * How long one broker's answers take, as measured, and what follows for the next request. Of a round
 * trip the *way* is what the network takes, and the *work* what the broker takes, with acks all for
 * replication too. A broker works on one request of a connection at a time:
 *
 *   sent 1      sent 2                             answer 1    answer 2
 *     |-- way/2 --|---- work 1 ----|-- way/2 ----------|
 *                 |-- way/2 -- (2 would lie here) -----|---- work 2 ----|-- way/2 --|
 *
 * So a request is worth sending beside another from the moment at which it finds the broker free:
 * when the work's time has passed since the last one left. Where that moment comes no sooner than the
 * answer, the answer is waited for. And `maxInFlight` requests are spread over the time until the first
 * is answered, since what is sent in a burst leaves the records behind it waiting for all of that time.
 *
 * The way is the shortest round trip, handshakes too, which take no work; where all of a window are
 * longer, it has become longer. The work is averaged as TCP averages round trips (RFC 6298), and counted with its spread: a request
 * that lies at a busy broker had better have gone on filling.
 *
 * Neighbours: outbox.ts has one for each broker.
 */
import { SPREADS_OF_WORK, WAY_WINDOW_ANSWERS } from './pace-constants.js'

const MEAN_WEIGHT = 1 / 8 // RFC 6298
const SPREAD_WEIGHT = 1 / 4 // RFC 6298

export class RoundTrips {
  #wayMs = Infinity
  /** Infinity before the first answer: until then nothing is sent beside a request. */
  #workMs = Infinity
  #spreadMs = 0
  /** The least work of an answer so far: with it a longer way is told from a slower broker. */
  #leastWorkMs = Infinity
  #answers = 0
  #lastAnswerMs = -Infinity
  /** The shortest round trip of the present window. */
  #shortestMs = Infinity

  /** The network's part of a round trip, ms; Infinity before the first connection. */
  get wayMs(): number {
    return this.#wayMs
  }

  /** The broker's part, ms, as long as it takes but for a few; Infinity before the first answer. */
  get workMs(): number {
    return this.#workMs + SPREADS_OF_WORK * this.#spreadMs
  }

  /** Requests that are on their way while the broker works on one. */
  get onTheWay(): number {
    const spacingMs = Math.max(this.workMs, 1)
    return spacingMs === Infinity ? 0 : Math.floor(this.#wayMs / spacingMs)
  }

  /**
   * A new connection, whose handshake took `roundTripMs`. It shows a shorter way, not a longer one: a
   * broker that has just started takes its time over the first words, too.
   */
  opened(roundTripMs: number): void {
    this.#wayMs = Math.min(this.#wayMs, roundTripMs)
  }

  /** A request that was sent at `sentAtMs` is answered. */
  answered(sentAtMs: number, nowMs: number): void {
    this.#noteWay(nowMs - sentAtMs)
    // It was begun when it had arrived, and the one before it was done.
    const workMs = Math.max(0, nowMs - Math.max(sentAtMs + this.#wayMs, this.#lastAnswerMs))
    this.#lastAnswerMs = nowMs
    this.#leastWorkMs = Math.min(this.#leastWorkMs, workMs)
    if (this.#workMs === Infinity) {
      this.#workMs = workMs
      this.#spreadMs = workMs / 2
      return
    }
    this.#spreadMs += (Math.abs(workMs - this.#workMs) - this.#spreadMs) * SPREAD_WEIGHT
    this.#workMs += (workMs - this.#workMs) * MEAN_WEIGHT
  }

  /** A shorter round trip is a shorter way at once; a longer way shows in all of a window's. */
  #noteWay(roundTripMs: number): void {
    this.#wayMs = Math.min(this.#wayMs, roundTripMs)
    this.#shortestMs = Math.min(this.#shortestMs, roundTripMs)
    if (++this.#answers % WAY_WINDOW_ANSWERS !== 0) return
    this.#wayMs = Math.max(this.#wayMs, this.#shortestMs - this.#leastWorkMs)
    this.#shortestMs = Infinity
  }

  /**
   * From when on another request is worth sending, where the oldest and the last in flight left at these
   * times, and there may be `maxInFlight`: monotonic; Infinity for when an answer comes. So it is, too, when
   * the oldest answer is overdue: the broker is at it longer than usual.
   */
  worthAtMs(oldestSentAtMs: number, lastSentAtMs: number, maxInFlight: number): number {
    const roundTripMs = this.#wayMs + this.#workMs
    const spacingMs = Math.max(this.workMs, roundTripMs / maxInFlight)
    const atMs = lastSentAtMs + spacingMs
    const isWorthIt = spacingMs < roundTripMs && atMs <= oldestSentAtMs + this.#wayMs + this.workMs
    return isWorthIt ? atMs : Infinity
  }
}
