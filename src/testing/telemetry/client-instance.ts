/**
 * What one broker knows of one client that pushes metrics: when it asked and pushed, what was wrong last.
 *
 * Spec: Kafka's ClientMetricsInstance. Neighbours: test-telemetry.ts has one for each.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'

/** By client instance id and broker. */
export class ClientInstance {
  readonly subscriptionId: number
  /** Which state of the subscriptions it was made for. */
  readonly version: number
  readonly pushIntervalMs: number
  isTerminating = false
  lastError: number = ErrorCodes.NONE
  #lastGetMs = -Infinity
  #lastPushMs = -Infinity

  constructor(subscriptionId: number, version: number, pushIntervalMs: number) {
    this.subscriptionId = subscriptionId
    this.version = version
    this.pushIntervalMs = pushIntervalMs
  }

  /** Whether a question for the subscription is not too early; only then it counts. */
  mayGet(nowMs: number): boolean {
    if (nowMs - Math.max(this.#lastGetMs, this.#lastPushMs) < this.pushIntervalMs) return false
    this.#lastGetMs = nowMs
    return true
  }

  /** The same of a push: the first one after a question may come at any time. */
  mayPush(nowMs: number): boolean {
    const isFirst = this.#lastGetMs > this.#lastPushMs
    if (!isFirst && nowMs - this.#lastPushMs < this.pushIntervalMs) return false
    this.#lastPushMs = nowMs
    return true
  }
}
