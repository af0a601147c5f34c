/**
 * The messages behind test/fixtures/protocol: of each one that sets every field its version carries,
 * to values that no other field has, and one that is as empty as can be, with numbers at their ends.
 */
import { OPERATIONS_NOT_ASKED } from '../../src/protocol/messages/metadata.js'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../src/protocol/messages/add-offsets-to-txn.js'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../src/protocol/messages/add-partitions-to-txn.js'
import type {
  ApiVersionsRequest,
  ApiVersionsResponse,
} from '../../src/protocol/messages/api-versions.js'
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../src/protocol/messages/create-topics.js'
import type { EndTxnRequest, EndTxnResponse } from '../../src/protocol/messages/end-txn.js'
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../src/protocol/messages/find-coordinator.js'
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../src/protocol/messages/init-producer-id.js'
import type { MetadataRequest, MetadataResponse } from '../../src/protocol/messages/metadata.js'
import type { ProduceRequest, ProduceResponse } from '../../src/protocol/messages/produce.js'
import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../src/protocol/messages/sasl-authenticate.js'
import type {
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from '../../src/protocol/messages/sasl-handshake.js'
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../src/protocol/messages/txn-offset-commit.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { GOLDEN_TELEMETRY } from './golden-telemetry.js'

/** The two messages, as a version can carry them. */
export type GoldenValues<Message> = (version: number) => {
  readonly full: Message
  readonly empty: Message
}

const INT16_MAX = 0x7fff
const INT32_MAX = 0x7fffffff
const INT16_MIN = -INT16_MAX - 1
const INT32_MIN = -INT32_MAX - 1
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
const TOPIC = 'briefe-an-Ottla-žluťoučký-🦊'
const TOPIC_ID = 'AAECAwQFBgcICQoLDA0ODw'

/** `value` where the version carries the field, else Kafka's default for it. */
function when<T>(carried: boolean, value: T, otherwise: T): T {
  return carried ? value : otherwise
}

const apiVersionsRequest: GoldenValues<ApiVersionsRequest> = (version) => ({
  full: {
    clientSoftwareName: when(version >= 3, 'ottla', ''),
    clientSoftwareVersion: when(version >= 3, '1.2.3', ''),
  },
  empty: { clientSoftwareName: '', clientSoftwareVersion: '' },
})

const apiVersionsResponse: GoldenValues<ApiVersionsResponse> = (version) => {
  const supported = { name: 'kraft.version', minVersion: 0, maxVersion: 1 }
  const finalized = { name: 'metadata.version', maxVersionLevel: 27, minVersionLevel: 7 }
  const empty: ApiVersionsResponse = {
    errorCode: INT16_MIN,
    apiKeys: [],
    throttleTimeMs: when(version >= 1, INT32_MIN, 0),
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1n,
    finalizedFeatures: [],
    zkMigrationReady: false,
  }
  const full: ApiVersionsResponse = {
    errorCode: 35,
    apiKeys: [
      { apiKey: 0, minVersion: 3, maxVersion: 13 },
      { apiKey: 18, minVersion: 0, maxVersion: 4 },
    ],
    throttleTimeMs: when(version >= 1, 99, 0),
    supportedFeatures: when(version >= 3, [supported], []),
    finalizedFeaturesEpoch: when(version >= 3, INT64_MAX, -1n),
    finalizedFeatures: when(version >= 3, [finalized], []),
    zkMigrationReady: version >= 3,
  }
  return { full, empty }
}

const metadataRequest: GoldenValues<MetadataRequest> = (version) => {
  const topic = { topicId: when(version >= 10, TOPIC_ID, ZERO_UUID), name: TOPIC }
  const byId = { topicId: TOPIC_ID, name: null }
  const empty: MetadataRequest = {
    topics: version >= 1 ? null : [],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
  const full: MetadataRequest = {
    topics: version >= 12 ? [topic, byId] : [topic],
    allowAutoTopicCreation: version < 4,
    includeClusterAuthorizedOperations: version >= 8 && version <= 10,
    includeTopicAuthorizedOperations: version >= 8,
  }
  return { full, empty }
}

const metadataResponse: GoldenValues<MetadataResponse> = (version) => {
  const partition = {
    errorCode: 9,
    partitionIndex: 1,
    leaderId: 2,
    leaderEpoch: when(version >= 7, 3, -1),
    replicaNodes: [4, 5, 6],
    isrNodes: [7, 8],
    offlineReplicas: when(version >= 5, [INT32_MAX], []),
  }
  const topic = {
    errorCode: 3,
    name: TOPIC,
    topicId: when(version >= 10, TOPIC_ID, ZERO_UUID),
    isInternal: version >= 1,
    partitions: [partition],
    topicAuthorizedOperations: when(version >= 8, 0xdf8, OPERATIONS_NOT_ASKED),
  }
  const bare = { ...topic, isInternal: false, partitions: [] }
  const nameless = { ...bare, name: version >= 12 ? null : '' }
  const full: MetadataResponse = {
    throttleTimeMs: when(version >= 3, 99, 0),
    brokers: [
      { nodeId: 1, host: 'broker-1.example', port: 9092, rack: when(version >= 1, 'a', null) },
      { nodeId: 2, host: 'broker-2.example', port: 65_535, rack: null },
    ],
    clusterId: when(version >= 2, 'MkU3OEVBNTcwNTJENDM2Qk', null),
    controllerId: when(version >= 1, 2, -1),
    topics: [topic, nameless],
    clusterAuthorizedOperations: when(version >= 8 && version <= 10, 7, OPERATIONS_NOT_ASKED),
    errorCode: when(version >= 13, 129, 0),
  }
  const empty: MetadataResponse = {
    throttleTimeMs: when(version >= 3, INT32_MIN, 0),
    brokers: [],
    clusterId: null,
    controllerId: when(version >= 1, INT32_MIN, -1),
    topics: [],
    clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
    errorCode: when(version >= 13, INT16_MIN, 0),
  }
  return { full, empty }
}

const produceRequest: GoldenValues<ProduceRequest> = (version) => {
  const topic = {
    name: when(version <= 12, TOPIC, ''),
    topicId: when(version >= 13, TOPIC_ID, ZERO_UUID),
    partitionData: [
      { index: 5, records: Buffer.alloc(130, 0xab) },
      { index: INT32_MAX, records: Buffer.alloc(0) },
      { index: 6, records: null },
    ],
  }
  return {
    full: { transactionalId: 'tx', acks: -1, timeoutMs: 30_000, topicData: [topic] },
    empty: { transactionalId: null, acks: INT16_MIN, timeoutMs: INT32_MIN, topicData: [] },
  }
}

const produceResponse: GoldenValues<ProduceResponse> = (version) => {
  const recordError = { batchIndex: 4, batchIndexErrorMessage: 'too old' }
  const noLeader = { leaderId: -1, leaderEpoch: -1 }
  const refused = {
    index: 5,
    errorCode: 87,
    baseOffset: INT64_MIN,
    logAppendTimeMs: INT64_MAX,
    logStartOffset: when(version >= 5, 9_007_199_254_740_993n, -1n),
    recordErrors: when(
      version >= 8,
      [recordError, { batchIndex: 6, batchIndexErrorMessage: null }],
      [],
    ),
    errorMessage: when(version >= 8, 'two records are bad', null),
    currentLeader: when(version >= 10, { leaderId: 7, leaderEpoch: 8 }, noLeader),
  }
  const acked = { ...refused, errorCode: 0, recordErrors: [], errorMessage: null }
  const topic = {
    name: when(version <= 12, TOPIC, ''),
    topicId: when(version >= 13, TOPIC_ID, ZERO_UUID),
    partitionResponses: [refused, { ...acked, currentLeader: noLeader }],
  }
  const endpoint = { nodeId: 7, host: 'broker-7.example', port: 9092, rack: 'a' }
  const nodeEndpoints = when(version >= 10, [endpoint, { ...endpoint, nodeId: 8, rack: null }], [])
  return {
    full: { responses: [topic], throttleTimeMs: 99, nodeEndpoints },
    empty: { responses: [], throttleTimeMs: INT32_MIN, nodeEndpoints: [] },
  }
}

const initProducerIdRequest: GoldenValues<InitProducerIdRequest> = (version) => ({
  full: {
    transactionalId: 'tx',
    transactionTimeoutMs: 60_000,
    producerId: when(version >= 3, 9_007_199_254_740_993n, -1n),
    producerEpoch: when(version >= 3, 12, -1),
  },
  empty: {
    transactionalId: null,
    transactionTimeoutMs: INT32_MAX,
    producerId: -1n,
    producerEpoch: -1,
  },
})

const initProducerIdResponse: GoldenValues<InitProducerIdResponse> = () => ({
  full: { throttleTimeMs: 99, errorCode: 0, producerId: INT64_MAX, producerEpoch: INT16_MAX },
  empty: { throttleTimeMs: INT32_MIN, errorCode: INT16_MIN, producerId: -1n, producerEpoch: -1 },
})

const findCoordinatorRequest: GoldenValues<FindCoordinatorRequest> = (version) => ({
  full: {
    keyType: when(version >= 1, 1, 0),
    coordinatorKeys: version >= 4 ? ['tx', TOPIC, ''] : ['tx'],
  },
  empty: { keyType: 0, coordinatorKeys: version >= 4 ? [] : [''] },
})

const findCoordinatorResponse: GoldenValues<FindCoordinatorResponse> = (version) => {
  const none = {
    key: '',
    nodeId: INT32_MIN,
    host: '',
    port: 0,
    errorCode: INT16_MIN,
    errorMessage: null,
  }
  const found = {
    key: when(version >= 4, 'tx', ''),
    nodeId: INT32_MAX,
    host: 'kafka-ž.example',
    port: 9092,
    errorCode: 15,
    errorMessage: when(version >= 1, 'not yet', null),
  }
  return {
    full: {
      throttleTimeMs: when(version >= 1, 99, 0),
      coordinators: version >= 4 ? [found, none] : [found],
    },
    empty: { throttleTimeMs: 0, coordinators: version >= 4 ? [] : [none] },
  }
}

const ID = { transactionalId: 'tx-ž', producerId: 9_007_199_254_740_993n, producerEpoch: 12 }
const EMPTY_ID = { transactionalId: '', producerId: INT64_MIN, producerEpoch: INT16_MIN }

const addPartitionsToTxnRequest: GoldenValues<AddPartitionsToTxnRequest> = () => ({
  full: {
    ...ID,
    topics: [
      { name: TOPIC, partitions: [0, 7, INT32_MAX] },
      { name: 'none', partitions: [] },
    ],
  },
  empty: { ...EMPTY_ID, topics: [] },
})

const addPartitionsToTxnResponse: GoldenValues<AddPartitionsToTxnResponse> = () => {
  const added = { partitionIndex: 0, partitionErrorCode: 0 }
  const refused = { partitionIndex: INT32_MAX, partitionErrorCode: 55 }
  return {
    full: {
      throttleTimeMs: 99,
      results: [
        { name: TOPIC, resultsByPartition: [added, refused] },
        { name: 'none', resultsByPartition: [] },
      ],
    },
    empty: { throttleTimeMs: INT32_MIN, results: [] },
  }
}

const addOffsetsToTxnRequest: GoldenValues<AddOffsetsToTxnRequest> = () => ({
  full: { ...ID, groupId: 'leser-ž' },
  empty: { ...EMPTY_ID, groupId: '' },
})

const addOffsetsToTxnResponse: GoldenValues<AddOffsetsToTxnResponse> = () => ({
  full: { throttleTimeMs: 99, errorCode: 51 },
  empty: { throttleTimeMs: INT32_MIN, errorCode: INT16_MIN },
})

const endTxnRequest: GoldenValues<EndTxnRequest> = () => ({
  full: { ...ID, committed: true },
  empty: { ...EMPTY_ID, committed: false },
})

const endTxnResponse: GoldenValues<EndTxnResponse> = (version) => ({
  full: {
    throttleTimeMs: 99,
    errorCode: 0,
    producerId: when(version >= 5, INT64_MAX, -1n),
    producerEpoch: when(version >= 5, INT16_MAX, -1),
  },
  empty: { throttleTimeMs: INT32_MIN, errorCode: INT16_MIN, producerId: -1n, producerEpoch: -1 },
})

const txnOffsetCommitRequest: GoldenValues<TxnOffsetCommitRequest> = (version) => {
  const partition = {
    partitionIndex: 5,
    committedOffset: INT64_MAX,
    committedLeaderEpoch: when(version >= 2, 6, -1),
    committedMetadata: 'seit gestern',
  }
  const bare = {
    partitionIndex: INT32_MIN,
    committedOffset: INT64_MIN,
    committedLeaderEpoch: -1,
    committedMetadata: null,
  }
  return {
    full: {
      ...ID,
      groupId: 'leser-ž',
      generationId: when(version >= 3, 31, -1),
      memberId: when(version >= 3, 'member-1', ''),
      groupInstanceId: when(version >= 3, 'instance-1', null),
      topics: [
        { name: TOPIC, partitions: [partition, bare] },
        { name: 'none', partitions: [] },
      ],
    },
    empty: {
      ...EMPTY_ID,
      ...{ groupId: '', generationId: -1, memberId: '', groupInstanceId: null, topics: [] },
    },
  }
}

const txnOffsetCommitResponse: GoldenValues<TxnOffsetCommitResponse> = () => ({
  full: {
    throttleTimeMs: 99,
    topics: [
      { name: TOPIC, partitions: [{ partitionIndex: 5, errorCode: 22 }] },
      { name: 'none', partitions: [] },
    ],
  },
  empty: { throttleTimeMs: INT32_MIN, topics: [] },
})

const createTopicsRequest: GoldenValues<CreateTopicsRequest> = () => {
  const assignments = [
    { partitionIndex: 0, brokerIds: [1, 2] },
    { partitionIndex: 1, brokerIds: [] },
  ]
  const configs = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'retention.ms', value: null },
  ]
  const topic = { name: TOPIC, numPartitions: 6, replicationFactor: 3, assignments, configs }
  return {
    full: { topics: [topic], timeoutMs: 30_000, validateOnly: true },
    empty: { topics: [], timeoutMs: INT32_MIN, validateOnly: false },
  }
}

