/**
 * AddPartitionsToTxn (key 24, v0–3): says which partitions a transaction writes to, before it does.
 *
 *   Request => transactionalId producerId producerEpoch [topics] tags
 *     transactionalId   string
 *     producerId        int64
 *     producerEpoch     int16
 *     topics            [name string, partitions [int32], tags]
 *
 *   Response => throttleTimeMs [results] tags
 *     throttleTimeMs    int32
 *     results           [name resultsByPartition tags]
 *       name                string
 *       resultsByPartition  [partitionIndex int32, partitionErrorCode int16, tags]
 *
 * There is no error code of the whole: one stands on every partition. v1: the broker answers before it
 * throttles. v2 may answer PRODUCER_FENCED. v3 is flexible. v4 and v5 are for brokers among themselves
 * (they need ClusterAction) and not spoken. Kafka's definitions call the fields of v0–3
 * `v3AndBelowTransactionalId` and so on, and `results` `resultsByTopicV3AndBelow`.
 *
 * Spec: AddPartitionsToTxnRequest.json, AddPartitionsToTxnResponse.json; KIP-98.
 */

import { leftOut } from '../answered-partitions.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly topics: readonly AddPartitionsToTxnTopic[]
}

export interface AddPartitionsToTxnTopic {
  readonly name: string
  readonly partitions: readonly number[]
}

export interface AddPartitionsToTxnResponse {
  readonly throttleTimeMs: number
  readonly results: readonly AddPartitionsToTxnTopicResult[]
}

export interface AddPartitionsToTxnTopicResult {
  readonly name: string
  readonly resultsByPartition: readonly AddPartitionsToTxnPartitionResult[]
}

export interface AddPartitionsToTxnPartitionResult {
  readonly partitionIndex: number
  readonly partitionErrorCode: number
}

// The least that one item takes in any version.
const TOPIC_BYTES = 3
const PARTITION_BYTES = 4
const RESULT_BYTES = 6

function encodeRequest(writer: Writer, request: AddPartitionsToTxnRequest, version: number): void {
  const flexible = version >= 3
  writer.writeString(request.transactionalId, flexible)
  writer.writeInt64(request.producerId)
  writer.writeInt16(request.producerEpoch)
  writer.writeArray(request.topics, flexible, (topic) => {
    writer.writeString(topic.name, flexible)
    writer.writeArray(topic.partitions, flexible, (partition) => writer.writeInt32(partition))
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): AddPartitionsToTxnRequest {
  const flexible = version >= 3
  const request = {
    transactionalId: reader.readString(flexible),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
    topics: reader.readArray(flexible, () => decodeTopic(reader, flexible), TOPIC_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function decodeTopic(reader: Reader, flexible: boolean): AddPartitionsToTxnTopic {
  const topic = {
    name: reader.readString(flexible),
    partitions: reader.readArray(flexible, () => reader.readInt32(), PARTITION_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function encodeResponse(
  writer: Writer,
  response: AddPartitionsToTxnResponse,
  version: number,
): void {
  const flexible = version >= 3
  writer.writeInt32(response.throttleTimeMs)
  writer.writeArray(response.results, flexible, (topic) => {
    writer.writeString(topic.name, flexible)
    writer.writeArray(topic.resultsByPartition, flexible, (partition) => {
      writer.writeInt32(partition.partitionIndex)
      writer.writeInt16(partition.partitionErrorCode)
      if (flexible) writer.writeTaggedFields()
    })
    if (flexible) writer.writeTaggedFields()
  })
  if (flexible) writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): AddPartitionsToTxnResponse {
  const flexible = version >= 3
  const response = {
    throttleTimeMs: reader.readInt32(),
    results: reader.readArray(flexible, () => decodeTopicResult(reader, flexible), TOPIC_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return response
}

function decodeTopicResult(reader: Reader, flexible: boolean): AddPartitionsToTxnTopicResult {
  const decodeOne = () => decodePartitionResult(reader, flexible)
  const topic = {
    name: reader.readString(flexible),
    resultsByPartition: reader.readArray(flexible, decodeOne, RESULT_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return topic
}

function decodePartitionResult(
  reader: Reader,
  flexible: boolean,
): AddPartitionsToTxnPartitionResult {
  const partition = {
    partitionIndex: reader.readInt32(),
    partitionErrorCode: reader.readInt16(),
  }
  if (flexible) reader.readTaggedFields()
  return partition
}

function fault(
  { topics }: AddPartitionsToTxnRequest,
  { results }: AddPartitionsToTxnResponse,
): string | undefined {
  const asked = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
  const answered = results.flatMap(({ name: topic, resultsByPartition }) =>
    resultsByPartition.map(({ partitionIndex: partition, partitionErrorCode: code }) => {
      return { topic, partition, code }
    }),
  )
  return leftOut(asked, answered)
}

export const addPartitionsToTxn: Api<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = {
  name: 'AddPartitionsToTxn',
  key: 24,
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
  fault,
}
