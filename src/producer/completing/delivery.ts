/**
 * What becomes of batches once they were sent: every answer, every lost answer and every deadline
 * arrives here, is judged by retry-policy.ts, and ends in each record being told once.
 *
 * A verdict changes the batch's queue: an acknowledged or failed batch leaves it, one to be tried
 * again stays at its place in order. A batch that ran out of time while its broker still owes an
 * answer is told at once (*unknown*) and stays in the queue until the answer comes or is lost,
 * for the batches behind it must not overtake what may yet be written.
 *
 * Before: the sender. After: the users' promises and callbacks.
 */
import { ClosedError, ProtocolError, type OttlaError } from '../../errors.js'
import { backoffMs } from '../../network/backoff.js'
import type { LeaderHint } from '../../network/metadata/topic-metadata.js'
import type { Log } from '../../logger.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ProduceResponse } from '../../protocol/messages/produce.js'
import type { Decompress } from '../../protocol/record-batch-reader.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import * as deliveryErrors from './delivery-errors.js'
import type { MetricsCounter } from '../metrics.js'
import type { PartitionQueue } from '../sending/partition-queue.js'
import type { PartitionAnswer, ProduceRequest } from '../sending/produce-request.js'
import type { ProducerIdSource } from '../sequencing/producer-id.js'
import { ANSWER_LOST, isTooLarge, judge, type Verdict } from './retry-policy.js'
import { splitBatch } from '../batching/split-batch.js'

export interface DeliveryOptions {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly retries: number
  readonly deliveryTimeoutMs: number
}

/** What delivery works with; all made by the producer. */
export interface DeliveryParts {
  readonly random: () => number
  readonly logger: Log
  readonly counter: MetricsCounter
  readonly accumulator: Accumulator
  /** null without idempotence. */
  readonly producerIds: ProducerIdSource | null
  readonly runCallback: CallbackRunner
  readonly decompress: Decompress
  /** The batch is in the log: its broker takes batches of its size. */
  readonly onTaken: (batch: ProducerBatch) => void
  /** The batch was larger than its broker takes; returns most bytes for each part, before compression. */
  readonly onTooLarge: (batch: ProducerBatch) => number
  /**
   * True where the refused batch will be considered again, with fewer bytes, or else `giveUp` will be
   * called (unless the batch is done by then).
   */
  readonly compressRefused: (batch: ProducerBatch, giveUp: () => void) => boolean
  /** Memory came free. */
  readonly onFreed: () => void
  readonly refreshMetadata: (topic: string) => void
  /** What keeps the batch from being acknowledged, if it is known. */
  readonly whyUnsettled: (batch: ProducerBatch) => OttlaError | null
  readonly applyLeaderHint: (hint: LeaderHint) => void
}

/** The sender's side: queues that may go on, now or after a pause. */
export interface QueueScheduler {
  consider(queue: PartitionQueue): void
  pause(queue: PartitionQueue): void
  /** A broker took what it had not taken before. */
  recovered(nodeId: number): void
}

/** When an attempt ended; and, unless its answer was lost, what was said of it, in answer to what. */
interface Circumstances {
  readonly nowMs: number
  readonly answer?: PartitionAnswer
  readonly request?: ProduceRequest
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #parts: DeliveryParts
  #scheduler: QueueScheduler | null = null

  constructor(options: DeliveryOptions, parts: DeliveryParts) {
    this.#options = options
    this.#parts = parts
  }

  /** The sender and its delivery know each other; this closes the circle. */
  attach(scheduler: QueueScheduler): void {
    this.#scheduler = scheduler
  }

