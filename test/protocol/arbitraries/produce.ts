/** Random Produce messages that a version can carry whole; `records` are any bytes. */

import fc from 'fast-check'
import type {
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
} from '../../../src/protocol/messages/produce.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import {
  bytes,
  int16,
  int32,
  int64,
  list,
  nullable,
  record,
  text,
  uuid,
  when,
} from './primitives.js'

export function produceRequest(version: number): fc.Arbitrary<ProduceRequest> {
  const partition = record({ index: int32, records: nullable(bytes) })
  const topic = record({
    name: when(version <= 12, text, ''),
    topicId: when(version >= 13, uuid, ZERO_UUID),
    partitionData: list(partition),
  })
  return record({
    transactionalId: nullable(text),
    acks: int16,
    timeoutMs: int32,
    topicData: list(topic),
  })
}

export function produceResponse(version: number): fc.Arbitrary<ProduceResponse> {
  const topic = record({
    name: when(version <= 12, text, ''),
    topicId: when(version >= 13, uuid, ZERO_UUID),
    partitionResponses: list(partitionResponse(version)),
  })
  const endpoint = record({ nodeId: int32, host: text, port: int32, rack: nullable(text) })
  return record({
    responses: list(topic),
    throttleTimeMs: int32,
    nodeEndpoints: when(version >= 10, list(endpoint), []),
  })
}

function partitionResponse(version: number): fc.Arbitrary<PartitionProduceResponse> {
  const recordError = record({ batchIndex: int32, batchIndexErrorMessage: nullable(text) })
  const noLeader = { leaderId: -1, leaderEpoch: -1 }
  const leader = fc.oneof(fc.constant(noLeader), record({ leaderId: int32, leaderEpoch: int32 }))
  return record({
    index: int32,
    errorCode: int16,
    baseOffset: int64,
    logAppendTimeMs: int64,
    logStartOffset: when(version >= 5, int64, -1n),
    recordErrors: when(version >= 8, list(recordError), []),
    errorMessage: when(version >= 8, nullable(text), null),
    currentLeader: when(version >= 10, leader, noLeader),
  })
}
