/**
 * TxnOffsetCommit (key 28, v0–5): offsets of a group that count once the transaction is committed.
 *
 *   Request => transactionalId groupId producerId producerEpoch generationId memberId groupInstanceId
 *              [topics] tags
 *     transactionalId       string
 *     groupId               string
 *     producerId            int64
 *     producerEpoch         int16
 *     generationId          int32            v3+   // of a consumer group's member: its epoch; -1: none
 *     memberId              string           v3+   // empty: none
 *     groupInstanceId       nullable string  v3+
 *     topics                [name partitions tags]
 *       name                string
 *       partitions          [partitionIndex committedOffset … tags]
 *         partitionIndex        int32
 *         committedOffset       int64              // the next to read
 *         committedLeaderEpoch  int32  v2+         // of the last record read; -1: not known
 *         committedMetadata     nullable string
 *
 *   Response => throttleTimeMs [topics] tags
 *     throttleTimeMs        int32
 *     topics                [name string, partitions [partitionIndex int32, errorCode int16, tags], tags]
 *
 * v1: the broker answers before it throttles. v3 is flexible and lets the group refuse who is no longer
 * its member (KIP-447). v4 may answer TRANSACTION_ABORTABLE. v5 also adds the group to the transaction,
 * and is only for clusters whose `transaction.version` is 2 (KIP-890), though brokers below that level
 * offer it too. v6 (topics by id) came with Kafka 4.4 and is not spoken.
 *
 * Spec: TxnOffsetCommitRequest.json, TxnOffsetCommitResponse.json; KIP-98, KIP-447.
 */

import { leftOut } from '../answered-partitions.js'
import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface TxnOffsetCommitRequest {
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1 where there is none, and always before v3. */
  readonly generationId: number
  /** Empty where there is none, and always before v3. */
  readonly memberId: string
  /** Null where there is none, and always before v3. */
  readonly groupInstanceId: string | null
  readonly topics: readonly TxnOffsetCommitRequestTopic[]
}

export interface TxnOffsetCommitRequestTopic {
  readonly name: string
  readonly partitions: readonly TxnOffsetCommitRequestPartition[]
}

