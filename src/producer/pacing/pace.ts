/**
 * How fast one broker is given requests: the one policy that everything asks (how large, how many in
 * flight, when the next) and that is fed what was measured. Its constants stand in pace-constants.ts.
 *
 * Another policy (a latency to aim at) would be another `BrokerPace`.
 *
 * Before: broker-sink.ts asks and reports. Neighbours: round-trips.ts measures, throttle-pace.ts
 * keeps to quotas.
 */
import { IN_FLIGHT_BESIDE_PROBES } from './pace-constants.js'
import { RoundTrips } from './round-trips.js'
import { ThrottlePace } from './throttle-pace.js'

/** What the pace needs to know of a request in flight. */
export interface PacedRequest {
  /** Monotonic. */
  readonly sentAtMs: number
}

/** Paces the requests to one broker; all times are monotonic. */
export interface BrokerPace {
  /** Most bytes of one request, and so of one batch; Infinity: as many as its options allow. */
  readonly limitBytes: number
  /** Most requests in flight, of `maxInFlight`; fewer while a probe waits for its answer. */
  inFlightLimit(maxInFlight: number, isProbing: boolean): number
  /**
   * When the next request should leave, where those in flight are these, oldest first: at 0 now, at
   * Infinity when an answer comes.
   */
  nextAtMs(inFlight: readonly PacedRequest[], maxInFlight: number): number
  /** A new connection, whose handshake took `roundTripMs`. */
  opened(roundTripMs: number): void
  /** A request was answered. */
  answered(request: PacedRequest, nowMs: number): void
  /** After a request of `sentBytes` the broker wants a pause (KIP-219). */
  throttled(sentBytes: number, pauseMs: number): void
  /**
   * The broker accepted a request and wants no pause; `mostBytes` is the most that any request has.
   */
  notThrottled(mostBytes: number): void
}

/** Follows what was measured of the broker. */
export class MeasuredPace implements BrokerPace {
  readonly #roundTrips = new RoundTrips()
  readonly #throttle = new ThrottlePace()

  get limitBytes(): number {
    return this.#throttle.limitBytes
  }

  inFlightLimit(maxInFlight: number, isProbing: boolean): number {
    if (this.#throttle.isThrottling) return 1
    if (!isProbing) return maxInFlight
    return Math.min(maxInFlight, IN_FLIGHT_BESIDE_PROBES + this.#roundTrips.inTransit)
  }

  nextAtMs(inFlight: readonly PacedRequest[], maxInFlight: number): number {
    const [oldest] = inFlight
    const last = inFlight.at(-1)
    if (oldest === undefined || last === undefined) return 0
    return this.#roundTrips.sendAtMs(oldest.sentAtMs, last.sentAtMs, maxInFlight)
  }

  opened(roundTripMs: number): void {
    this.#roundTrips.opened(roundTripMs)
  }

  answered({ sentAtMs }: PacedRequest, nowMs: number): void {
    this.#roundTrips.answered(sentAtMs, nowMs)
  }

  throttled(sentBytes: number, pauseMs: number): void {
    this.#throttle.throttled(sentBytes, pauseMs)
  }

  notThrottled(mostBytes: number): void {
    if (this.#throttle.isThrottling) this.#throttle.taken(mostBytes)
  }
}
