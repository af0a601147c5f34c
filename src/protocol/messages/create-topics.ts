/**
 * CreateTopics (key 19, v2–7): makes topics. A producer never sends it by itself; tests, the demo
 * and the command line do.
 *
 *   Request => [topics] timeoutMs validateOnly tags
 *     topics               [name numPartitions replicationFactor [assignments] [configs] tags]
 *       name               string
 *       numPartitions      int32      // -1: the broker's default (v4+), or assignments are given
 *       replicationFactor  int16      // likewise
 *       assignments        [partitionIndex int32, brokerIds [int32], tags]
 *       configs            [name string, value nullable string, tags]
 *     timeoutMs            int32
 *     validateOnly         boolean
 *
 *   Response => throttleTimeMs [topics] tags
 *     throttleTimeMs       int32
 *     topics               [name topicId errorCode errorMessage … tags]
 *       name               string
 *       topicId            uuid    v7+
 *       errorCode          int16
 *       errorMessage       nullable string
 *       numPartitions      int32   v5+
 *       replicationFactor  int16   v5+
 *       configs            nullable [name value readOnly configSource isSensitive tags]  v5+
 *         name             string
 *         value            nullable string
 *         readOnly         boolean
 *         configSource     int8
 *         isSensitive      boolean
 *       tag 0 topicConfigErrorCode  int16  v5+   // why configs are not told
 *
 * From v3 the broker answers before it throttles; v5 is flexible and tells the configs (KIP-525);
 * v6 may answer THROTTLING_QUOTA_EXCEEDED (KIP-599).
 *
 * Spec: CreateTopicsRequest.json, CreateTopicsResponse.json; KIP-4, KIP-464.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import { ZERO_UUID } from '../uuid.js'
import { taggedField } from '../writer.js'
import type { TaggedField, Writer } from '../writer.js'

export interface CreateTopicsRequest {
  readonly topics: readonly CreatableTopic[]
  readonly timeoutMs: number
  /** True: check only, create nothing. */
  readonly validateOnly: boolean
}

export interface CreatableTopic {
  readonly name: string
  /** -1 for the broker's default (v4+) or where `assignments` says it. */
  readonly numPartitions: number
  /** -1 for the broker's default (v4+) or where `assignments` says it. */
  readonly replicationFactor: number
  /** Empty: the broker places the partitions. */
  readonly assignments: readonly CreatableReplicaAssignment[]
  readonly configs: readonly CreatableTopicConfig[]
}

export interface CreatableReplicaAssignment {
  readonly partitionIndex: number
  readonly brokerIds: readonly number[]
}

export interface CreatableTopicConfig {
  readonly name: string
  readonly value: string | null
}

export interface CreateTopicsResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly CreatableTopicResult[]
}

export interface CreatableTopicResult {
  readonly name: string
  /** ZERO_UUID before v7. */
  readonly topicId: string
  readonly errorCode: number
  readonly errorMessage: string | null
  /** Why `configs` is null; 0 before v5. */
  readonly topicConfigErrorCode: number
  /** -1 before v5. */
  readonly numPartitions: number
  /** -1 before v5. */
  readonly replicationFactor: number
  /** Empty before v5; null where the client may not see them. */
  readonly configs: readonly CreatableTopicConfigs[] | null
}

export interface CreatableTopicConfigs {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
}

const UNKNOWN = -1
const TOPIC_CONFIG_ERROR_CODE_TAG = 0

// The least that one item takes in any version.
const TOPIC_BYTES = 10
const ASSIGNMENT_BYTES = 6
const BROKER_ID_BYTES = 4
const CONFIG_BYTES = 3
const RESULT_BYTES = 6
const RESULT_CONFIG_BYTES = 6

function encodeRequest(writer: Writer, request: CreateTopicsRequest, version: number): void {
  const flexible = version >= 5
  writer.writeArray(request.topics, flexible, (topic) => encodeTopic(writer, topic, flexible))
  writer.writeInt32(request.timeoutMs)
  writer.writeBoolean(request.validateOnly)
  if (flexible) writer.writeTaggedFields()
}

