/** Random Metadata messages that a version can carry whole. */

import fc from 'fast-check'
import { OPERATIONS_NOT_ASKED } from '../../../src/protocol/messages/metadata.js'
import type {
  MetadataRequest,
  MetadataResponse,
  MetadataResponsePartition,
  MetadataResponseTopic,
} from '../../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { int16, int32, list, nullable, record, text, uuid, when } from './primitives.js'

export function metadataRequest(version: number): fc.Arbitrary<MetadataRequest> {
  const topic = record({
    topicId: when(version >= 10, uuid, ZERO_UUID),
    name: version >= 10 ? nullable(text) : text,
  })
  return record({
    topics: version >= 1 ? nullable(list(topic)) : list(topic),
    allowAutoTopicCreation: when(version >= 4, fc.boolean(), true),
    includeClusterAuthorizedOperations: when(version >= 8 && version <= 10, fc.boolean(), false),
    includeTopicAuthorizedOperations: when(version >= 8, fc.boolean(), false),
  })
}

export function metadataResponse(version: number): fc.Arbitrary<MetadataResponse> {
  const broker = record({
    nodeId: int32,
    host: text,
    port: int32,
    rack: when(version >= 1, nullable(text), null),
  })
  return record({
    throttleTimeMs: when(version >= 3, int32, 0),
    brokers: list(broker),
    clusterId: when(version >= 2, nullable(text), null),
    controllerId: when(version >= 1, int32, -1),
    topics: list(responseTopic(version)),
    clusterAuthorizedOperations: when(version >= 8 && version <= 10, int32, OPERATIONS_NOT_ASKED),
    errorCode: when(version >= 13, int16, 0),
  })
}

function responseTopic(version: number): fc.Arbitrary<MetadataResponseTopic> {
  return record({
    errorCode: int16,
    name: version >= 12 ? nullable(text) : text,
    topicId: when(version >= 10, uuid, ZERO_UUID),
    isInternal: when(version >= 1, fc.boolean(), false),
    partitions: list(responsePartition(version)),
    topicAuthorizedOperations: when(version >= 8, int32, OPERATIONS_NOT_ASKED),
  })
}

function responsePartition(version: number): fc.Arbitrary<MetadataResponsePartition> {
  return record({
    errorCode: int16,
    partitionIndex: int32,
    leaderId: int32,
    leaderEpoch: when(version >= 7, int32, -1),
    replicaNodes: list(int32),
    isrNodes: list(int32),
    offlineReplicas: when(version >= 5, list(int32), []),
  })
}
