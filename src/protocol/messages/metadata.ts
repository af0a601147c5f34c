/**
 * Metadata (key 3, v0–13): the brokers of the cluster, and who leads which partition.
 *
 *   Request => [topics] allowAutoTopicCreation include… tags
 *     topics     nullable [topicId name tags]  // v0: empty = all; v1+: null = all, empty = none
 *       topicId  uuid             v10+         // brokers look at it from v12
 *       name     string                        // nullable from v10; null only with an id, from v12
 *     allowAutoTopicCreation              boolean  v4+
 *     includeClusterAuthorizedOperations  boolean  v8–10
 *     includeTopicAuthorizedOperations    boolean  v8+
 *
 *   Response => throttleTimeMs [brokers] clusterId controllerId [topics] … tags
 *     throttleTimeMs    int32            v3+
 *     brokers           [nodeId int32, host string, port int32, rack nullable string v1+, tags]
 *     clusterId         nullable string  v2+
 *     controllerId      int32            v1+
 *     topics            [errorCode name topicId isInternal [partitions] … tags]
 *       errorCode       int16
 *       name            string                 // nullable from v12: asked by an id that is unknown
 *       topicId         uuid             v10+
 *       isInternal      boolean          v1+
 *       partitions      [errorCode partitionIndex leaderId leaderEpoch … tags]
 *         errorCode        int16
 *         partitionIndex   int32
 *         leaderId         int32               // -1: no leader now
 *         leaderEpoch      int32         v7+
 *         replicaNodes     [int32]
 *         isrNodes         [int32]
 *         offlineReplicas  [int32]       v5+
 *       topicAuthorizedOperations    int32  v8+
 *     clusterAuthorizedOperations    int32  v8–10
 *     errorCode         int16            v13+  // REBOOTSTRAP_REQUIRED
 *
 * From v6 the broker answers before it throttles. v9 is flexible.
 *
 * Spec: MetadataRequest.json, MetadataResponse.json; KIP-320, KIP-430, KIP-516, KIP-700, KIP-1102.
 * Neighbours: network/ keeps what it says.
 */

import { ProtocolError } from '../../errors.js'
import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import { ZERO_UUID } from '../uuid.js'
import type { Writer } from '../writer.js'

export interface MetadataRequest {
  /**
   * Null: all topics. Empty: none, but in v0, which has no null, all: there null is written as
   * empty, and empty is what decoding returns.
   */
  readonly topics: readonly MetadataRequestTopic[] | null
  /** Kafka's default is true; it cannot be false before v4. */
  readonly allowAutoTopicCreation: boolean
  readonly includeClusterAuthorizedOperations: boolean
  readonly includeTopicAuthorizedOperations: boolean
}

export interface MetadataRequestTopic {
  /** ZERO_UUID: asked by name. */
  readonly topicId: string
  /** Null: asked by id, from v12. */
  readonly name: string | null
}

export interface MetadataResponse {
  readonly throttleTimeMs: number
  readonly brokers: readonly MetadataResponseBroker[]
  readonly clusterId: string | null
  /** -1: unknown. */
  readonly controllerId: number
  readonly topics: readonly MetadataResponseTopic[]
  /** A bit field; OPERATIONS_NOT_ASKED unless asked for. */
  readonly clusterAuthorizedOperations: number
  readonly errorCode: number
}

export interface MetadataResponseBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface MetadataResponseTopic {
  readonly errorCode: number
  /** Null only where the topic was asked by an id that the broker does not know. */
  readonly name: string | null
  /** ZERO_UUID: unknown. */
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly MetadataResponsePartition[]
  /** A bit field; OPERATIONS_NOT_ASKED unless asked for. */
  readonly topicAuthorizedOperations: number
}

