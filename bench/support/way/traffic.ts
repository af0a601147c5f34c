/**
 * What a client's Produce requests looked like to the proxy, which sees every client alike: how many,
 * how many others were in flight, how long the broker was at work.
 *
 * Neighbours: delay-proxy.ts notes; way.ts asks at the end of a subject's run.
 */
import { clockMs } from '../metronome.js'
import { percentile } from '../statistics.js'

/** One Produce request. */
export interface ProduceRequest {
  readonly sentMs: number
  /** Requests to the same broker whose answers the client had not got, this one included. */
  readonly inFlight: number
  /** From the request's arrival at the broker to the answer's leaving it; NaN while there is none. */
  workMs: number
}

/** What is made of them. Times are the p50 and p99. */
export interface TrafficSummary {
  readonly requests: number
  readonly requestsPerSecond: number
  /** The share of requests that were sent as the first, second, … in flight to their broker. */
  readonly inFlightShares: readonly number[]
  readonly workMs: readonly [p50: number, p99: number]
  /** How late the proxy passed things on: its own error, once for each direction. */
  readonly lateMs: readonly [p50: number, p99: number]
}

/** The summary as figures of a subject's report. */
export function trafficFigures(
  { requests, requestsPerSecond, inFlightShares, workMs, lateMs }: TrafficSummary,
  records: number,
): Record<string, number> {
  const inFlight = inFlightShares.reduce((sum, share, index) => sum + share * (index + 1), 0)
  const figures = {
    requestsPerSecond,
    recordsPerRequest: records / requests,
    inFlight,
    workP50Ms: workMs[0],
    workP99Ms: workMs[1],
    proxyLateP50Ms: lateMs[0],
    proxyLateP99Ms: lateMs[1],
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)))
}

export class Traffic {
  #requests: ProduceRequest[] = []
  #lateMs: number[] = []

  /** A Produce request has come from a client. */
  sent(inFlight: number): ProduceRequest {
    const request = { sentMs: clockMs(), inFlight, workMs: NaN }
    this.#requests.push(request)
    return request
  }

  passed(lateMs: number): void {
    this.#lateMs.push(lateMs)
  }

  /** Of the last seconds before the last request; forgets everything. */
  take(seconds: number): TrafficSummary {
    const lastMs = this.#requests.at(-1)?.sentMs ?? 0
    const requests = this.#requests.filter(({ sentMs }) => sentMs > lastMs - seconds * 1000)
    const lateMs = this.#lateMs
    this.#requests = []
    this.#lateMs = []
    const works = requests.map(({ workMs }) => workMs).filter((workMs) => !Number.isNaN(workMs))
    return {
      requests: requests.length,
      requestsPerSecond: requests.length / seconds,
      inFlightShares: sharesOf(requests),
      workMs: middleAndTail(works),
      lateMs: middleAndTail(lateMs),
    }
  }
}

function sharesOf(requests: readonly ProduceRequest[]): number[] {
  const shares: number[] = []
  for (const { inFlight } of requests) {
    while (shares.length < inFlight) shares.push(0)
    shares[inFlight - 1] = (shares[inFlight - 1] ?? 0) + 1 / requests.length
  }
  return shares
}

function middleAndTail(values: readonly number[]): [p50: number, p99: number] {
  const sorted = Float64Array.from(values).sort()
  return [percentile(sorted, 0.5), percentile(sorted, 0.99)]
}
