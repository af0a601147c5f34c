import t from 'tap'
import { ErrorCodes, errorCode, isListed } from '../../../src/protocol/error-codes.js'
import {
  ANSWER_LOST,
  judge,
  type BatchFacts,
  type Verdict,
} from '../../../src/producer/completing/retry-policy.js'

const ALL_FACTS: readonly BatchFacts[] = [1, 5].flatMap((recordCount) =>
  [true, false].flatMap((isIdempotent) =>
    [true, false].flatMap((isFirstUnresolved) =>
      [true, false].map((maybeWritten) => ({
        recordCount,
        isIdempotent,
        isFirstUnresolved,
        maybeWritten,
      })),
    ),
  ),
)

function facts(more: Partial<BatchFacts> = {}): BatchFacts {
  return {
    recordCount: 5,
    isIdempotent: true,
    isFirstUnresolved: true,
    maybeWritten: false,
    ...more,
  }
}

/** What each code comes to, whatever the batch; from Kafka's Errors and Sender. */
const RETRIED = {
  CORRUPT_MESSAGE: 'here',
  UNKNOWN_TOPIC_OR_PARTITION: 'refresh',
  LEADER_NOT_AVAILABLE: 'refresh',
  NOT_LEADER_OR_FOLLOWER: 'refresh',
  REQUEST_TIMED_OUT: 'here',
  NETWORK_EXCEPTION: 'refresh',
  NOT_ENOUGH_REPLICAS: 'here',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'here',
  KAFKA_STORAGE_ERROR: 'refresh',
  FENCED_LEADER_EPOCH: 'refresh',
  UNKNOWN_LEADER_EPOCH: 'here',
  UNKNOWN_TOPIC_ID: 'refresh',
  INCONSISTENT_TOPIC_ID: 'refresh',
  THROTTLING_QUOTA_EXCEEDED: 'here',
  CONCURRENT_TRANSACTIONS: 'here',
} as const

const FAILED = [
  'UNKNOWN_SERVER_ERROR',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_VERSION',
  'INVALID_REQUEST',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
  'INVALID_TXN_STATE',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'INVALID_RECORD',
  'PRODUCER_FENCED',
  'TRANSACTION_ABORTABLE',
] as const

/** Codes that a leader may give after it has appended. */
const MAYBE_WRITTEN: ReadonlySet<number> = new Set([
  ErrorCodes.UNKNOWN_SERVER_ERROR,
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.NETWORK_EXCEPTION,
  ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCodes.KAFKA_STORAGE_ERROR,
])

for (const [name, where] of Object.entries(RETRIED)) {
  t.test(`${name} is tried again, after a pause`, async (t) => {
    const code = ErrorCodes[name as keyof typeof RETRIED]
    for (const batch of ALL_FACTS) {
      t.match(judge(code, batch), {
        action: 'retry',
        refreshMetadata: where === 'refresh',
        attemptMaybeWritten: MAYBE_WRITTEN.has(code),
        immediately: false,
      })
    }
  })
}

for (const name of FAILED) {
  t.test(`${name} fails the batch`, async (t) => {
    const code = ErrorCodes[name]
    for (const batch of ALL_FACTS) {
      t.match(judge(code, batch), {
        action: 'fail',
        attemptMaybeWritten: MAYBE_WRITTEN.has(code),
      })
    }
  })
}

t.test('NONE and DUPLICATE_SEQUENCE_NUMBER are acknowledgements', async (t) => {
  for (const code of [ErrorCodes.NONE, ErrorCodes.DUPLICATE_SEQUENCE_NUMBER]) {
    for (const batch of ALL_FACTS) t.equal(judge(code, batch).action, 'acknowledge')
  }
})

t.test('a refusal for size splits what can be split', async (t) => {
  for (const code of [ErrorCodes.MESSAGE_TOO_LARGE, ErrorCodes.RECORD_LIST_TOO_LARGE]) {
    for (const batch of ALL_FACTS) {
      const { action, attemptMaybeWritten } = judge(code, batch)
      t.equal(action, batch.recordCount > 1 ? 'split' : 'fail')
      t.equal(attemptMaybeWritten, false)
    }
  }
})