  /** A whole response: each partition's answer, and whatever should have been in it. */
  answered(request: ProduceRequest, response: ProduceResponse, nowMs: number): void {
    for (const topic of response.responses) {
      for (const answer of topic.partitionResponses) {
        const batch = request.takeBatch(topic, answer.index)
        if (batch === undefined) {
          this.#parts.logger.warn(
            { topic: topic.name || topic.topicId, partition: answer.index, nodeId: request.nodeId },
            'a Produce response speaks of a partition that was not in the request; ignored',
          )
          continue
        }
        this.#hint(batch, answer, response, request.topicIdOf(topic))
        this.#answer(batch, answer, request, nowMs)
      }
    }
    if (request.hasBatches) this.lost(request, missingAnswer(request), nowMs)
  }

  /** No answer will come for the request's remaining batches: each may be written or not. */
  lost(request: ProduceRequest, error: OttlaError, nowMs: number): void {
    this.#parts.counter.answersLost++
    for (const batch of [...request.batches()]) {
      batch.queue.markLanded(batch)
      this.#apply(batch, ANSWER_LOST, error, { nowMs })
      this.resumeRestart(batch.queue)
    }
  }

  /** acks 0: the socket took the bytes, and nothing more will be known. */
  written(request: ProduceRequest): void {
    for (const batch of [...request.batches()]) {
      batch.queue.markLanded(batch)
      if (!batch.isDone) this.#acknowledge(batch, -1n, -1)
      else this.#leave(batch, true)
    }
  }

  /** The batch never left: the broker cannot take it in any version we speak. */
  refused(batch: ProducerBatch, error: OttlaError): void {
    this.#fail(batch, () => deliveryErrors.notSent(batch, error))
  }

  /** `deliveryTimeoutMs` ran out. */
  expired(batch: ProducerBatch, nowMs: number): void {
    batch.lastError = this.#parts.whyUnsettled(batch)
    const error = deliveryErrors.expired(batch, this.#options.deliveryTimeoutMs, nowMs)
    this.#fail(batch, () => error)
  }

  /** The producer is closed by force, or can go on for no record. */
  abandon(batch: ProducerBatch, reason: OttlaError): void {
    const obstacle =
      reason instanceof ClosedError ? this.#parts.whyUnsettled(batch) : batch.lastError
    const error = deliveryErrors.abandoned(batch, reason, obstacle)
    this.#fail(batch, () => error)
  }

  /** No producer id is to be had: what needs one fails, but not what only waits for an answer. */
  abandonUnidentified(waiting: ReadonlySet<PartitionQueue>, reason: OttlaError): void {
    for (const batch of [...this.#parts.accumulator.incomplete]) {
      const { queue, isInAir } = batch
      const needsIdentity = waiting.has(queue) || queue.mustRestartSequence
      if (needsIdentity && !isInAir) this.abandon(batch, reason)
    }
  }

  #answer(
    batch: ProducerBatch,
    answer: PartitionAnswer,
    request: ProduceRequest,
    nowMs: number,
  ): void {
    const { queue } = batch
    queue.markLanded(batch)
    const verdict = judge(answer.errorCode, {
      recordCount: batch.recordCount,
      isIdempotent: queue.sequence !== null,
      isFirstUnresolved: queue.sent[0] === batch,
      maybeWritten: batch.maybeWritten,
    })
    if (verdict.action === 'acknowledge') {
      if (queue.leaderId === request.nodeId) this.#prove(batch)
      queue.sequence?.acknowledged(batch.ordinal)
      if (answer.errorCode === ErrorCodes.NONE) batch.disproveWhole()
      if (batch.isDone) this.#leave(batch, true)
      else this.#acknowledge(batch, offsetOf(answer), logAppendTimeOf(answer, batch))
    } else {
      const error = deliveryErrors.brokerError(answer)
      this.#apply(batch, verdict, error, { nowMs, answer, request })
    }
    this.#failOvertaken(queue)
    this.resumeRestart(queue)
  }

  /** The leader takes the partition's batches; where it had not, its others may be well again too. */
  #prove({ queue, attempts }: ProducerBatch): void {
    if (attempts > 1 && !queue.isLeaderProven) this.#scheduler?.recovered(queue.leaderId)
    queue.isLeaderProven = true
  }

  /**
   * What was refused while a later batch was stored cannot be stored in order any more. A broker
   * that knows our numbers refuses the later one; this one has forgotten them, or its topic is
   * another by the same name.
   */
  #failOvertaken(queue: PartitionQueue): void {
    const [first] = queue.sent
    if (first === undefined || queue.sequence?.isOvertaken(first.ordinal) !== true) return
    for (const batch of [...queue.sent]) {
      const { ordinal, isInAir, isDone, maybeWritten } = batch
      if (isInAir || isDone || maybeWritten || !queue.sequence.isOvertaken(ordinal)) continue
      const cause = batch.lastError ?? unprovable()
      this.#fail(batch, () => deliveryErrors.overtaken(batch, cause))
    }
  }

  /** Carries out a verdict other than acknowledge; the batch is out of the air. */
  #apply(
    batch: ProducerBatch,
    verdict: Verdict,
    error: OttlaError,
    circumstances: Circumstances,
  ): void {
    // A leader that has been deposed and does not know it may go on refusing for reasons of its own.
    const isRefusedAgain = verdict.action === 'retry' && batch.attempts > 1
    if (verdict.refreshMetadata || isRefusedAgain) this.#parts.refreshMetadata(batch.queue.topic)
    if (batch.isDone) {
      this.#leave(batch, false) // told before: its queue goes on
      return
    }
    const { answer } = circumstances
    batch.lastError = error
    if (verdict.attemptMaybeWritten) batch.maybeWritten = true
    const mayTryAgain = batch.attempts <= this.#options.retries
    if (answer !== undefined && isTooLarge(answer.errorCode)) {
      this.#tooLarge(batch, verdict, error, answer)
    } else if (verdict.action === 'fail' || !mayTryAgain) {
      this.#fail(batch, deliveryErrors.failed(batch, error, answer))
    } else {
      this.#retry(batch, verdict, circumstances)
      if (verdict.action === 'restart-sequence') this.#restartSequence(batch.queue)
    }
  }

  /**
   * Refused for its size: smaller it may yet be taken. Where an earlier attempt may have been stored, its
   * numbers keep it from being stored twice: the same records are a repetition, and parts of
   * them out of order (split-batch.ts).
   */
  #tooLarge(
    batch: ProducerBatch,
    verdict: Verdict,
    error: OttlaError,
    answer: PartitionAnswer,
  ): void {
    const maxBytes = this.#parts.onTooLarge(batch)
    const giveUp = (): void => {
      if (verdict.action === 'split') this.#split(batch, maxBytes)
      else this.#fail(batch, deliveryErrors.failed(batch, error, answer))
    }
    if (!this.#parts.compressRefused(batch, giveUp)) giveUp()
  }

  #acknowledge(batch: ProducerBatch, baseOffset: bigint, logAppendTimeMs: number): void {
    this.#parts.counter.recordsAcknowledged += batch.recordCount
    this.#parts.accumulator.settled(batch)
    this.#parts.onTaken(batch)
    this.#leave(batch, true)
    batch.acknowledge(baseOffset, logAppendTimeMs, this.#parts.runCallback)
  }

  #retry(batch: ProducerBatch, verdict: Verdict, circumstances: Circumstances): void {
    const { queue } = batch
    const { nowMs } = circumstances
    queue.curbOpen()
    queue.isLeaderProven = false
    // Where the leader moved, or only the numbers were wrong, a pause gains nothing; but once.
    const leaderMoved = queue.leaderEpoch > batch.leaderEpochAtSend
    const isImmediate = leaderMoved || (verdict.immediately && batch.attempts === 1)
    if (!isImmediate) {
      const failures = hasWaited(circumstances) ? 1 : batch.attempts
      queue.retryAtMs = nowMs + this.#backoffMs(failures)
      queue.retryNotBeforeMs = nowMs + this.#options.retryBackoffMs
      this.#scheduler?.pause(queue)
    }
    this.#scheduler?.consider(queue)
  }

  /** After so many failures in a row. */
  #backoffMs(failures: number): number {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#options
    const range = { initialMs: retryBackoffMs, maxMs: retryBackoffMaxMs }
    return backoffMs(range, failures, this.#parts.random)
  }

  #fail(batch: ProducerBatch, errorOf: (index: number) => OttlaError): void {
    const { queue, state } = batch
    this.#parts.counter.recordsFailed += batch.recordCount
    this.#parts.accumulator.settled(batch)
    if (state === 'open') queue.open = null
    else if (state === 'closed') queue.dropClosed(batch)
    if (batch.ordinal >= 0) queue.sequence?.lost(batch.ordinal)
    batch.fail(errorOf, this.#parts.runCallback, (error, recordCount) => {
      this.#parts.logger.error(
        { topic: queue.topic, partition: queue.partition, recordCount, err: error },
        'records without a callback were not delivered',
      )
    })
    if (!batch.isInAir) this.#leave(batch, false)
  }

  /** Takes the batch's place: smaller ones with the same records and numbers. */
  #split(batch: ProducerBatch, maxBytes: number): void {
    const { queue } = batch
    const children = splitBatch(batch, maxBytes, this.#parts.decompress)
    this.#parts.counter.batchesSplit++
    queue.replaceSent(batch, children)
    this.#parts.accumulator.settled(batch)
    this.#parts.accumulator.free(batch, false)
    this.#parts.accumulator.adopt(children)
    batch.becomeSplit(children)
    this.#scheduler?.consider(queue)
  }

  /** The batch has left its queue for good: what it held is free, and the next may go. */
  #leave(batch: ProducerBatch, isAnswered: boolean): void {
    const { queue } = batch
    queue.remove(batch)
    // Only where its one attempt was answered is it certain that no socket holds the buffer.
    this.#parts.accumulator.free(batch, isAnswered && batch.attempts === 1)
    const mayRestart = queue.sequence?.hasGap === true && queue.sent.length === 0
    if (mayRestart && !queue.mustRestartSequence) this.#restartSequence(queue)
    if (queue.hasBatches) this.#scheduler?.consider(queue)
    this.#parts.onFreed()
  }

  /** New numbers for the partition, as soon as no answer under the old ones is owed. */
  #restartSequence(queue: PartitionQueue): void {
    const { sequence } = queue
    if (sequence === null) return
    queue.mustRestartSequence = true
    if (queue.inAirCount > 0 || queue.awaitsIdentity) return
    this.#failDoubtful(queue)
    if (!sequence.restart()) {
      queue.awaitsIdentity = true
      this.#parts.producerIds?.renew(sequence.identity, (identity) => {
        queue.awaitsIdentity = false
        if (identity === null) return // refused: asked again when the queue is looked at next
        sequence.adopt(identity)
        this.#restarted(queue)
      })
      return
    }
    this.#restarted(queue)
  }

  /** What may be in the log cannot go under new numbers: it is told *unknown*. */
  #failDoubtful(queue: PartitionQueue): void {
    for (const batch of queue.sent.filter(({ maybeWritten, isDone }) => maybeWritten && !isDone)) {
      const cause = batch.lastError ?? unprovable()
      this.#fail(batch, deliveryErrors.failed(batch, cause))
    }
  }

  /**
   * Another cluster stands where the queue's was, and no answer is owed: the numbers mean nothing there,
   * and its producer id may be somebody else's. What was not written gets others with the next request.
   */
  renounceNumbers(queue: PartitionQueue): void {
    if (queue.sequence === null) return
    queue.sequence = null
    queue.mustRestartSequence = false
    queue.awaitsIdentity = false
    queue.isLeaderProven = false
    this.#failDoubtful(queue)
  }

  /** Goes on with a restart that waited for an answer (which has its verdict by now) or an identity. */
  resumeRestart(queue: PartitionQueue): void {
    if (queue.mustRestartSequence) this.#restartSequence(queue)
  }

  #restarted(queue: PartitionQueue): void {
    queue.mustRestartSequence = false
    queue.isLeaderProven = false
    for (const batch of queue.sent) {
      if (queue.sequence !== null) batch.restamp(queue.sequence.take(batch.recordCount))
    }
    this.#scheduler?.consider(queue)
  }

  /** KIP-951: a leader that is none any more says who is. */
  #hint(
    { queue }: ProducerBatch,
    { currentLeader }: PartitionAnswer,
    response: ProduceResponse,
    topicId: string,
  ): void {
    const { leaderId, leaderEpoch } = currentLeader
    if (leaderId < 0 || leaderEpoch < 0) return
    const endpoint = response.nodeEndpoints.find(({ nodeId }) => nodeId === leaderId)
    const { topic, partition } = queue
    const hint = { topic, topicId, partition, leaderId, leaderEpoch }
    this.#parts.applyLeaderHint(endpoint === undefined ? hint : { ...hint, endpoint })
  }
}