function encodeTopic(writer: Writer, topic: CreatableTopic, flexible: boolean): void {
  writer.writeString(topic.name, flexible)
  writer.writeInt32(topic.numPartitions)
  writer.writeInt16(topic.replicationFactor)
  writer.writeArray(topic.assignments, flexible, (assignment) => {
    writer.writeInt32(assignment.partitionIndex)
    writer.writeArray(assignment.brokerIds, flexible, (brokerId) => writer.writeInt32(brokerId))
    if (flexible) writer.writeTaggedFields()
  })
  writer.writeArray(topic.configs, flexible, (config) => {
    writer.writeString(config.name, flexible)
    writer.writeNullableString(config.value, flexible)
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): CreateTopicsRequest {
  const flexible = version >= 5
  const request = {
    topics: reader.readArray(flexible, () => decodeTopic(reader, flexible), TOPIC_BYTES),
    timeoutMs: reader.readInt32(),
    validateOnly: reader.readBoolean(),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function decodeTopic(reader: Reader, flexible: boolean): CreatableTopic {
  const decodeOneAssignment = () => decodeAssignment(reader, flexible)
  const topic = {
    name: reader.readString(flexible),
    numPartitions: reader.readInt32(),
    replicationFactor: reader.readInt16(),
    assignments: reader.readArray(flexible, decodeOneAssignment, ASSIGNMENT_BYTES),
    configs: reader.readArray(flexible, () => decodeConfig(reader, flexible), CONFIG_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodeAssignment(reader: Reader, flexible: boolean): CreatableReplicaAssignment {
  const assignment = {
    partitionIndex: reader.readInt32(),
    brokerIds: reader.readArray(flexible, () => reader.readInt32(), BROKER_ID_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return assignment
}

function decodeConfig(reader: Reader, flexible: boolean): CreatableTopicConfig {
  const config = { name: reader.readString(flexible), value: reader.readNullableString(flexible) }
  if (flexible) reader.readTaggedFields()
  return config
}

function encodeResponse(writer: Writer, response: CreateTopicsResponse, version: number): void {
  const flexible = version >= 5
  writer.writeInt32(response.throttleTimeMs)
  writer.writeArray(response.topics, flexible, (topic) => encodeResult(writer, topic, version))
  if (flexible) writer.writeTaggedFields()
}

function encodeResult(writer: Writer, topic: CreatableTopicResult, version: number): void {
  const flexible = version >= 5
  writer.writeString(topic.name, flexible)
  if (version >= 7) writer.writeUuid(topic.topicId)
  writer.writeInt16(topic.errorCode)
  writer.writeNullableString(topic.errorMessage, flexible)
  if (version >= 5) {
    writer.writeInt32(topic.numPartitions)
    writer.writeInt16(topic.replicationFactor)
    writer.writeNullableArray(topic.configs, flexible, (config) => {
      encodeResultConfig(writer, config)
    })
  }
  if (flexible) writer.writeTaggedFields(resultTags(topic.topicConfigErrorCode))
}

function encodeResultConfig(writer: Writer, config: CreatableTopicConfigs): void {
  writer.writeString(config.name, true)
  writer.writeNullableString(config.value, true)
  writer.writeBoolean(config.readOnly)
  writer.writeInt8(config.configSource)
  writer.writeBoolean(config.isSensitive)
  writer.writeTaggedFields()
}

function resultTags(errorCode: number): TaggedField[] {
  if (errorCode === 0) return []
  return [taggedField(TOPIC_CONFIG_ERROR_CODE_TAG, (writer) => writer.writeInt16(errorCode))]
}

function decodeResponse(reader: Reader, version: number): CreateTopicsResponse {
  const flexible = version >= 5
  const response = {
    throttleTimeMs: reader.readInt32(),
    topics: reader.readArray(flexible, () => decodeResult(reader, version), RESULT_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return response
}

function decodeResult(reader: Reader, version: number): CreatableTopicResult {
  const flexible = version >= 5
  const decodeConfigs = () =>
    reader.readNullableArray(flexible, () => decodeResultConfig(reader), RESULT_CONFIG_BYTES)
  const topic = {
    name: reader.readString(flexible),
    topicId: version >= 7 ? reader.readUuid() : ZERO_UUID,
    errorCode: reader.readInt16(),
    errorMessage: reader.readNullableString(flexible),
    topicConfigErrorCode: 0,
    numPartitions: version >= 5 ? reader.readInt32() : UNKNOWN,
    replicationFactor: version >= 5 ? reader.readInt16() : UNKNOWN,
    configs: version >= 5 ? decodeConfigs() : [],
  }
  if (!flexible) return topic
  reader.readTaggedFields((tag, field) => {
    if (tag !== TOPIC_CONFIG_ERROR_CODE_TAG) return false
    topic.topicConfigErrorCode = field.readInt16()
    return true
  })
  return topic
}

function decodeResultConfig(reader: Reader): CreatableTopicConfigs {
  const config = {
    name: reader.readString(true),
    value: reader.readNullableString(true),
    readOnly: reader.readBoolean(),
    configSource: reader.readInt8(),
    isSensitive: reader.readBoolean(),
  }
  reader.readTaggedFields()
  return config
}

export const createTopics: Api<CreateTopicsRequest, CreateTopicsResponse> = {
  name: 'CreateTopics',
  key: 19,
  minVersion: 2,
  maxVersion: 7,
  flexibleFrom: 5,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