export interface MetadataResponsePartition {
  readonly errorCode: number
  readonly partitionIndex: number
  /** -1: no leader now. */
  readonly leaderId: number
  /** -1: unknown. */
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/** The value of an authorized-operations field that was not asked for. */
export const OPERATIONS_NOT_ASKED = -0x80000000

const UNKNOWN = -1

// The least that one item takes in any version.
const REQUEST_TOPIC_BYTES = 2
const BROKER_BYTES = 10
const TOPIC_BYTES = 8
const PARTITION_BYTES = 18
const NODE_ID_BYTES = 4

function encodeRequest(writer: Writer, request: MetadataRequest, version: number): void {
  const flexible = version >= 9
  const topics = version === 0 ? (request.topics ?? []) : request.topics
  writer.writeNullableArray(topics, flexible, (topic) => {
    encodeRequestTopic(writer, topic, version)
  })
  encodeRequestFlags(writer, request, version)
  if (flexible) writer.writeTaggedFields()
}

function encodeRequestTopic(writer: Writer, topic: MetadataRequestTopic, version: number): void {
  const flexible = version >= 9
  if (version >= 10) {
    writer.writeUuid(topic.topicId)
    writer.writeNullableString(topic.name, flexible)
  } else {
    writer.writeString(requireName(topic.name, version), flexible)
  }
  if (flexible) writer.writeTaggedFields()
}

function encodeRequestFlags(writer: Writer, request: MetadataRequest, version: number): void {
  const { allowAutoTopicCreation } = request
  const { includeClusterAuthorizedOperations, includeTopicAuthorizedOperations } = request
  const message = { apiName: metadata.name, version }
  if (version >= 4) writer.writeBoolean(allowAutoTopicCreation)
  else requireDefault(message, 'allowAutoTopicCreation', allowAutoTopicCreation, true)
  if (version >= 8 && version <= 10) writer.writeBoolean(includeClusterAuthorizedOperations)
  else
    requireDefault(
      message,
      'includeClusterAuthorizedOperations',
      includeClusterAuthorizedOperations,
      false,
    )
  if (version >= 8) writer.writeBoolean(includeTopicAuthorizedOperations)
  else
    requireDefault(
      message,
      'includeTopicAuthorizedOperations',
      includeTopicAuthorizedOperations,
      false,
    )
}

function decodeRequest(reader: Reader, version: number): MetadataRequest {
  const flexible = version >= 9
  const decodeTopic = () => decodeRequestTopic(reader, version)
  const request = {
    topics:
      version >= 1
        ? reader.readNullableArray(flexible, decodeTopic, REQUEST_TOPIC_BYTES)
        : reader.readArray(flexible, decodeTopic, REQUEST_TOPIC_BYTES),
    allowAutoTopicCreation: version >= 4 ? reader.readBoolean() : true,
    includeClusterAuthorizedOperations:
      version >= 8 && version <= 10 ? reader.readBoolean() : false,
    includeTopicAuthorizedOperations: version >= 8 ? reader.readBoolean() : false,
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function decodeRequestTopic(reader: Reader, version: number): MetadataRequestTopic {
  const flexible = version >= 9
  const topic = {
    topicId: version >= 10 ? reader.readUuid() : ZERO_UUID,
    name: version >= 10 ? reader.readNullableString(flexible) : reader.readString(flexible),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function encodeResponse(writer: Writer, response: MetadataResponse, version: number): void {
  const flexible = version >= 9
  const { clusterAuthorizedOperations } = response
  if (version >= 3) writer.writeInt32(response.throttleTimeMs)
  writer.writeArray(response.brokers, flexible, (broker) => encodeBroker(writer, broker, version))
  if (version >= 2) writer.writeNullableString(response.clusterId, flexible)
  if (version >= 1) writer.writeInt32(response.controllerId)
  writer.writeArray(response.topics, flexible, (topic) => encodeTopic(writer, topic, version))
  if (version >= 8 && version <= 10) writer.writeInt32(clusterAuthorizedOperations)
  else requireNotAsked('clusterAuthorizedOperations', clusterAuthorizedOperations, version)
  if (version >= 13) writer.writeInt16(response.errorCode)
  if (flexible) writer.writeTaggedFields()
}

function encodeBroker(writer: Writer, broker: MetadataResponseBroker, version: number): void {
  const flexible = version >= 9
  writer.writeInt32(broker.nodeId)
  writer.writeString(broker.host, flexible)
  writer.writeInt32(broker.port)
  if (version >= 1) writer.writeNullableString(broker.rack, flexible)
  if (flexible) writer.writeTaggedFields()
}

function encodeTopic(writer: Writer, topic: MetadataResponseTopic, version: number): void {
  const flexible = version >= 9
  const { topicAuthorizedOperations } = topic
  writer.writeInt16(topic.errorCode)
  if (version >= 12) writer.writeNullableString(topic.name, flexible)
  else writer.writeString(requireName(topic.name, version), flexible)
  if (version >= 10) writer.writeUuid(topic.topicId)
  if (version >= 1) writer.writeBoolean(topic.isInternal)
  writer.writeArray(topic.partitions, flexible, (partition) => {
    encodePartition(writer, partition, version)
  })
  if (version >= 8) writer.writeInt32(topicAuthorizedOperations)
  else requireNotAsked('topicAuthorizedOperations', topicAuthorizedOperations, version)
  if (flexible) writer.writeTaggedFields()
}

function encodePartition(
  writer: Writer,
  partition: MetadataResponsePartition,
  version: number,
): void {
  const flexible = version >= 9
  const encodeNodeId = (nodeId: number) => writer.writeInt32(nodeId)
  writer.writeInt16(partition.errorCode)
  writer.writeInt32(partition.partitionIndex)
  writer.writeInt32(partition.leaderId)
  if (version >= 7) writer.writeInt32(partition.leaderEpoch)
  writer.writeArray(partition.replicaNodes, flexible, encodeNodeId)
  writer.writeArray(partition.isrNodes, flexible, encodeNodeId)
  if (version >= 5) writer.writeArray(partition.offlineReplicas, flexible, encodeNodeId)
  if (flexible) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): MetadataResponse {
  const flexible = version >= 9
  const response = {
    throttleTimeMs: version >= 3 ? reader.readInt32() : 0,
    brokers: reader.readArray(flexible, () => decodeBroker(reader, version), BROKER_BYTES),
    clusterId: version >= 2 ? reader.readNullableString(flexible) : null,
    controllerId: version >= 1 ? reader.readInt32() : UNKNOWN,
    topics: reader.readArray(flexible, () => decodeTopic(reader, version), TOPIC_BYTES),
    clusterAuthorizedOperations:
      version >= 8 && version <= 10 ? reader.readInt32() : OPERATIONS_NOT_ASKED,
    errorCode: version >= 13 ? reader.readInt16() : 0,
  }
  if (flexible) reader.readTaggedFields()
  return response
}

function decodeBroker(reader: Reader, version: number): MetadataResponseBroker {
  const flexible = version >= 9
  const broker = {
    nodeId: reader.readInt32(),
    host: reader.readString(flexible),
    port: reader.readInt32(),
    rack: version >= 1 ? reader.readNullableString(flexible) : null,
  }
  if (flexible) reader.readTaggedFields()
  return broker
}

function decodeTopic(reader: Reader, version: number): MetadataResponseTopic {
  const flexible = version >= 9
  const topic = {
    errorCode: reader.readInt16(),
    name: version >= 12 ? reader.readNullableString(flexible) : reader.readString(flexible),
    topicId: version >= 10 ? reader.readUuid() : ZERO_UUID,
    isInternal: version >= 1 ? reader.readBoolean() : false,
    partitions: reader.readArray(flexible, () => decodePartition(reader, version), PARTITION_BYTES),
    topicAuthorizedOperations: version >= 8 ? reader.readInt32() : OPERATIONS_NOT_ASKED,
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartition(reader: Reader, version: number): MetadataResponsePartition {
  const flexible = version >= 9
  const decodeNodeIds = () => reader.readArray(flexible, () => reader.readInt32(), NODE_ID_BYTES)
  const partition = {
    errorCode: reader.readInt16(),
    partitionIndex: reader.readInt32(),
    leaderId: reader.readInt32(),
    leaderEpoch: version >= 7 ? reader.readInt32() : UNKNOWN,
    replicaNodes: decodeNodeIds(),
    isrNodes: decodeNodeIds(),
    offlineReplicas: version >= 5 ? decodeNodeIds() : [],
  }
  if (flexible) reader.readTaggedFields()
  return partition
}

function requireName(name: string | null, version: number): string {
  if (name !== null) return name
  throw new ProtocolError(
    `Metadata v${version} cannot carry a topic without a name: name it, or speak v12, which has ids`,
    { apiName: metadata.name, version },
  )
}

function requireNotAsked(field: string, operations: number, version: number): void {
  requireDefault({ apiName: metadata.name, version }, field, operations, OPERATIONS_NOT_ASKED)
}

export const metadata: Api<MetadataRequest, MetadataResponse> = {
  name: 'Metadata',
  key: 3,
  minVersion: 0,
  maxVersion: 13,
  flexibleFrom: 9,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