t.test(
  'OUT_OF_ORDER_SEQUENCE_NUMBER waits for the batch before, restarts, or is in doubt',
  async (t) => {
    const code = ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER
    for (const maybeWritten of [true, false]) {
      const first = judge(code, facts({ maybeWritten })).action
      t.equal(first, maybeWritten ? 'fail' : 'restart-sequence', 'its bytes may still come')
      const behind = judge(code, facts({ maybeWritten, isFirstUnresolved: false }))
      t.match(behind, { action: 'retry', immediately: true, attemptMaybeWritten: false })
    }
    t.equal(judge(code, facts({ isIdempotent: false })).action, 'fail')
  },
)

for (const name of ['UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'] as const) {
  t.test(`${name} restarts only what was certainly not written`, async (t) => {
    const code = ErrorCodes[name]
    t.match(judge(code, facts()), { action: 'restart-sequence', immediately: true })
    t.match(judge(code, facts({ isFirstUnresolved: false })), { action: 'retry' })
    for (const isFirstUnresolved of [true, false]) {
      t.equal(judge(code, facts({ maybeWritten: true, isFirstUnresolved })).action, 'fail')
      t.equal(judge(code, facts({ isIdempotent: false, isFirstUnresolved })).action, 'fail')
    }
  })
}

t.test(
  'INVALID_PRODUCER_ID_MAPPING restarts under another id; what may be written fails',
  async (t) => {
    const code = ErrorCodes.INVALID_PRODUCER_ID_MAPPING
    const refused = 'producer'
    t.match(judge(code, facts()), { action: 'restart-sequence', immediately: true, refused })
    t.match(judge(code, facts({ isFirstUnresolved: false })), { action: 'retry', refused })
    t.match(judge(code, facts({ maybeWritten: true })), { action: 'fail', refused })
    for (const own of [{ isIdempotent: false }, { isTransactional: true }]) {
      t.match(judge(code, facts(own)), { action: 'fail', refused: null })
    }
  },
)

t.test('numbers count as refused where no earlier batch explains it', async (t) => {
  const codes = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'] as const
  for (const name of codes) {
    for (const maybeWritten of [true, false]) {
      const first = judge(ErrorCodes[name], facts({ maybeWritten }))
      const behind = judge(ErrorCodes[name], facts({ maybeWritten, isFirstUnresolved: false }))
      t.strictSame([first.refused, behind.refused], ['numbers', null])
    }
  }
}) // prettier-ignore

t.test('every other code goes by Kafka’s table; unknown ones fail, and say nothing', async (t) => {
  const special: readonly number[] = [
    ErrorCodes.NONE,
    ErrorCodes.DUPLICATE_SEQUENCE_NUMBER,
    ErrorCodes.MESSAGE_TOO_LARGE,
    ErrorCodes.RECORD_LIST_TOO_LARGE,
    ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ErrorCodes.UNKNOWN_PRODUCER_ID,
    ErrorCodes.INVALID_PRODUCER_EPOCH,
    ErrorCodes.INVALID_PRODUCER_ID_MAPPING,
    ErrorCodes.CONCURRENT_TRANSACTIONS,
  ]
  for (let code = -1; code <= 200; code++) {
    if (special.includes(code)) continue
    const { retriable, refreshesMetadata } = errorCode(code)
    const expected: Verdict = {
      action: retriable ? 'retry' : 'fail',
      attemptMaybeWritten: MAYBE_WRITTEN.has(code) || !isListed(code),
      refreshMetadata: refreshesMetadata,
      immediately: false,
      briefly: false,
      refused: null,
    }
    for (const batch of ALL_FACTS) t.strictSame(judge(code, batch), expected, `code ${code}`)
  }
})

t.test('a lost answer is tried again, and may be written', async (t) => {
  t.match(ANSWER_LOST, { action: 'retry', attemptMaybeWritten: true, refreshMetadata: true })
})
