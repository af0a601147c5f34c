/**
 * How long one broker's answers take, as measured, and when the next request should leave. A round trip
 * is the network's time and the broker's time, which with acks all includes replication. A broker works
 * on one request of a connection at a time:
 *
 *   send 1        send 2                                answer 1     answer 2
 *     |-- network/2 --|---- broker 1 ----|-- network/2 --|
 *                     |-- network/2 -- (2 would wait) ---|---- broker 2 ----|-- network/2 --|
 *
 * - A second request leaves beside the first when it will find the broker free: when the broker's time
 *   has passed since the last one left. Where that moment comes no sooner than the answer, the answer is
 *   waited for.
 * - `maxInFlight` requests are spread over a round trip: after a burst the next records would wait for all of it.
 *
 * The network's time is the shortest round trip, handshakes included, which take no work; it is
 * longer once all of a window of answers are. The broker's time is averaged as TCP averages round
 * trips (RFC 6298) and counted with its deviation: rather than wait at a busy broker, a request
 * should go on filling here.
 *
 * Neighbours: pace.ts has one for each broker.
 */
import { SPREADS_OF_BROKER_TIME, NETWORK_WINDOW_ANSWERS } from './pace-constants.js'

const MEAN_WEIGHT = 1 / 8 // RFC 6298
const SPREAD_WEIGHT = 1 / 4 // RFC 6298

export class RoundTrips {
  #networkMs = Infinity
  /** Infinity before the first answer: until then nothing is sent beside a request. */
  #brokerMs = Infinity
  #spreadMs = 0
  /** The least broker's time so far: it distinguishes a longer network from a slower broker. */
  #leastBrokerMs = Infinity
  #answers = 0
  #lastAnswerMs = -Infinity
  /** The shortest round trip of the present window. */
  #shortestMs = Infinity

  /** The network's part of a round trip, ms; Infinity before the first connection. */
  get networkMs(): number {
    return this.#networkMs
  }

  /** The broker's part, ms, as long as it takes but for a few; Infinity before the first answer. */
  get brokerMs(): number {
    return this.#brokerMs + SPREADS_OF_BROKER_TIME * this.#spreadMs
  }

  /** Requests that fit into the network's time while the broker works on one. */
  get inTransit(): number {
    const spacingMs = Math.max(this.brokerMs, 1)
    return spacingMs === Infinity ? 0 : Math.floor(this.#networkMs / spacingMs)
  }

  /**
   * A new connection, whose handshake took `roundTripMs`. It shows a shorter network time, not a longer
   * one: a broker that has just started is slow to answer anything.
   */
  opened(roundTripMs: number): void {
    this.#networkMs = Math.min(this.#networkMs, roundTripMs)
  }

  /** A request that was sent at `sentAtMs` is answered. */
  answered(sentAtMs: number, nowMs: number): void {
    this.#noteNetwork(nowMs - sentAtMs)
    // It was begun when it had arrived, and the one before it was done.
    const brokerMs = Math.max(0, nowMs - Math.max(sentAtMs + this.#networkMs, this.#lastAnswerMs))
    this.#lastAnswerMs = nowMs
    this.#leastBrokerMs = Math.min(this.#leastBrokerMs, brokerMs)
    if (this.#brokerMs === Infinity) {
      this.#brokerMs = brokerMs
      this.#spreadMs = brokerMs / 2
      return
    }
    this.#spreadMs += (Math.abs(brokerMs - this.#brokerMs) - this.#spreadMs) * SPREAD_WEIGHT
    this.#brokerMs += (brokerMs - this.#brokerMs) * MEAN_WEIGHT
  }

  /** A shorter round trip counts at once; a longer network shows in all of a window's. */
  #noteNetwork(roundTripMs: number): void {
    this.#networkMs = Math.min(this.#networkMs, roundTripMs)
    this.#shortestMs = Math.min(this.#shortestMs, roundTripMs)
    if (++this.#answers % NETWORK_WINDOW_ANSWERS !== 0) return
    this.#networkMs = Math.max(this.#networkMs, this.#shortestMs - this.#leastBrokerMs)
    this.#shortestMs = Infinity
  }

  /**
   * From when on another request should leave, where the oldest and the last in flight left at these
   * times, and there may be `maxInFlight`: monotonic; Infinity for when an answer comes. So it is, too, when
   * the oldest answer is overdue: the broker works on it longer than usual.
   */
  sendAtMs(oldestSentAtMs: number, lastSentAtMs: number, maxInFlight: number): number {
    const roundTripMs = this.#networkMs + this.#brokerMs
    const spacingMs = Math.max(this.brokerMs, roundTripMs / maxInFlight)
    const atMs = lastSentAtMs + spacingMs
    const isInTime =
      spacingMs < roundTripMs && atMs <= oldestSentAtMs + this.#networkMs + this.brokerMs
    return isInTime ? atMs : Infinity
  }
}
