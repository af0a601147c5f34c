/**
 * One batch at one partition: what the broker that was asked makes of it.
 *
 *   one batch? ─ acks sound? ─ led here? ─ enough replicas? ─ batch sound? ─ sequence? ─> log
 *                                                                  └─ duplicate: its old offset
 *
 * Spec: Kafka's ReplicaManager.appendRecords, Partition.appendRecordsToLeader, UnifiedLog.append.
 * Neighbours: before, handlers/produce.ts; it asks batch-check.ts and producer-state.ts.
 */
import { ErrorCodes } from '../protocol/error-codes.js'
import { checkBatch, onlyBatch, refusal, type Refusal } from './batch-check.js'
import type { Partition } from './partition.js'
import type { RememberedBatch } from './producer-state.js'
import type { Topic } from './topic.js'
import type { AppendGuard } from './transactions/append-guards.js'

/** `acks` of a request that waits for all in-sync replicas. */
export const ACKS_ALL = -1

/** The request around the batch. */
export interface AppendContext {
  readonly version: number
  readonly acks: number
  /** Node id of the broker that was asked. */
  readonly brokerId: number
  /** Wall-clock milliseconds of the broker. */
  readonly nowMs: number
  /** Of a batch that would be the first of its transaction in the partition. */
  readonly guard: AppendGuard | null
}

/** What the Produce response says of one partition. */
export interface AppendResult extends Refusal {
  /** -1 on error. */
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  /** Offset that the high watermark must reach with acks all; -1 on error. */
  readonly upToOffset: number
}

/** Refusals that come from before the log, or with which Kafka does not say where it starts. */
const HIDES_LOG_START: ReadonlySet<number> = new Set([
  ErrorCodes.MESSAGE_TOO_LARGE,
  ErrorCodes.CORRUPT_MESSAGE,
])

/** A result without an append. */
export function notAppended(why: Refusal, logStartOffset = -1): AppendResult {
  return { ...why, baseOffset: -1, logAppendTimeMs: -1, logStartOffset, upToOffset: -1 }
}

/** Appends the batch in `records`, or says why not. */
export function appendAsLeader(
  topic: Topic,
  partition: Partition,
  records: Uint8Array | null,
  context: AppendContext,
): AppendResult {
  const batch = onlyBatch(records, context.version)
  if ('errorCode' in batch) return notAppended(batch)
  const errorCode = checkRequest(topic, partition, context)
  if (errorCode === ErrorCodes.NOT_ENOUGH_REPLICAS) {
    return notAppended(refusal(errorCode), partition.log.startOffset)
  }
  if (errorCode !== ErrorCodes.NONE) return notAppended(refusal(errorCode))
  return appendBatch(topic, partition, batch, context)
}

function checkRequest(topic: Topic, partition: Partition, context: AppendContext): number {
  const { acks, brokerId } = context
  if (acks !== ACKS_ALL && acks !== 0 && acks !== 1) return ErrorCodes.INVALID_REQUIRED_ACKS
  if (partition.leaderId !== brokerId) return ErrorCodes.NOT_LEADER_OR_FOLLOWER
  const isSafe = acks !== ACKS_ALL || partition.isr.length >= topic.minInSyncReplicas
  return isSafe ? ErrorCodes.NONE : ErrorCodes.NOT_ENOUGH_REPLICAS
}

function appendBatch(
  { name, config }: Topic,
  partition: Partition,
  batch: Buffer,
  { nowMs, guard }: AppendContext,
): AppendResult {
  const { log } = partition
  const checked = checkBatch(batch, { config, where: `${name}-${partition.index}`, nowMs })
  if ('errorCode' in checked) {
    return notAppended(checked, HIDES_LOG_START.has(checked.errorCode) ? -1 : log.startOffset)
  }
  const verdict = log.producers.judge(checked, guard)
  if (verdict.action === 'refuse') return notAppended(refusal(verdict.errorCode), log.startOffset)
  if (verdict.action === 'duplicate') return repeated(verdict.original, partition)
  const logAppendTimeMs = config.hasLogAppendTime ? nowMs : undefined
  const { baseOffset, nextOffset } = partition.append(batch, logAppendTimeMs)
  return appended(partition, baseOffset, nextOffset, logAppendTimeMs ?? -1)
}

/** The batch was there: the answer is that of its first time, but for the time (as Kafka's is). */
function repeated(original: RememberedBatch, partition: Partition): AppendResult {
  const { baseOffset, nextOffset, timestamp } = original
  return appended(partition, baseOffset, nextOffset, timestamp)
}

function appended(
  { log }: Partition,
  baseOffset: number,
  upToOffset: number,
  logAppendTimeMs: number,
): AppendResult {
  return {
    ...refusal(ErrorCodes.NONE),
    baseOffset,
    logAppendTimeMs,
    logStartOffset: log.startOffset,
    upToOffset,
  }
}
