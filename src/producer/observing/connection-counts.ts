/**
 * Counts a producer's connections of every kind: to produce on, for metadata, to coordinators.
 *
 * Before: the network calls (connection-statistics.ts). After: `producer.metrics()`.
 */
import type { ConnectionStatistics } from '../../network/connection-statistics.js'
import type { ConnectionMetrics } from '../metrics.js'

export class ConnectionCounts implements ConnectionStatistics {
  #opened = 0
  #closed = 0
  #lost = 0
  #failed = 0
  #authenticated = 0
  #reauthenticated = 0
  #authenticationsFailed = 0

  opened(): void {
    this.#opened++
  }

  closed(isLost: boolean): void {
    this.#closed++
    if (isLost) this.#lost++
  }

  failed(): void {
    this.#failed++
  }

  authenticated(isAgain: boolean): void {
    if (isAgain) this.#reauthenticated++
    else this.#authenticated++
  }

  authenticationFailed(): void {
    this.#authenticationsFailed++
  }

  snapshot(): ConnectionMetrics {
    return {
      open: this.#opened - this.#closed,
      opened: this.#opened,
      lost: this.#lost,
      failed: this.#failed,
      authenticated: this.#authenticated,
      reauthenticated: this.#reauthenticated,
      authenticationsFailed: this.#authenticationsFailed,
    }
  }
}