const createTopicsResponse: GoldenValues<CreateTopicsResponse> = (version) => {
  const config = {
    name: 'cleanup.policy',
    value: 'compact',
    readOnly: true,
    configSource: 5,
    isSensitive: false,
  }
  const secret = { ...config, value: null, configSource: -128, isSensitive: true }
  const made = {
    name: TOPIC,
    topicId: when(version >= 7, TOPIC_ID, ZERO_UUID),
    errorCode: 0,
    errorMessage: null,
    topicConfigErrorCode: 0,
    numPartitions: when(version >= 5, 6, -1),
    replicationFactor: when(version >= 5, 3, -1),
    configs: when(version >= 5, [config, secret], []),
  }
  const hidden = {
    ...made,
    errorCode: 36,
    errorMessage: 'it exists',
    topicConfigErrorCode: when(version >= 5, 29, 0),
    configs: version >= 5 ? null : [],
  }
  return {
    full: { throttleTimeMs: 99, topics: [made, hidden] },
    empty: { throttleTimeMs: INT32_MIN, topics: [] },
  }
}

const saslHandshakeRequest: GoldenValues<SaslHandshakeRequest> = () => ({
  full: { mechanism: 'SCRAM-SHA-512' },
  empty: { mechanism: '' },
})

const saslHandshakeResponse: GoldenValues<SaslHandshakeResponse> = () => ({
  full: { errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-512'] },
  empty: { errorCode: INT16_MIN, mechanisms: [] },
})

const saslAuthenticateRequest: GoldenValues<SaslAuthenticateRequest> = () => ({
  full: { authBytes: Buffer.from('\0alice\0žluťoučký') },
  empty: { authBytes: Buffer.alloc(0) },
})

const saslAuthenticateResponse: GoldenValues<SaslAuthenticateResponse> = (version) => ({
  full: {
    errorCode: 58,
    errorMessage: 'not you',
    authBytes: Buffer.from('v=abc'),
    sessionLifetimeMs: when(version >= 1, INT64_MAX, 0n),
  },
  empty: {
    errorCode: INT16_MIN,
    errorMessage: null,
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: when(version >= 1, INT64_MIN, 0n),
  },
})

/** By the names that messages.ts has. */
export const GOLDEN_VALUES: Readonly<Record<string, GoldenValues<unknown>>> = {
  ApiVersionsRequest: apiVersionsRequest,
  ApiVersionsResponse: apiVersionsResponse,
  MetadataRequest: metadataRequest,
  MetadataResponse: metadataResponse,
  ProduceRequest: produceRequest,
  ProduceResponse: produceResponse,
  ...GOLDEN_TELEMETRY,
  InitProducerIdRequest: initProducerIdRequest,
  InitProducerIdResponse: initProducerIdResponse,
  FindCoordinatorRequest: findCoordinatorRequest,
  FindCoordinatorResponse: findCoordinatorResponse,
  AddPartitionsToTxnRequest: addPartitionsToTxnRequest,
  AddPartitionsToTxnResponse: addPartitionsToTxnResponse,
  AddOffsetsToTxnRequest: addOffsetsToTxnRequest,
  AddOffsetsToTxnResponse: addOffsetsToTxnResponse,
  EndTxnRequest: endTxnRequest,
  EndTxnResponse: endTxnResponse,
  TxnOffsetCommitRequest: txnOffsetCommitRequest,
  TxnOffsetCommitResponse: txnOffsetCommitResponse,
  CreateTopicsRequest: createTopicsRequest,
  CreateTopicsResponse: createTopicsResponse,
  SaslHandshakeRequest: saslHandshakeRequest,
  SaslHandshakeResponse: saslHandshakeResponse,
  SaslAuthenticateRequest: saslAuthenticateRequest,
  SaslAuthenticateResponse: saslAuthenticateResponse,
}
