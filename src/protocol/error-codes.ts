/**
 * Kafka's table of error codes, through Kafka 4.3: what a broker's int16 means, and whether the
 * same request may succeed later. Not the decision what to do about it: that is the producer's
 * retry policy, which knows the request and its history.
 *
 * Spec: `org.apache.kafka.common.protocol.Errors`; retriable is Kafka's RetriableException, and
 * refreshing metadata its InvalidMetadataException.
 * Neighbours: messages/*.ts carry the codes; network/ and producer/ judge them.
 */

/** One row of the table. */
export interface ErrorCode {
  /** int16 on the wire. */
  readonly code: number
  /** Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`. */
  readonly name: string
  /** True where the same request may succeed later. */
  readonly retriable: boolean
  /** True where it may succeed only after a look at fresh metadata. */
  readonly refreshesMetadata: boolean
  /** What it means, as part of a sentence. */
  readonly description: string
}

const FINAL = { retriable: false, refreshesMetadata: false } as const
const RETRY = { retriable: true, refreshesMetadata: false } as const
const REFRESH = { retriable: true, refreshesMetadata: true } as const

type Remedy = typeof FINAL | typeof RETRY | typeof REFRESH

const TABLE = {
  UNKNOWN_SERVER_ERROR: [
    -1,
    FINAL,
    'the broker failed in a way it did not foresee; its log says more',
  ],
  NONE: [0, FINAL, 'no error'],
  OFFSET_OUT_OF_RANGE: [1, FINAL, 'the offset lies outside the log'],
  CORRUPT_MESSAGE: [
    2,
    RETRY,
    'the bytes arrived damaged, or a compacted topic was given a record without key',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: [3, REFRESH, 'the broker does not know this topic or partition'],
  INVALID_FETCH_SIZE: [4, FINAL, 'the fetch size is invalid'],
  LEADER_NOT_AVAILABLE: [5, REFRESH, 'the partition has no leader at this moment'],
  NOT_LEADER_OR_FOLLOWER: [6, REFRESH, 'another broker leads this partition'],
  REQUEST_TIMED_OUT: [7, RETRY, 'the broker did not finish in the time the request gave it'],
  BROKER_NOT_AVAILABLE: [8, FINAL, 'the broker is not available'],
  REPLICA_NOT_AVAILABLE: [9, REFRESH, 'the replica is not available'],
  MESSAGE_TOO_LARGE: [10, FINAL, 'the batch is larger than the topic allows (max.message.bytes)'],
  STALE_CONTROLLER_EPOCH: [11, FINAL, 'the controller has moved to another broker'],
  OFFSET_METADATA_TOO_LARGE: [12, FINAL, 'the metadata beside the committed offset is too large'],
  NETWORK_EXCEPTION: [13, REFRESH, 'the connection broke before the answer came'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, RETRY, 'the coordinator is still loading its state'],
  COORDINATOR_NOT_AVAILABLE: [15, RETRY, 'the coordinator is not available'],
  NOT_COORDINATOR: [16, RETRY, 'another broker is the coordinator'],
  INVALID_TOPIC_EXCEPTION: [17, FINAL, 'the topic name is invalid, or the topic is internal'],
  RECORD_LIST_TOO_LARGE: [18, FINAL, 'the batch is larger than a log segment'],
  NOT_ENOUGH_REPLICAS: [
    19,
    RETRY,
    'fewer replicas are in sync than the topic demands; nothing was written',
  ],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [
    20,
    RETRY,
    'written, but to fewer in-sync replicas than the topic demands',
  ],
  INVALID_REQUIRED_ACKS: [21, FINAL, 'acks is not 0, 1 or -1'],
  ILLEGAL_GENERATION: [22, FINAL, 'the group generation is not the current one'],
  INCONSISTENT_GROUP_PROTOCOL: [23, FINAL, 'the member and its group share no protocol'],
  INVALID_GROUP_ID: [24, FINAL, 'the group id is invalid'],
  UNKNOWN_MEMBER_ID: [25, FINAL, 'the coordinator does not know this member'],
  INVALID_SESSION_TIMEOUT: [26, FINAL, 'the session timeout lies outside what the broker allows'],
  REBALANCE_IN_PROGRESS: [27, FINAL, 'the group is rebalancing'],
  INVALID_COMMIT_OFFSET_SIZE: [28, FINAL, 'the offsets to commit are too large'],
  TOPIC_AUTHORIZATION_FAILED: [29, FINAL, 'the principal may not do this with the topic'],
  GROUP_AUTHORIZATION_FAILED: [30, FINAL, 'the principal may not do this with the group'],
  CLUSTER_AUTHORIZATION_FAILED: [31, FINAL, 'the principal may not do this with the cluster'],
  INVALID_TIMESTAMP: [32, FINAL, 'the timestamp lies outside what the topic accepts'],
  UNSUPPORTED_SASL_MECHANISM: [33, FINAL, 'the broker does not offer this SASL mechanism'],
  ILLEGAL_SASL_STATE: [34, FINAL, 'the SASL exchange is not at this step'],
  UNSUPPORTED_VERSION: [35, FINAL, 'the broker does not speak this version of the API'],
  TOPIC_ALREADY_EXISTS: [36, FINAL, 'a topic of this name exists'],
  INVALID_PARTITIONS: [37, FINAL, 'the number of partitions is invalid'],
  INVALID_REPLICATION_FACTOR: [
    38,
    FINAL,
    'the replication factor is invalid, or there are too few brokers',
  ],
  INVALID_REPLICA_ASSIGNMENT: [39, FINAL, 'the assignment of replicas is invalid'],
  INVALID_CONFIG: [40, FINAL, 'a configuration is invalid'],
  NOT_CONTROLLER: [41, RETRY, 'another node is the controller'],
  INVALID_REQUEST: [42, FINAL, 'the broker could not make sense of the request'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [
    43,
    FINAL,
    'the message format on the broker does not allow this',
  ],
  POLICY_VIOLATION: [44, FINAL, 'a policy of the cluster forbids this'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [
    45,
    FINAL,
    'the sequence number does not follow the last one of this producer',
  ],
  DUPLICATE_SEQUENCE_NUMBER: [46, FINAL, 'the broker has this batch already'],
  INVALID_PRODUCER_EPOCH: [47, FINAL, 'the producer epoch is older than the one the broker knows'],
  INVALID_TXN_STATE: [48, FINAL, 'the transaction is not in a state that allows this'],
  INVALID_PRODUCER_ID_MAPPING: [
    49,
    FINAL,
    'the producer id does not belong to this transactional id',
  ],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    FINAL,
    'the transaction timeout is longer than the broker allows',
  ],
  CONCURRENT_TRANSACTIONS: [51, RETRY, 'another operation on this transaction is under way'],
  TRANSACTION_COORDINATOR_FENCED: [52, FINAL, 'the transaction coordinator has been replaced'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [
    53,
    FINAL,
    'the principal may not use this transactional id',
  ],
  SECURITY_DISABLED: [54, FINAL, 'security is not switched on'],
  OPERATION_NOT_ATTEMPTED: [55, FINAL, 'not tried, because another part of the request failed'],
  KAFKA_STORAGE_ERROR: [56, REFRESH, 'the log could not be read or written on disk'],
  LOG_DIR_NOT_FOUND: [57, FINAL, 'the log directory is not in the configuration of the broker'],
  SASL_AUTHENTICATION_FAILED: [58, FINAL, 'the credentials were refused'],
  UNKNOWN_PRODUCER_ID: [59, FINAL, 'the broker keeps no state of this producer id'],
  REASSIGNMENT_IN_PROGRESS: [60, FINAL, 'the partition is being reassigned'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, FINAL, 'delegation tokens are not switched on'],
  DELEGATION_TOKEN_NOT_FOUND: [62, FINAL, 'the delegation token does not exist'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, FINAL, 'the delegation token belongs to somebody else'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [
    64,
    FINAL,
    'delegation tokens are not allowed on this kind of connection',
  ],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [
    65,
    FINAL,
    'the principal may not use this delegation token',
  ],
  DELEGATION_TOKEN_EXPIRED: [66, FINAL, 'the delegation token has expired'],
  INVALID_PRINCIPAL_TYPE: [67, FINAL, 'this type of principal is not supported'],
  NON_EMPTY_GROUP: [68, FINAL, 'the group still has members'],
  GROUP_ID_NOT_FOUND: [69, FINAL, 'the group does not exist'],
  FETCH_SESSION_ID_NOT_FOUND: [70, RETRY, 'the fetch session does not exist'],
  INVALID_FETCH_SESSION_EPOCH: [71, RETRY, 'the epoch of the fetch session is invalid'],
  LISTENER_NOT_FOUND: [72, REFRESH, 'the leader has no listener like the one that was asked'],
  TOPIC_DELETION_DISABLED: [73, FINAL, 'the cluster does not allow topics to be deleted'],
  FENCED_LEADER_EPOCH: [74, REFRESH, 'the leader epoch is older than the one the broker knows'],
  UNKNOWN_LEADER_EPOCH: [75, RETRY, 'the leader epoch is newer than the one the broker knows'],
  UNSUPPORTED_COMPRESSION_TYPE: [
    76,
    FINAL,
    'the compression type is not supported for this version or topic',
  ],
  STALE_BROKER_EPOCH: [77, FINAL, 'the broker epoch is out of date'],
  OFFSET_NOT_AVAILABLE: [78, RETRY, 'the high watermark has not caught up since the last election'],
  MEMBER_ID_REQUIRED: [79, FINAL, 'a member id is needed before joining'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, REFRESH, 'the preferred leader is not available'],
  GROUP_MAX_SIZE_REACHED: [81, FINAL, 'the group has as many members as it may have'],
  FENCED_INSTANCE_ID: [82, FINAL, 'another member took over this group instance id'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, REFRESH, 'no replica that could lead is available'],
  ELECTION_NOT_NEEDED: [84, REFRESH, 'the partition has the leader it should have'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, FINAL, 'no reassignment is under way'],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, FINAL, 'the group is subscribed to the topic'],
  INVALID_RECORD: [87, FINAL, 'the broker refused a record; see the record errors'],
  UNSTABLE_OFFSET_COMMIT: [88, RETRY, 'offsets of a transaction are still pending'],
  THROTTLING_QUOTA_EXCEEDED: [89, RETRY, 'a quota is exceeded'],
  PRODUCER_FENCED: [90, FINAL, 'a newer producer with the same transactional id has taken over'],
  RESOURCE_NOT_FOUND: [91, FINAL, 'the resource does not exist'],
  DUPLICATE_RESOURCE: [92, FINAL, 'a resource is named twice'],
  UNACCEPTABLE_CREDENTIAL: [93, FINAL, 'the credential does not meet the requirements'],
  INCONSISTENT_VOTER_SET: [94, FINAL, 'sender and receiver do not agree on the voters'],
  INVALID_UPDATE_VERSION: [95, FINAL, 'the version to update to is invalid'],
  FEATURE_UPDATE_FAILED: [96, FINAL, 'the features could not be updated'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, FINAL, 'the forwarded principal could not be read'],
  SNAPSHOT_NOT_FOUND: [98, FINAL, 'the snapshot does not exist'],
  POSITION_OUT_OF_RANGE: [99, FINAL, 'the position lies outside the snapshot'],
  UNKNOWN_TOPIC_ID: [100, REFRESH, 'the broker does not know this topic id'],
  DUPLICATE_BROKER_REGISTRATION: [101, FINAL, 'the broker id is registered already'],
  BROKER_ID_NOT_REGISTERED: [102, FINAL, 'the broker id is not registered'],
  INCONSISTENT_TOPIC_ID: [103, REFRESH, 'the topic id does not match the one in the log'],
  INCONSISTENT_CLUSTER_ID: [104, FINAL, 'the cluster id is not that of this cluster'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, FINAL, 'the transactional id does not exist'],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, RETRY, 'the fetch session mixes topic ids and names'],
  INELIGIBLE_REPLICA: [107, FINAL, 'a replica may not be in the in-sync set'],
  NEW_LEADER_ELECTED: [108, FINAL, 'done, and the partition has a new leader'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, FINAL, 'the offset has moved to tiered storage'],
  FENCED_MEMBER_EPOCH: [110, FINAL, 'the member epoch is fenced by the coordinator'],
  UNRELEASED_INSTANCE_ID: [111, FINAL, 'another member still holds this group instance id'],
  UNSUPPORTED_ASSIGNOR: [112, FINAL, 'the group does not support this assignor'],
  STALE_MEMBER_EPOCH: [113, FINAL, 'the member epoch is out of date'],
  MISMATCHED_ENDPOINT_TYPE: [114, FINAL, 'the request was meant for another type of endpoint'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, FINAL, 'this type of endpoint is not supported'],
  UNKNOWN_CONTROLLER_ID: [116, FINAL, 'the controller id is not known'],
  UNKNOWN_SUBSCRIPTION_ID: [117, FINAL, 'the telemetry subscription is unknown or out of date'],
  TELEMETRY_TOO_LARGE: [118, FINAL, 'the telemetry is larger than the broker accepts'],
  INVALID_REGISTRATION: [119, FINAL, 'the controller refused the registration'],
  TRANSACTION_ABORTABLE: [
    120,
    FINAL,
    'the transaction must be aborted; the producer can go on after that',
  ],
  INVALID_RECORD_STATE: [121, FINAL, 'the acknowledged record is not in a state that allows this'],
  SHARE_SESSION_NOT_FOUND: [122, RETRY, 'the share session does not exist'],
  INVALID_SHARE_SESSION_EPOCH: [123, RETRY, 'the epoch of the share session is invalid'],
  FENCED_STATE_EPOCH: [124, FINAL, 'the epoch of the share group state is fenced'],
  INVALID_VOTER_KEY: [125, FINAL, 'the voter key is not that of the replica'],
  DUPLICATE_VOTER: [126, FINAL, 'the voter is in the set already'],
  VOTER_NOT_FOUND: [127, FINAL, 'the voter is not in the set'],
  INVALID_REGULAR_EXPRESSION: [128, FINAL, 'the regular expression is invalid'],
  REBOOTSTRAP_REQUIRED: [
    129,
    FINAL,
    'what the client knows is too old: it must start again from its bootstrap brokers',
  ],
  STREAMS_INVALID_TOPOLOGY: [130, FINAL, 'the streams topology is invalid'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, FINAL, 'the epoch of the streams topology is invalid'],
  STREAMS_TOPOLOGY_FENCED: [132, FINAL, 'the epoch of the streams topology is out of date'],
  SHARE_SESSION_LIMIT_REACHED: [133, RETRY, 'the broker has as many share sessions as it allows'],
} as const satisfies Record<string, readonly [code: number, remedy: Remedy, description: string]>

type Table = typeof TABLE
type Codes = { readonly [Name in keyof Table]: Table[Name][0] }

const ROWS: readonly ErrorCode[] = Object.entries(TABLE).map(
  ([name, [code, remedy, description]]) => ({ code, name, ...remedy, description }),
)
const BY_CODE = new Map(ROWS.map((row) => [row.code, row]))

/** Kafka's number of each name: `ErrorCodes.NOT_LEADER_OR_FOLLOWER` is 6. */
// The assertion: Object.fromEntries forgets which name has which number; the table knows.
export const ErrorCodes = Object.fromEntries(ROWS.map(({ name, code }) => [name, code])) as Codes

/**
 * The row of a code. A code that the table does not have (from a newer broker) is named
 * `UNKNOWN_ERROR_<code>` and counts as not retriable.
 */
export function errorCode(code: number): ErrorCode {
  return BY_CODE.get(code) ?? unlisted(code)
}

/** Whether the table has the code: of one that it does not have nothing is known. */
export function isListed(code: number): boolean {
  return BY_CODE.has(code)
}

function unlisted(code: number): ErrorCode {
  const description = `the broker answered with code ${code}, which this version does not know`
  return { code, name: `UNKNOWN_ERROR_${code}`, ...FINAL, description }
}
