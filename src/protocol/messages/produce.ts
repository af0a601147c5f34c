/**
 * Produce (key 0, v3–13): one sealed batch for each of many partitions.
 *
 *   Request => transactionalId acks timeoutMs [topicData] tags
 *     transactionalId  nullable string
 *     acks             int16                   // 0 none, 1 the leader, -1 all in-sync replicas
 *     timeoutMs        int32
 *     topicData        [name|topicId [partitionData] tags]
 *       name           string            v3–12
 *       topicId        uuid              v13+
 *       partitionData  [index records tags]
 *         index        int32
 *         records      nullable bytes          // one record batch of magic 2
 *
 *   Response => [responses] throttleTimeMs tags        // no response at all with acks 0
 *     responses             [name|topicId [partitionResponses] tags]
 *       name                string            v3–12
 *       topicId             uuid              v13+
 *       partitionResponses  [index errorCode … tags]
 *         index             int32
 *         errorCode         int16
 *         baseOffset        int64
 *         logAppendTimeMs   int64                // -1 unless the topic has LogAppendTime
 *         logStartOffset    int64             v5+
 *         recordErrors      [batchIndex int32, batchIndexErrorMessage nullable string, tags]  v8+
 *         errorMessage      nullable string   v8+
 *         tag 0 currentLeader  [leaderId int32, leaderEpoch int32, tags]  v10+
 *     throttleTimeMs        int32                // behind the topics, unlike other responses
 *     tag 0 nodeEndpoints   [nodeId int32, host string, port int32, rack nullable string, tags]  v10+
 *
 * v4 may answer KAFKA_STORAGE_ERROR; from v6 the broker answers before it throttles (KIP-219); v7
 * allows zstd; v9 is flexible; v11 may answer TRANSACTION_ABORTABLE; v12 adds partitions to a
 * transaction implicitly (KIP-890); v13 names topics by id and may answer UNKNOWN_TOPIC_ID.
 *
 * Not the producer's hot path: produce-framing.ts writes requests around batches without copying
 * them. Spec: ProduceRequest.json, ProduceResponse.json; KIP-467, KIP-516, KIP-951.
 * Neighbours: record-batch.ts makes `records`; producer/ judges the response.
 */

import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import { ZERO_UUID } from '../uuid.js'
import { taggedField } from '../writer.js'
import type { TaggedField, Writer } from '../writer.js'

export interface ProduceRequest {
  readonly transactionalId: string | null
  /** 0, 1 or -1 (all). */
  readonly acks: number
  readonly timeoutMs: number
  readonly topicData: readonly TopicProduceData[]
}

export interface TopicProduceData {
  /** Sent up to v12; '' when decoded from v13. */
  readonly name: string
  /** Sent from v13; ZERO_UUID when decoded from older versions. */
  readonly topicId: string
  readonly partitionData: readonly PartitionProduceData[]
}

export interface PartitionProduceData {
  readonly index: number
  /** One sealed batch; after decoding a view of the frame. */
  readonly records: Uint8Array | null
}

export interface ProduceResponse {
  readonly responses: readonly TopicProduceResponse[]
  readonly throttleTimeMs: number
  /** Where the leaders named in `currentLeader` are reached. */
  readonly nodeEndpoints: readonly NodeEndpoint[]
}

export interface TopicProduceResponse {
  /** Sent up to v12; '' when decoded from v13. */
  readonly name: string
  /** Sent from v13; ZERO_UUID when decoded from older versions. */
  readonly topicId: string
  readonly partitionResponses: readonly PartitionProduceResponse[]
}

export interface PartitionProduceResponse {
  readonly index: number
  readonly errorCode: number
  /** Offset of the batch's first record; -1n on error. */
  readonly baseOffset: bigint
  /** Milliseconds since 1970; -1n unless the topic has LogAppendTime. */
  readonly logAppendTimeMs: bigint
  /** -1n: unknown. */
  readonly logStartOffset: bigint
  /** The records that caused the batch to be refused. */
  readonly recordErrors: readonly BatchIndexAndErrorMessage[]
  readonly errorMessage: string | null
  /** Who leads the partition now, if the broker that answered does not. */
  readonly currentLeader: LeaderIdAndEpoch
}

export interface BatchIndexAndErrorMessage {
  /** Place of the record in its batch, from 0. */
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string | null
}