/** The broker has waited for its replicas, so that we need not. */
function hasWaited({ nowMs, answer, request }: Circumstances): boolean {
  const isTimedOut = answer?.errorCode === ErrorCodes.REQUEST_TIMED_OUT
  return isTimedOut && request?.hasWaited(nowMs) === true
}

/** -1n for a duplicate whose place the broker has forgotten. */
function offsetOf({ errorCode, baseOffset }: PartitionAnswer): bigint {
  return errorCode === ErrorCodes.NONE ? baseOffset : -1n
}

/**
 * Of a batch that it has seen before, a broker tells the largest timestamp as the append time, on
 * topics that keep the records' own timestamps too: there it is none.
 */
function logAppendTimeOf({ logAppendTimeMs }: PartitionAnswer, batch: ProducerBatch): number {
  const timeMs = Number(logAppendTimeMs)
  return batch.attempts > 1 && timeMs === batch.records.maxTimestamp ? -1 : timeMs
}

function unprovable(): ProtocolError {
  return new ProtocolError('the partition had to begin new sequence numbers', {
    apiName: 'Produce',
  })
}

function missingAnswer(request: ProduceRequest): ProtocolError {
  return new ProtocolError(
    `broker ${request.nodeId} left a partition of the request out of its Produce response`,
    { apiName: 'Produce', version: request.version },
  )
}
