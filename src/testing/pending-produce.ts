/**
 * A Produce request with acks all, between the append and the answer: it waits until every
 * partition's high watermark is behind its batch, the partition has moved away, or the request's
 * own timeout is over.
 *
 * A partition that moves while it is waited for is answered NOT_LEADER_OR_FOLLOWER, although the
 * batch may well be in the new leader's log: the producer cannot know. So is one whose batch was lost
 * with the tail of a log, though the same broker leads: another's may stand at its offset by then.
 *
 * Spec: Kafka's DelayedProduce and Partition.checkEnoughReplicasReachOffset. Neighbours:
 * handlers/produce.ts; partition.ts is watched.
 */
import type { Clock } from '../clock.js'
import { ErrorCodes } from '../protocol/error-codes.js'
import type { Partition } from './partition.js'

/** A batch that was appended and is to be replicated. */
export interface PendingAppend {
  readonly partition: Partition
  /** Node id of the leader that appended it. */
  readonly brokerId: number
  /** The offset behind it. */
  readonly upToOffset: number
  readonly minInSyncReplicas: number
}

/**
 * Calls back once, with the error code of each of `pending` in its order: at once where nothing is
 * to be waited for.
 */
export function whenReplicated(
  clock: Clock,
  timeoutMs: number,
  pending: readonly PendingAppend[],
  done: (errorCodes: readonly number[]) => void,
): void {
  const tails = pending.map(({ partition }) => partition.tailsLost)
  const judgeAt = (append: PendingAppend, i: number): number | null =>
    append.partition.tailsLost === tails[i] ? judge(append) : ErrorCodes.NOT_LEADER_OR_FOLLOWER
  const first = pending.map(judgeAt)
  if (first.every((code) => code !== null)) {
    done(first)
    return
  }
  let finish = (): void => {}
  const fates = first
  const look = (): void => {
    pending.forEach((append, i) => (fates[i] ??= judgeAt(append, i)))
    if (fates.every((code) => code !== null)) finish()
  }
  const stops = pending.map(({ partition }) => partition.watch(look))
  const timer = clock.setTimer(() => finish(), timeoutMs, { keepAlive: false })
  finish = () => {
    timer.clear()
    for (const stop of stops) stop()
    done(fates.map((code) => code ?? ErrorCodes.REQUEST_TIMED_OUT))
  }
}

/** Null while the batch is waited for. */
function judge({
  partition,
  brokerId,
  upToOffset,
  minInSyncReplicas,
}: PendingAppend): number | null {
  if (partition.isDeleted) return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
  if (partition.leaderId !== brokerId) return ErrorCodes.NOT_LEADER_OR_FOLLOWER
  if (partition.highWatermark < upToOffset) return null
  const isSafe = partition.isr.length >= minInSyncReplicas
  return isSafe ? ErrorCodes.NONE : ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND
}