export interface LeaderIdAndEpoch {
  /** -1: unknown. */
  readonly leaderId: number
  /** -1: unknown. */
  readonly leaderEpoch: number
}

export interface NodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

const UNKNOWN = -1
const UNKNOWN_INT64 = -1n
const CURRENT_LEADER_TAG = 0 // of a partition's response
const NODE_ENDPOINTS_TAG = 0 // of the whole response

// The least that one item takes in any version.
const TOPIC_BYTES = 3 // an empty compact name, no partitions, no tags
const PARTITION_DATA_BYTES = 6
const PARTITION_RESPONSE_BYTES = 22
const RECORD_ERROR_BYTES = 6
const NODE_ENDPOINT_BYTES = 11

function encodeRequest(writer: Writer, request: ProduceRequest, version: number): void {
  const flexible = version >= 9
  writer.writeNullableString(request.transactionalId, flexible)
  writer.writeInt16(request.acks)
  writer.writeInt32(request.timeoutMs)
  writer.writeArray(request.topicData, flexible, (topic) => {
    if (version <= 12) writer.writeString(topic.name, flexible)
    if (version >= 13) writer.writeUuid(topic.topicId)
    writer.writeArray(topic.partitionData, flexible, (partition) => {
      writer.writeInt32(partition.index)
      writer.writeNullableBytes(partition.records, flexible)
      if (flexible) writer.writeTaggedFields()
    })
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): ProduceRequest {
  const flexible = version >= 9
  const request = {
    transactionalId: reader.readNullableString(flexible),
    acks: reader.readInt16(),
    timeoutMs: reader.readInt32(),
    topicData: reader.readArray(flexible, () => decodeTopicData(reader, version), TOPIC_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function decodeTopicData(reader: Reader, version: number): TopicProduceData {
  const flexible = version >= 9
  const decodePartition = () => decodePartitionData(reader, flexible)
  const topic = {
    name: version <= 12 ? reader.readString(flexible) : '',
    topicId: version >= 13 ? reader.readUuid() : ZERO_UUID,
    partitionData: reader.readArray(flexible, decodePartition, PARTITION_DATA_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartitionData(reader: Reader, flexible: boolean): PartitionProduceData {
  const partition = { index: reader.readInt32(), records: reader.readNullableBytes(flexible) }
  if (flexible) reader.readTaggedFields()
  return partition
}

function encodeResponse(writer: Writer, response: ProduceResponse, version: number): void {
  const flexible = version >= 9
  writer.writeArray(response.responses, flexible, (topic) => {
    if (version <= 12) writer.writeString(topic.name, flexible)
    if (version >= 13) writer.writeUuid(topic.topicId)
    writer.writeArray(topic.partitionResponses, flexible, (partition) => {
      encodePartitionResponse(writer, partition, version)
    })
    if (flexible) writer.writeTaggedFields()
  })
  writer.writeInt32(response.throttleTimeMs)
  const tags = nodeEndpointTags(response.nodeEndpoints, version)
  if (flexible) writer.writeTaggedFields(tags)
}

function encodePartitionResponse(
  writer: Writer,
  partition: PartitionProduceResponse,
  version: number,
): void {
  const flexible = version >= 9
  writer.writeInt32(partition.index)
  writer.writeInt16(partition.errorCode)
  writer.writeInt64(partition.baseOffset)
  writer.writeInt64(partition.logAppendTimeMs)
  if (version >= 5) writer.writeInt64(partition.logStartOffset)
  if (version >= 8) {
    writer.writeArray(partition.recordErrors, flexible, (error) => {
      writer.writeInt32(error.batchIndex)
      writer.writeNullableString(error.batchIndexErrorMessage, flexible)
      if (flexible) writer.writeTaggedFields()
    })
    writer.writeNullableString(partition.errorMessage, flexible)
  }
  const tags = currentLeaderTags(partition.currentLeader, version)
  if (flexible) writer.writeTaggedFields(tags)
}

function currentLeaderTags(leader: LeaderIdAndEpoch, version: number): TaggedField[] {
  if (leader.leaderId === UNKNOWN && leader.leaderEpoch === UNKNOWN) return []
  if (version < 10) {
    const message = { apiName: produce.name, version }
    requireDefault(message, 'currentLeader.leaderId', leader.leaderId, UNKNOWN)
    requireDefault(message, 'currentLeader.leaderEpoch', leader.leaderEpoch, UNKNOWN)
  }
  const encode = (writer: Writer) => {
    writer.writeInt32(leader.leaderId)
    writer.writeInt32(leader.leaderEpoch)
    writer.writeTaggedFields()
  }
  return [taggedField(CURRENT_LEADER_TAG, encode)]
}

function nodeEndpointTags(endpoints: readonly NodeEndpoint[], version: number): TaggedField[] {
  if (version < 10) {
    requireDefault({ apiName: produce.name, version }, 'nodeEndpoints.length', endpoints.length, 0)
  }
  if (endpoints.length === 0) return []
  const encode = (writer: Writer) => {
    writer.writeArray(endpoints, true, (endpoint) => {
      writer.writeInt32(endpoint.nodeId)
      writer.writeString(endpoint.host, true)
      writer.writeInt32(endpoint.port)
      writer.writeNullableString(endpoint.rack, true)
      writer.writeTaggedFields()
    })
  }
  return [taggedField(NODE_ENDPOINTS_TAG, encode)]
}

function decodeResponse(reader: Reader, version: number): ProduceResponse {
  const flexible = version >= 9
  const response = {
    responses: reader.readArray(flexible, () => decodeTopicResponse(reader, version), TOPIC_BYTES),
    throttleTimeMs: reader.readInt32(),
    nodeEndpoints: [] as NodeEndpoint[],
  }
  if (!flexible) return response
  reader.readTaggedFields((tag, field) => {
    if (version < 10 || tag !== NODE_ENDPOINTS_TAG) return false
    response.nodeEndpoints = decodeNodeEndpoints(field)
    return true
  })
  return response
}

function decodeTopicResponse(reader: Reader, version: number): TopicProduceResponse {
  const flexible = version >= 9
  const decodePartition = () => decodePartitionResponse(reader, version)
  const topic = {
    name: version <= 12 ? reader.readString(flexible) : '',
    topicId: version >= 13 ? reader.readUuid() : ZERO_UUID,
    partitionResponses: reader.readArray(flexible, decodePartition, PARTITION_RESPONSE_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartitionResponse(reader: Reader, version: number): PartitionProduceResponse {
  const flexible = version >= 9
  const decodeError = () => decodeRecordError(reader, flexible)
  const partition = {
    index: reader.readInt32(),
    errorCode: reader.readInt16(),
    baseOffset: reader.readInt64(),
    logAppendTimeMs: reader.readInt64(),
    logStartOffset: version >= 5 ? reader.readInt64() : UNKNOWN_INT64,
    recordErrors: version >= 8 ? reader.readArray(flexible, decodeError, RECORD_ERROR_BYTES) : [],
    errorMessage: version >= 8 ? reader.readNullableString(flexible) : null,
    currentLeader: { leaderId: UNKNOWN, leaderEpoch: UNKNOWN },
  }
  if (!flexible) return partition
  reader.readTaggedFields((tag, field) => {
    if (version < 10 || tag !== CURRENT_LEADER_TAG) return false
    partition.currentLeader = { leaderId: field.readInt32(), leaderEpoch: field.readInt32() }
    field.readTaggedFields()
    return true
  })
  return partition
}

function decodeRecordError(reader: Reader, flexible: boolean): BatchIndexAndErrorMessage {
  const error = {
    batchIndex: reader.readInt32(),
    batchIndexErrorMessage: reader.readNullableString(flexible),
  }
  if (flexible) reader.readTaggedFields()
  return error
}

function decodeNodeEndpoints(reader: Reader): NodeEndpoint[] {
  const decodeEndpoint = () => {
    const endpoint = {
      nodeId: reader.readInt32(),
      host: reader.readString(true),
      port: reader.readInt32(),
      rack: reader.readNullableString(true),
    }
    reader.readTaggedFields()
    return endpoint
  }
  return reader.readArray(true, decodeEndpoint, NODE_ENDPOINT_BYTES)
}

export const produce: Api<ProduceRequest, ProduceResponse> = {
  name: 'Produce',
  key: 0,
  minVersion: 3,
  maxVersion: 13,
  flexibleFrom: 9,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
