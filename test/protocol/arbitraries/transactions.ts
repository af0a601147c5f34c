/** Random messages of transactions that a version can carry whole. */

import fc from 'fast-check'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../../src/protocol/messages/add-offsets-to-txn.js'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../../src/protocol/messages/add-partitions-to-txn.js'
import type { EndTxnRequest, EndTxnResponse } from '../../../src/protocol/messages/end-txn.js'
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../../src/protocol/messages/txn-offset-commit.js'
import { int16, int32, int64, list, nullable, record, text, when } from './primitives.js'

const identity = { transactionalId: text, producerId: int64, producerEpoch: int16 }

export function addPartitionsToTxnRequest(): fc.Arbitrary<AddPartitionsToTxnRequest> {
  const topic = record({ name: text, partitions: list(int32) })
  return record({ ...identity, topics: list(topic) })
}

export function addPartitionsToTxnResponse(): fc.Arbitrary<AddPartitionsToTxnResponse> {
  const partition = record({ partitionIndex: int32, partitionErrorCode: int16 })
  const topic = record({ name: text, resultsByPartition: list(partition) })
  return record({ throttleTimeMs: int32, results: list(topic) })
}

export function addOffsetsToTxnRequest(): fc.Arbitrary<AddOffsetsToTxnRequest> {
  return record({ ...identity, groupId: text })
}

export function addOffsetsToTxnResponse(): fc.Arbitrary<AddOffsetsToTxnResponse> {
  return record({ throttleTimeMs: int32, errorCode: int16 })
}

export function endTxnRequest(): fc.Arbitrary<EndTxnRequest> {
  return record({ ...identity, committed: fc.boolean() })
}

export function endTxnResponse(version: number): fc.Arbitrary<EndTxnResponse> {
  return record({
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: when(version >= 5, int64, -1n),
    producerEpoch: when(version >= 5, int16, -1),
  })
}

export function txnOffsetCommitRequest(version: number): fc.Arbitrary<TxnOffsetCommitRequest> {
  const partition = record({
    partitionIndex: int32,
    committedOffset: int64,
    committedLeaderEpoch: when(version >= 2, int32, -1),
    committedMetadata: nullable(text),
  })
  return record({
    ...identity,
    groupId: text,
    generationId: when(version >= 3, int32, -1),
    memberId: when(version >= 3, text, ''),
    groupInstanceId: when(version >= 3, nullable(text), null),
    topics: list(record({ name: text, partitions: list(partition) })),
  })
}

export function txnOffsetCommitResponse(): fc.Arbitrary<TxnOffsetCommitResponse> {
  const partition = record({ partitionIndex: int32, errorCode: int16 })
  const topic = record({ name: text, partitions: list(partition) })
  return record({ throttleTimeMs: int32, topics: list(topic) })
}