export interface TxnOffsetCommitRequestPartition {
  readonly partitionIndex: number
  /** The next offset to read. */
  readonly committedOffset: bigint
  /** -1 where it is not known; not sent before v2. */
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

export interface TxnOffsetCommitResponse {
  readonly throttleTimeMs: number
  readonly topics: readonly TxnOffsetCommitResponseTopic[]
}

export interface TxnOffsetCommitResponseTopic {
  readonly name: string
  readonly partitions: readonly TxnOffsetCommitResponsePartition[]
}

export interface TxnOffsetCommitResponsePartition {
  readonly partitionIndex: number
  readonly errorCode: number
}

const NO_GENERATION_ID = -1
const NO_MEMBER_ID = ''
const NO_LEADER_EPOCH = -1

// The least that one item takes in any version.
const TOPIC_BYTES = 3
const PARTITION_BYTES = 14
const RESULT_BYTES = 6

function encodeRequest(writer: Writer, request: TxnOffsetCommitRequest, version: number): void {
  const flexible = version >= 3
  writer.writeString(request.transactionalId, flexible)
  writer.writeString(request.groupId, flexible)
  writer.writeInt64(request.producerId)
  writer.writeInt16(request.producerEpoch)
  encodeMember(writer, request, version)
  writer.writeArray(request.topics, flexible, (topic) => {
    writer.writeString(topic.name, flexible)
    writer.writeArray(topic.partitions, flexible, (partition) => {
      encodePartition(writer, partition, version)
    })
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function encodeMember(writer: Writer, request: TxnOffsetCommitRequest, version: number): void {
  if (version >= 3) {
    writer.writeInt32(request.generationId)
    writer.writeString(request.memberId, true)
    writer.writeNullableString(request.groupInstanceId, true)
    return
  }
  const message = { apiName: txnOffsetCommit.name, version }
  requireDefault(message, 'generationId', request.generationId, NO_GENERATION_ID)
  requireDefault(message, 'memberId', request.memberId, NO_MEMBER_ID)
  requireDefault(message, 'groupInstanceId', request.groupInstanceId, null)
}

function encodePartition(
  writer: Writer,
  partition: TxnOffsetCommitRequestPartition,
  version: number,
): void {
  const flexible = version >= 3
  writer.writeInt32(partition.partitionIndex)
  writer.writeInt64(partition.committedOffset)
  if (version >= 2) writer.writeInt32(partition.committedLeaderEpoch)
  writer.writeNullableString(partition.committedMetadata, flexible)
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): TxnOffsetCommitRequest {
  const flexible = version >= 3
  const request = {
    transactionalId: reader.readString(flexible),
    groupId: reader.readString(flexible),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
    generationId: version >= 3 ? reader.readInt32() : NO_GENERATION_ID,
    memberId: version >= 3 ? reader.readString(true) : NO_MEMBER_ID,
    groupInstanceId: version >= 3 ? reader.readNullableString(true) : null,
    topics: reader.readArray(flexible, () => decodeTopic(reader, version), TOPIC_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function decodeTopic(reader: Reader, version: number): TxnOffsetCommitRequestTopic {
  const flexible = version >= 3
  const decodeOne = () => decodePartition(reader, version)
  const topic = {
    name: reader.readString(flexible),
    partitions: reader.readArray(flexible, decodeOne, PARTITION_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartition(reader: Reader, version: number): TxnOffsetCommitRequestPartition {
  const flexible = version >= 3
  const partition = {
    partitionIndex: reader.readInt32(),
    committedOffset: reader.readInt64(),
    committedLeaderEpoch: version >= 2 ? reader.readInt32() : NO_LEADER_EPOCH,
    committedMetadata: reader.readNullableString(flexible),
  }
  if (flexible) reader.readTaggedFields()
  return partition
}

function encodeResponse(writer: Writer, response: TxnOffsetCommitResponse, version: number): void {
  const flexible = version >= 3
  writer.writeInt32(response.throttleTimeMs)
  writer.writeArray(response.topics, flexible, (topic) => {
    writer.writeString(topic.name, flexible)
    writer.writeArray(topic.partitions, flexible, (partition) => {
      writer.writeInt32(partition.partitionIndex)
      writer.writeInt16(partition.errorCode)
      if (flexible) writer.writeTaggedFields()
    })
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): TxnOffsetCommitResponse {
  const flexible = version >= 3
  const response = {
    throttleTimeMs: reader.readInt32(),
    topics: reader.readArray(flexible, () => decodeTopicResult(reader, flexible), TOPIC_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return response
}

function decodeTopicResult(reader: Reader, flexible: boolean): TxnOffsetCommitResponseTopic {
  const decodeOne = () => decodePartitionResult(reader, flexible)
  const topic = {
    name: reader.readString(flexible),
    partitions: reader.readArray(flexible, decodeOne, RESULT_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartitionResult(
  reader: Reader,
  flexible: boolean,
): TxnOffsetCommitResponsePartition {
  const partition = { partitionIndex: reader.readInt32(), errorCode: reader.readInt16() }
  if (flexible) reader.readTaggedFields()
  return partition
}

function fault(
  request: TxnOffsetCommitRequest,
  response: TxnOffsetCommitResponse,
): string | undefined {
  const asked = request.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition }) => ({ topic, partition })),
  )
  const answered = response.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode: code }) => ({
      topic,
      partition,
      code,
    })),
  )
  return leftOut(asked, answered)
}

export const txnOffsetCommit: Api<TxnOffsetCommitRequest, TxnOffsetCommitResponse> = {
  name: 'TxnOffsetCommit',
  key: 28,
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
  fault,
}
