/** What each error code of an answer about telemetry means: the table, row by row. */
import t from 'tap'
import {
  judgeTelemetry,
  type TelemetryVerdict,
} from '../../../src/producer/telemetry/telemetry-verdict.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'

const INTERVAL_MS = 7000
const AT_ONCE = { askAfterMs: 0 }
const LATER = { askAfterMs: INTERVAL_MS }

/** Of a push, and of the question for the subscription. */
const ROWS: Readonly<Record<string, readonly [TelemetryVerdict, TelemetryVerdict]>> = {
  NONE: ['go on', 'go on'],
  UNKNOWN_SUBSCRIPTION_ID: [AT_ONCE, LATER],
  UNSUPPORTED_COMPRESSION_TYPE: [AT_ONCE, LATER],
  TELEMETRY_TOO_LARGE: [LATER, LATER],
  THROTTLING_QUOTA_EXCEEDED: [LATER, LATER],
}

t.test('every code has its row, and all others stop it', async (t) => {
  for (const [name, code] of Object.entries(ErrorCodes)) {
    const [ofPush, ofSubscription] = ROWS[name] ?? ['stop', 'stop']
    t.strictSame(judgeTelemetry('push', code, INTERVAL_MS), ofPush, name)
    t.strictSame(judgeTelemetry('subscription', code, INTERVAL_MS), ofSubscription, name)
  }
  t.equal(judgeTelemetry('push', 32_000, INTERVAL_MS), 'stop', 'a code that nobody knows')
})

t.test('without a subscription an interval is five minutes', async (t) => {
  const code = ErrorCodes.THROTTLING_QUOTA_EXCEEDED
  t.strictSame(judgeTelemetry('subscription', code, null), { askAfterMs: 300_000 })
})
