/**
 * What becomes of batches once they were sent: every answer, every lost answer and every deadline
 * arrives here, is judged by retry-policy.ts, and ends in each record being settled once.
 *
 *   answer, loss, deadline ──> judge ──> acknowledge, fail, split ──> settlement.ts
 *                                   └──> retry, new numbers ────────> the partition's queue
 *
 * A batch that ran out of time while its broker still owes an answer is failed at once (*unknown*) and
 * stays in its queue until the answer comes or is lost, for the batches behind it must not overtake
 * what may yet be written.
 *
 * Before: broker-sink.ts. After: settlement.ts; the queue says itself when it may go on.
 */
import { ClosedError, ProtocolError, type OttlaError } from '../../errors.js'
import type { LeaderHint } from '../../network/metadata/topic-metadata.js'
import type { Log } from '../../logger.js'
import { backoffMs } from '../../network/backoff.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ProduceResponse } from '../../protocol/messages/produce.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { PartitionAnswer, ProduceRequest } from '../sending/produce-request.js'
import * as deliveryErrors from './delivery-errors.js'
import type { RefusalLog } from './refusal-log.js'
import {
  isCodecRefused,
  isTooLarge,
  leaderHint,
  logAppendTimeOf,
  offsetOf,
} from './partition-answer.js'
import { endingPauseMs } from '../pacing/pace-constants.js'
import { ANSWER_LOST, judge, type Verdict } from './retry-policy.js'
import type { Settlement } from './settlement.js'

export interface CompletionOptions {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly retries: number
  readonly deliveryTimeoutMs: number
}

/** What completion works with; all made by the producer. */
export interface CompletionParts {
  readonly random: () => number
  readonly logger: Log
  readonly settlement: Settlement
  readonly refusals: Pick<RefusalLog, 'refused' | 'acknowledged'>
  /** Told that a batch is in the log. */
  readonly health?: { acknowledged(nowMs: number): void } | undefined
  /** Batches with records that are not settled. */
  readonly accumulator: { readonly incomplete: Iterable<ProducerBatch> }
  readonly metadata: {
    requestRefresh(topics: readonly string[]): void
    applyLeaderHint(hint: LeaderHint): void
  }
  /** null: only `compression: 'auto'` has codecs that were not tried before. */
  readonly lastResort: {
    /**
     * True where the refused batch will be sent again, with fewer bytes, or else `giveUp` will be
     * called (unless the batch is done by then).
     */
    compress(batch: ProducerBatch, giveUp: () => void): boolean
    /** True where the batch, whose codec was refused, will be sent again as it was. */
    goPlain(batch: ProducerBatch): boolean
  } | null
  /** Why a batch is not acknowledged, as far as it is known. */
  readonly obstacles: { ofBatch(batch: ProducerBatch): OttlaError | null }
}

/** When an attempt ended; and, unless its answer was lost, what was said of it, in answer to what. */
interface Circumstances {
  readonly nowMs: number
  readonly answer?: PartitionAnswer
  readonly request?: ProduceRequest
}

export class Completion {
  readonly #options: CompletionOptions
  readonly #parts: CompletionParts
  readonly #settlement: Settlement
  /** Brokers whose answers name what was not asked for. */
  readonly #strange = new Set<number>()

  constructor(options: CompletionOptions, parts: CompletionParts) {
    this.#options = options
    this.#parts = parts
    this.#settlement = parts.settlement
  }

  /** A whole response: each partition's answer, and whatever should have been in it. */
  answered(request: ProduceRequest, response: ProduceResponse, nowMs: number): void {
    for (const topic of response.responses) {
      for (const answer of topic.partitionResponses) {
        const batch = request.takeBatch(topic, answer.index)
        if (batch === undefined) {
          this.#tellStrange(request.nodeId, topic.name || topic.topicId, answer.index)
          continue
        }
        const hint = leaderHint(batch.queue, answer, response, request.topicIdOf(topic))
        // Before the answer is judged: a retry to a newer leader makes no pause.
        if (hint !== null) this.#parts.metadata.applyLeaderHint(hint)
        this.#answer(batch, answer, request, nowMs)
      }
    }
    if (request.hasBatches) this.lost(request, missingAnswer(request), nowMs)
  }

