/**
 * What was sent to one broker, and how it answered.
 *
 * Neighbours: metrics-counter.ts has one for each broker.
 */
import type { BrokerMetrics } from '../metrics.js'
import { Histogram } from './histogram.js'

export class BrokerCounts {
  readonly requestLatencyMs = new Histogram()
  readonly throttleTimeMs = new Histogram()
  #requestsSent = 0
  #answersLost = 0
  #bytesSent = 0

  /** A request with batches of so many bytes. */
  sent(batchBytes: number): void {
    this.#requestsSent++
    this.#bytesSent += batchBytes
  }

  answerLost(): void {
    this.#answersLost++
  }

  snapshot(requestsInFlight: number): BrokerMetrics {
    return {
      requestsSent: this.#requestsSent,
      answersLost: this.#answersLost,
      bytesSent: this.#bytesSent,
      requestsInFlight,
      requestLatencyMs: this.requestLatencyMs.snapshot(),
      throttleTimeMs: this.throttleTimeMs.snapshot(),
    }
  }
}
