/**
 * What an answer about telemetry means, as a pure function.
 *
 *   NONE                                                    go on
 *   UNKNOWN_SUBSCRIPTION_ID, UNSUPPORTED_COMPRESSION_TYPE   of a push: ask for the subscription, at once;
 *                                                           of that question: again after an interval
 *   TELEMETRY_TOO_LARGE, THROTTLING_QUOTA_EXCEEDED          the same, after an interval
 *   INVALID_REQUEST, INVALID_RECORD, UNSUPPORTED_VERSION,
 *   and every other                                         stop, for as long as the producer lives
 *
 * Counterpart in Kafka: ClientTelemetryUtils.maybeFetchErrorIntervalMs.
 * Neighbours: telemetry-reporter.ts does what it says.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'

/** Where a broker gives no interval that can be used. Kafka: DEFAULT_PUSH_INTERVAL_MS. */
export const DEFAULT_PUSH_INTERVAL_MS = 300_000

/** What is to be done. */
export type TelemetryVerdict = 'go on' | 'stop' | { readonly askAfterMs: number }

/** `pushIntervalMs`: of the subscription that is known; null without one. */
export function judgeTelemetry(
  question: 'subscription' | 'push',
  errorCode: number,
  pushIntervalMs: number | null,
): TelemetryVerdict {
  const intervalMs = pushIntervalMs ?? DEFAULT_PUSH_INTERVAL_MS
  switch (errorCode) {
    case ErrorCodes.NONE:
      return 'go on'
    case ErrorCodes.UNKNOWN_SUBSCRIPTION_ID:
    case ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE:
      return { askAfterMs: question === 'push' ? 0 : intervalMs }
    case ErrorCodes.TELEMETRY_TOO_LARGE:
    case ErrorCodes.THROTTLING_QUOTA_EXCEEDED:
      return { askAfterMs: intervalMs }
    default:
      return 'stop'
  }
}
