import t from 'tap'
import { errorCode, ErrorCodes } from '../../src/protocol/error-codes.js'

t.test('a number has a name, and the name has the number', async (t) => {
  for (const [name, code] of Object.entries(ErrorCodes)) {
    t.equal(errorCode(code).name, name)
    t.equal(errorCode(code).code, code)
  }
})

t.test('the table has every code from -1 to 133, each once', async (t) => {
  const codes = Object.values(ErrorCodes).toSorted((a, b) => a - b)
  t.strictSame(
    codes,
    Array.from({ length: 135 }, (_, index) => index - 1),
  )
})

t.test('codes that a leader change brings are retriable after fresh metadata', async (t) => {
  for (const code of [
    ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCodes.LEADER_NOT_AVAILABLE,
    ErrorCodes.NOT_LEADER_OR_FOLLOWER,
    ErrorCodes.REPLICA_NOT_AVAILABLE,
    ErrorCodes.NETWORK_EXCEPTION,
    ErrorCodes.KAFKA_STORAGE_ERROR,
    ErrorCodes.LISTENER_NOT_FOUND,
    ErrorCodes.FENCED_LEADER_EPOCH,
    ErrorCodes.PREFERRED_LEADER_NOT_AVAILABLE,
    ErrorCodes.ELIGIBLE_LEADERS_NOT_AVAILABLE,
    ErrorCodes.ELECTION_NOT_NEEDED,
    ErrorCodes.UNKNOWN_TOPIC_ID,
    ErrorCodes.INCONSISTENT_TOPIC_ID,
  ]) {
    t.match(errorCode(code), { retriable: true, refreshesMetadata: true }, errorCode(code).name)
  }
})

t.test('codes of a broker that is busy are retriable as they are', async (t) => {
  for (const code of [
    ErrorCodes.CORRUPT_MESSAGE,
    ErrorCodes.REQUEST_TIMED_OUT,
    ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCodes.COORDINATOR_NOT_AVAILABLE,
    ErrorCodes.NOT_COORDINATOR,
    ErrorCodes.NOT_ENOUGH_REPLICAS,
    ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCodes.CONCURRENT_TRANSACTIONS,
    ErrorCodes.UNKNOWN_LEADER_EPOCH,
    ErrorCodes.THROTTLING_QUOTA_EXCEEDED,
  ]) {
    t.match(errorCode(code), { retriable: true, refreshesMetadata: false }, errorCode(code).name)
  }
})

t.test('codes that another attempt cannot mend are not retriable', async (t) => {
  for (const code of [
    ErrorCodes.UNKNOWN_SERVER_ERROR,
    ErrorCodes.NONE,
    ErrorCodes.MESSAGE_TOO_LARGE,
    ErrorCodes.INVALID_TOPIC_EXCEPTION,
    ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
    ErrorCodes.UNSUPPORTED_VERSION,
    ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ErrorCodes.DUPLICATE_SEQUENCE_NUMBER,
    ErrorCodes.INVALID_PRODUCER_EPOCH,
    ErrorCodes.INVALID_RECORD,
    ErrorCodes.PRODUCER_FENCED,
    ErrorCodes.REBOOTSTRAP_REQUIRED,
  ]) {
    t.match(errorCode(code), { retriable: false, refreshesMetadata: false }, errorCode(code).name)
  }
})

t.test('a code of a later Kafka has a name all the same', async (t) => {
  t.match(errorCode(999), { code: 999, name: 'UNKNOWN_ERROR_999', retriable: false })
})
