/**
 * Every latency of a run, kept whole: a sorted array of some 100,000 numbers is cheaper to trust
 * than a histogram.
 */
import type { LatencySummary } from '../contract.js'
import { percentile } from './statistics.js'

export class LatencyRecorder {
  readonly #latenciesMs: Float64Array
  #count = 0

  /** `capacity`: how many will be recorded at most. */
  constructor(capacity: number) {
    this.#latenciesMs = new Float64Array(capacity)
  }

  record(latencyMs: number): void {
    this.#latenciesMs[this.#count++] = latencyMs
  }

  summary(): LatencySummary {
    return summarize(this.#latenciesMs.subarray(0, this.#count))
  }
}

/** Percentiles of latencies in ms; sorts them in their place. */
export function summarize(latenciesMs: Float64Array): LatencySummary {
  const sorted = latenciesMs.sort()
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: percentile(sorted, 1),
  }
}
