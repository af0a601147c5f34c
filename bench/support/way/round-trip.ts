/**
 * What a round trip really is: the time of an ApiVersions request, again and again, through the
 * proxy and, for what the broker and this process take of it, straight to the broker.
 */
import { encodeRequestFrame } from '../../../src/network/connection/request-frame.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { clockMs } from '../metronome.js'
import { RawConnection } from '../raw-connection.js'
import { percentile } from '../statistics.js'
import type { Way } from './way.js'

/** In ms. */
export interface RoundTrip {
  readonly wantedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The p50 without a proxy. */
  readonly directMs: number
}

const VERSION = 3
const WARMUP_REQUESTS = 10
/** To each broker. */
const REQUESTS = 50
const SOFTWARE = { clientSoftwareName: 'ottla-bench', clientSoftwareVersion: '0' }

/** Takes some 60 round trips; the brokers are asked at the same time. */
export async function measureRoundTrip(way: Way, wantedMs: number): Promise<RoundTrip> {
  const through = await timesOf(way.bootstrap)
  const direct = await timesOf(way.kafka.bootstrap)
  return {
    wantedMs,
    p50Ms: percentile(through, 0.5),
    p99Ms: percentile(through, 0.99),
    directMs: percentile(direct, 0.5),
  }
}

/** One line for people. */
export function describeRoundTrip({ wantedMs, p50Ms, p99Ms, directMs }: RoundTrip): string {
  const [p50, p99, direct] = [p50Ms, p99Ms, directMs].map((ms) => ms.toFixed(2))
  return `a round trip of ${wantedMs} ms is ${p50} ms (p99 ${p99}), of which the broker and the bench take ${direct}`
}

async function timesOf(addresses: readonly string[]): Promise<Float64Array> {
  const times = await Promise.all(addresses.map(timesAt))
  return Float64Array.from(times.flat()).sort()
}

async function timesAt(address: string): Promise<number[]> {
  const connection = await RawConnection.open(address)
  const about = { version: VERSION, correlationId: 1, clientId: 'ottla-bench' }
  const frame = encodeRequestFrame(apiVersions, SOFTWARE, about)
  const times: number[] = []
  for (let request = 0; request < WARMUP_REQUESTS + REQUESTS; request++) {
    const startedMs = clockMs()
    await connection.exchange(frame)
    times.push(clockMs() - startedMs)
  }
  connection.close()
  return times.slice(WARMUP_REQUESTS)
}
