/**
 * What a partition's answer to a Produce request says: where its records lie, when they were appended,
 * and who leads it now.
 *
 * Before and after: completion.ts.
 */
import type { LeaderHint } from '../../network/metadata/topic-metadata.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ProduceResponse } from '../../protocol/messages/produce.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import type { PartitionAnswer } from '../sending/produce-request.js'

/** -1n for a repetition whose offset the broker has forgotten. */
export function offsetOf({ errorCode, baseOffset }: PartitionAnswer): bigint {
  return errorCode === ErrorCodes.NONE ? baseOffset : -1n
}

/**
 * Of a batch that it has seen before, a broker gives the largest timestamp as the append time, on
 * topics that keep the records' own timestamps too: there it is none.
 */
export function logAppendTimeOf(
  { logAppendTimeMs }: PartitionAnswer,
  batch: ProducerBatch,
): number {
  const timeMs = Number(logAppendTimeMs)
  return batch.attempts > 1 && timeMs === batch.records.maxTimestamp ? -1 : timeMs
}

/** KIP-951: a broker that no longer leads may name the new leader; null where it does not. */
export function leaderHint(
  { topic, partition }: BatchQueue,
  { currentLeader }: PartitionAnswer,
  response: ProduceResponse,
  topicId: string,
): LeaderHint | null {
  const { leaderId, leaderEpoch } = currentLeader
  if (leaderId < 0 || leaderEpoch < 0) return null
  const endpoint = response.nodeEndpoints.find(({ nodeId }) => nodeId === leaderId)
  const hint = { topic: topic.name, topicId, partition, leaderId, leaderEpoch }
  return endpoint === undefined ? hint : { ...hint, endpoint }
}

/** Refused for its size: of the limit on batches, or of the segment that it would have to fit. */
export function isTooLarge(code: number): boolean {
  return code === ErrorCodes.MESSAGE_TOO_LARGE || code === ErrorCodes.RECORD_LIST_TOO_LARGE
}

/** Refused for the codec that it was compressed with, if any: Azure Event Hubs has 43 for that. */
export function isCodecRefused(code: number): boolean {
  return (
    code === ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE ||
    code === ErrorCodes.UNSUPPORTED_FOR_MESSAGE_FORMAT
  )
}