  #tellStrange(nodeId: number, topic: string, partition: number): void {
    if (this.#strange.has(nodeId)) return
    this.#strange.add(nodeId)
    this.#parts.logger.warn(
      { topic, partition, nodeId },
      'a Produce response names a partition that was not in the request; ignored, also from now on',
    )
  }

  /** No answer will come for the request's remaining batches: each may be written or not. */
  lost(request: ProduceRequest, error: OttlaError, nowMs: number): void {
    for (const batch of [...request.batches()]) {
      batch.queue.attemptEnded(batch)
      this.#apply(batch, ANSWER_LOST, error, { nowMs })
      batch.queue.proceed()
    }
  }

  /** acks 0: the bytes are in the kernel, and nothing more will be known. */
  written(request: ProduceRequest, nowMs: number): void {
    for (const batch of [...request.batches()]) {
      batch.queue.attemptEnded(batch)
      if (batch.isDone) this.#settlement.leave(batch, true)
      else this.#settlement.acknowledge(batch, -1n, -1, nowMs)
    }
    this.#parts.health?.acknowledged(nowMs)
  }

  /** The batch never left: the broker cannot take it in any version we speak. */
  refused(batch: ProducerBatch, error: OttlaError): void {
    this.#fail(batch, deliveryErrors.notSent(batch, error))
  }

  /** `deliveryTimeoutMs` ran out. */
  expired(batch: ProducerBatch, nowMs: number): void {
    const obstacle = this.#parts.obstacles.ofBatch(batch)
    const { deliveryTimeoutMs } = this.#options
    this.#fail(batch, deliveryErrors.expired(batch, obstacle, deliveryTimeoutMs, nowMs))
  }

  /** The producer is closed by force, or can go on for no record. */
  abandon(batch: ProducerBatch, reason: OttlaError): void {
    const isClosed = reason instanceof ClosedError
    const obstacle = isClosed ? this.#parts.obstacles.ofBatch(batch) : batch.lastError
    this.#fail(batch, deliveryErrors.abandoned(batch, reason, obstacle))
  }

  /**
   * The cluster refuses a producer id: what needs one fails, but not what only waits for an answer.
   * `onNoted` is called once it is known who that is.
   */
  abandonUnidentified(reason: OttlaError, onNoted: () => void): void {
    const batches = [...this.#parts.accumulator.incomplete]
    const unidentified = batches.filter(({ queue }) => queue.needsIdentity)
    onNoted()
    for (const batch of unidentified) {
      if (!batch.isInFlight) this.abandon(batch, reason)
    }
  }

  /** It may be in the log, and cannot go again under the numbers that it had: it fails as *unknown*. */
  failDoubtful(batch: ProducerBatch): void {
    const cause = batch.lastError ?? unprovable()
    this.#settlement.fail(batch, deliveryErrors.failed(batch, cause))
  }

  #fail(batch: ProducerBatch, error: OttlaError): void {
    if (batch.isDone) return // by what a callback of the one before it has led to: an abort, a close
    this.#settlement.fail(batch, () => error)
  }

  #answer(
    batch: ProducerBatch,
    answer: PartitionAnswer,
    request: ProduceRequest,
    nowMs: number,
  ): void {
    const { queue } = batch
    queue.attemptEnded(batch)
    const verdict = judge(answer.errorCode, {
      recordCount: batch.recordCount,
      isIdempotent: queue.isNumbered,
      isTransactional: queue.isTransactional,
      isFirstUnresolved: queue.isFirst(batch),
      maybeWritten: batch.maybeWritten,
    })
    if (verdict.action === 'acknowledge') {
      this.#acknowledge(batch, answer, request.nodeId, nowMs)
    } else {
      const error = deliveryErrors.brokerError(answer)
      this.#apply(batch, verdict, error, { nowMs, answer, request })
    }
    for (const overtaken of queue.overtaken()) this.#failOvertaken(overtaken)
    queue.proceed()
  }

  #acknowledge(batch: ProducerBatch, answer: PartitionAnswer, nodeId: number, nowMs: number): void {
    batch.queue.acknowledged(batch, nodeId)
    this.#parts.refusals.acknowledged(batch.queue)
    this.#parts.health?.acknowledged(nowMs)
    const appendedMs = logAppendTimeOf(answer, batch)
    if (batch.isDone) this.#settlement.leave(batch, true)
    else this.#settlement.acknowledge(batch, offsetOf(answer), appendedMs, nowMs)
  }

  #failOvertaken(batch: ProducerBatch): void {
    this.#fail(batch, deliveryErrors.overtaken(batch, batch.lastError ?? unprovable()))
  }

  /** Carries out a verdict other than acknowledge; the batch is no longer in flight. */
  #apply(
    batch: ProducerBatch,
    verdict: Verdict,
    error: OttlaError,
    circumstances: Circumstances,
  ): void {
    // A leader that has been deposed and does not know it may go on refusing for reasons of its own.
    const isRefusedAgain = verdict.action === 'retry' && batch.attempts > 1
    if (verdict.refreshMetadata || isRefusedAgain) {
      this.#parts.metadata.requestRefresh([batch.queue.topic.name])
    }
    // Before the batch leaves: its numbers may begin anew by that.
    if (verdict.refused !== null) batch.queue.numbersRefused(verdict.refused)
    if (batch.isDone) {
      this.#settlement.leave(batch, false) // settled before: its queue goes on
      return
    }
    const { answer } = circumstances
    batch.attemptFailed(error, verdict.attemptMaybeWritten)
    const mayTryAgain = batch.attempts <= this.#options.retries
    if (this.#goesOtherwise(batch, verdict, error, circumstances)) return
    if (verdict.action === 'fail' || !mayTryAgain) {
      this.#settlement.fail(batch, deliveryErrors.failed(batch, error, answer))
    } else {
      if (answer !== undefined) this.#parts.refusals.refused(batch, error, circumstances.nowMs)
      this.#retry(batch, verdict, circumstances)
      if (verdict.action === 'restart-sequence') batch.queue.restartNumbers()
    }
  }

  /** True where the batch takes another form: smaller, or without its codec. */
  #goesOtherwise(
    batch: ProducerBatch,
    verdict: Verdict,
    error: OttlaError,
    { answer, nowMs }: Circumstances,
  ): boolean {
    if (answer === undefined) return false
    if (isTooLarge(answer.errorCode)) {
      this.#tooLarge(batch, verdict, error, answer)
      return true
    }
    if (!this.#goesPlain(batch, answer.errorCode)) return false
    this.#parts.refusals.refused(batch, error, nowMs)
    return true
  }

  /** The codec was refused, and no attempt can be in the log: the same records are sent without it. */
  #goesPlain(batch: ProducerBatch, code: number): boolean {
    if (!isCodecRefused(code) || batch.maybeWritten) return false
    return this.#parts.lastResort?.goPlain(batch) === true
  }

  /**
   * Refused for its size: smaller it may be accepted. Where an earlier attempt may have been
   * stored, its numbers keep it from being stored twice: the same records are a repetition, and
   * parts of them out of order (split-batch.ts).
   */
  #tooLarge(
    batch: ProducerBatch,
    verdict: Verdict,
    error: OttlaError,
    answer: PartitionAnswer,
  ): void {
    const { fill } = batch.queue.topic
    const { sizeBytes } = batch
    fill.refused(sizeBytes)
    const partBytes = fill.partBytes(batch.records.sizeBytes, sizeBytes)
    const giveUp = (): void => {
      if (verdict.action === 'split') this.#settlement.split(batch, partBytes)
      else this.#settlement.fail(batch, deliveryErrors.failed(batch, error, answer))
    }
    if (this.#parts.lastResort?.compress(batch, giveUp) !== true) giveUp()
  }

  /** Where only the numbers were wrong a pause gains nothing; but once. */
  #retry(
    batch: ProducerBatch,
    { immediately, briefly }: Verdict,
    circumstances: Circumstances,
  ): void {
    const { nowMs } = circumstances
    const failures = hasWaited(circumstances) ? 1 : batch.attempts
    batch.queue.retry(batch, {
      nowMs,
      isImmediate: immediately && batch.attempts === 1,
      pauseMs: briefly ? endingPauseMs(batch.attempts) : this.#backoffMs(failures),
      leastPauseMs: briefly ? 0 : this.#options.retryBackoffMs,
    })
  }

  /** After so many failures in a row. */
  #backoffMs(failures: number): number {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#options
    const range = { initialMs: retryBackoffMs, maxMs: retryBackoffMaxMs }
    return backoffMs(range, failures, this.#parts.random)
  }
}

/** The broker has waited for its replicas already: no further backoff is needed. */
function hasWaited({ nowMs, answer, request }: Circumstances): boolean {
  const isTimedOut = answer?.errorCode === ErrorCodes.REQUEST_TIMED_OUT
  return isTimedOut && request?.hasWaited(nowMs) === true
}

function unprovable(): ProtocolError {
  return new ProtocolError(
    'the partition began new sequence numbers, under which a batch that may be in the log cannot be sent again',
    { apiName: 'Produce' },
  )
}

function missingAnswer(request: ProduceRequest): ProtocolError {
  return new ProtocolError(
    `broker ${request.nodeId} left a partition of the request out of its Produce response`,
    { apiName: 'Produce', version: request.version },
  )
}
