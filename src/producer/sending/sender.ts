/**
 * The loop that moves batches from the partitions' queues to their brokers. Everything that happens
 * (a batch is full, a leader is known, an answer came, time has passed) only notes a fact and calls
 * `wake`; `runOnce(nowMs)` alone acts:
 *
 *   runOnce:  expire -> end of linger -> end of pauses -> leave frozen leaders -> drain each broker
 *
 * A request is built only when its connection has sent everything before it, so that batches grow
 * while the socket is busy; it takes one batch each from as many partitions as fit.
 *
 * Before: the accumulator (`consider`). After: the connection, then delivery.ts with the answer.
 */
import { assert } from '../../assert.js'
import type { Clock, Timer } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { ProduceConnection, ProducePort } from '../../network/brokers/produce-port.js'
import { produce, type ProduceResponse } from '../../protocol/messages/produce.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { Compressor } from '../preparing/compressor.js'
import type { Delivery } from '../completing/delivery.js'
import { LeaderWatch } from './leader-watch.js'
import type { MetricsCounter } from '../metrics.js'
import { OldLeaders } from './old-leaders.js'
import { UNLIMITED_RETRIES } from '../options/options.js'
import { TRIAL_TIMEOUT_MS } from '../pacing/pace-constants.js'
import { Outbox } from './outbox.js'
import type { PartitionQueue } from './partition-queue.js'
import { PartitionSequence } from '../sequencing/partition-sequence.js'
import { Pauses } from './pauses.js'
import type { ProducerIdSource } from '../sequencing/producer-id.js'
import {
  codecUnknown,
  FIRST_VERSION_CLIENT_THROTTLES,
  isCodecKnown,
  ProduceRequest,
  produceVersion,
  type ProduceListener,
} from './produce-request.js'
import type { ProducerTopic } from '../partitioning/topic.js'

export interface SenderOptions {
  readonly clientId: string
  /** -1 all, 0, 1. */
  readonly acks: -1 | 0 | 1
  readonly maxInFlight: number
  readonly maxRequestSizeBytes: number
  readonly requestTimeoutMs: number
  readonly retries: number
  /** Where a partition's sequence numbers begin; default 0. */
  readonly firstSequence?: number
}

/** What the sender works with; all made by the producer. */
export interface SenderParts {
  readonly clock: Clock
  readonly counter: MetricsCounter
  readonly pool: ProducePort
  readonly accumulator: Accumulator
  readonly delivery: Delivery
  /** null without compression. */
  readonly compressor: Compressor | null
  /** null without idempotence. */
  readonly producerIds: ProducerIdSource | null
  readonly topics: ReadonlyMap<string, ProducerTopic>
  /** Something suggests that leaders have moved: of this topic. */
  readonly refreshMetadata: (topic: string) => void
  /** The same, of the topics that this broker leads. */
  readonly refreshMetadataOf: (nodeId: number) => void
  /** A rule of our own does not hold: nothing can be relied on any more. */
  readonly onBroken: (error: unknown) => void
}

export class Sender implements ProduceListener {
  readonly #options: SenderOptions
  readonly #parts: SenderParts
  readonly #clock: Clock
  readonly #outboxes = new Map<number, Outbox>()
  readonly #pauses = new Pauses()
  /** Queues that wait for the producer id. */
  readonly #unidentified = new Set<PartitionQueue>()
  readonly #oldLeaders: OldLeaders
  readonly #leaderWatch: LeaderWatch
  /** Numbers the requests while their batches are collected. */
  #round = 0
  #isScheduled = false
  #isClosed = false
  #timer: Timer | null = null
  #timerAtMs = Infinity

  constructor(options: SenderOptions, parts: SenderParts) {
    this.#options = options
    this.#parts = parts
    this.#clock = parts.clock
    this.#oldLeaders = new OldLeaders(parts.pool, parts.producerIds !== null)
    this.#leaderWatch = new LeaderWatch(parts.pool, parts)
  }

  /**
   * Something may be sent for this queue: it lines up for its leader's next request, and the loop
   * runs soon. Without a leader metadata is asked for one, and the queue is considered again then.
   */
  consider(queue: PartitionQueue): void {
    if (queue.sequence === null) this.#parts.producerIds?.acquire() // while its leader is dialled
    if (queue.leaderId < 0) this.#leaderWatch.miss(queue)
    else this.#outbox(queue.leaderId).list(queue)
    this.wake() // without a leader too: the batch has a deadline
  }

  /** Runs the loop soon, once however often it is called. */
  wake(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#clock.defer(this.#run)
  }

  /** Runs the loop at `atMs` (monotonic) at the latest. */
  wakeAt(atMs: number): void {
    // A timer that fires too early costs one empty turn; setting it anew each time costs more.
    if (this.#isClosed) return
    if (this.#timer !== null && this.#timerAtMs <= atMs) {
      this.#timer.keepAlive(true)
      return
    }
    this.#timer?.clear()
    this.#timerAtMs = atMs
    this.#timer = this.#clock.setTimer(this.#onTimer, atMs - this.#clock.monotonicMs())
  }

  readonly #run = (): void => {
    this.#isScheduled = false
    if (!this.#isClosed) this.#guard(() => this.runOnce(this.#clock.monotonicMs()))
  }

  /** A defect of ours must end in the producer's failure, not in that of the user's process. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#parts.onBroken(error)
    }
  }

  /** One turn of the loop at monotonic time `nowMs`. */
  runOnce(nowMs: number): void {
    this.#expire(this.#clock.readUntilMs())
    this.#parts.accumulator.releaseLingering(nowMs)
    for (const queue of this.#pauses.end(nowMs)) this.consider(queue)
    this.#oldLeaders.leave(this.#clock)
    for (const outbox of this.#outboxes.values()) {
      if (outbox.hasWork) this.#drain(outbox, nowMs)
    }
    this.#rest(nowMs)
  }

  /** A partition's leader changed. */
  leaderChanged(queue: PartitionQueue): void {
    if (queue.inAirCount > 0 && queue.inAirNodeId !== queue.leaderId) {
      this.#oldLeaders.add(this.#outbox(queue.inAirNodeId), this.#clock)
    }
    this.#parts.pool.forgiveFailures(queue.leaderId)
    this.consider(queue)
  }

  /** The producer id is there: the queues that waited for it go on. */
  identified(): void {
    for (const queue of this.takeUnidentified()) this.consider(queue)
  }

  /** The queues whose batches have waited for a producer id; they wait no longer. */
  takeUnidentified(): ReadonlySet<PartitionQueue> {
    const queues = new Set(this.#unidentified)
    this.#unidentified.clear()
    return queues
  }

  /** The requests that this broker has not answered, oldest first. */
  unanswered(nodeId: number): readonly ProduceRequest[] {
    return this.#outboxes.get(nodeId)?.requests ?? []
  }

  /** Stops the loop; what is in the air is the pool's to fail. */
  close(): void {
    this.#isClosed = true
    this.#timer?.clear()
    this.#timer = null
  }

  onAnswer(request: ProduceRequest, response: ProduceResponse): void {
    const nowMs = this.#clock.monotonicMs()
    this.#landed(request)
    this.#outbox(request.nodeId).roundTrips.answered(request.sentAtMs, nowMs)
    this.#notePace(request, response.throttleTimeMs, nowMs)
    this.#guard(() => this.#parts.delivery.answered(request, response, nowMs))
    this.#goOn(request, nowMs)
  }

  /** Before v6 the broker has paused before it answered, and we need not; but it is a sign all the same. */
  #notePace(request: ProduceRequest, throttleTimeMs: number, nowMs: number): void {
    const outbox = this.#outbox(request.nodeId)
    if (throttleTimeMs <= 0) {
      if (outbox.pace.isThrottling) outbox.pace.taken(this.#options.maxRequestSizeBytes)
      return
    }
    const isOurs = request.version >= FIRST_VERSION_CLIENT_THROTTLES
    if (isOurs) this.#parts.pool.connection(request.nodeId)?.throttle(throttleTimeMs)
    outbox.throttled(request, throttleTimeMs, isOurs ? nowMs : nowMs - throttleTimeMs)
  }

  onLost(request: ProduceRequest, error: OttlaError): void {
    this.#landed(request)
    this.#guard(() => this.#parts.delivery.lost(request, error, this.#clock.monotonicMs()))
    this.wake()
  }

  /** The queue rests until its `retryAtMs`. */
  pause(queue: PartitionQueue): void {
    this.#pauses.add(queue)
    this.wake()
  }

  /** What pauses for this broker need not wait for the end of a long pause. */
  recovered(nodeId: number): void {
    if (this.#pauses.recovered(nodeId)) this.wake()
  }

  #outbox(nodeId: number): Outbox {
    let outbox = this.#outboxes.get(nodeId)
    if (outbox === undefined) {
      outbox = new Outbox(nodeId)
      this.#outboxes.set(nodeId, outbox)
    }
    return outbox
  }

  #landed(request: ProduceRequest): void {
    const { requests } = this.#outbox(request.nodeId)
    const index = requests.indexOf(request)
    if (index >= 0) requests.splice(index, 1)
  }

  #expire(nowMs: number): void {
    if (this.#parts.accumulator.nextExpiryMs() > nowMs) return
    for (const batch of this.#parts.accumulator.expired(nowMs)) {
      this.#parts.delivery.expired(batch, nowMs)
    }
  }

  #drain(outbox: Outbox, nowMs: number): void {
    const connection = this.#parts.pool.ensure(outbox.nodeId)
    if (connection === undefined) return
    outbox.use(connection)
    while (this.#maySend(connection, outbox, nowMs)) {
      const isTrial = outbox.mayTry
      const batches = this.#collect(outbox, isTrial, nowMs)
      if (batches.length > 0) this.#send(connection, outbox, batches, isTrial, nowMs)
    }
    const worthAtMs = outbox.worthAtMs(this.#options.maxInFlight)
    if (outbox.hasWork && worthAtMs > nowMs && worthAtMs < Infinity) this.wakeAt(worthAtMs)
  }

  #maySend(connection: ProduceConnection, outbox: Outbox, nowMs: number): boolean {
    return (
      outbox.hasWork &&
      connection.isOpen &&
      connection.isWritable &&
      outbox.requests.length < outbox.limit(this.#options.maxInFlight) &&
      connection.throttledUntilMs <= nowMs &&
      outbox.worthAtMs(this.#options.maxInFlight) <= nowMs
    )
  }

  /** Takes one batch each from the queues of a line, as many as fit one request. */
  #collect(outbox: Outbox, isTrial: boolean, nowMs: number): ProducerBatch[] {
    const batches: ProducerBatch[] = []
    const round = ++this.#round
    const mostBytes = Math.min(this.#options.maxRequestSizeBytes, outbox.pace.limitBytes)
    let sizeBytes = 0
    let queue: PartitionQueue | undefined
    while ((queue = outbox.unlist(isTrial)) !== undefined) {
      if (queue.leaderId !== outbox.nodeId || queue.isOnTrial !== isTrial) {
        this.consider(queue) // in another line by now
        continue
      }
      // A request takes one batch of a partition. It may line up again meanwhile (compressing a batch
      // frees memory, which lets a record in), and does so anyway once the request is sent.
      if (queue.takenInRound === round) continue
      const batch = this.#nextOf(queue, nowMs)
      if (batch === null) continue
      if (batches.length > 0 && sizeBytes + batch.sizeBytes > mostBytes) {
        outbox.relist(queue)
        break
      }
      queue.take(batch)
      queue.takenInRound = round
      sizeBytes += batch.sizeBytes
      batches.push(batch)
    }
    return batches
  }

  /** The queue's next batch, ready to travel; null where there is none, or it is not ready yet. */
  #nextOf(queue: PartitionQueue, nowMs: number): ProducerBatch | null {
    if (!this.#identify(queue)) return null
    this.#parts.delivery.resumeRestart(queue)
    const batch = queue.next(nowMs, this.#options.maxInFlight)
    if (batch === null || this.#parts.compressor === null) return batch
    if (batch === queue.open) queue.closeOpen()
    return this.#parts.compressor.prepare(batch) ? batch : null
  }

  /** True where the queue has its numbers, or needs none. */
  #identify(queue: PartitionQueue): boolean {
    const { producerIds } = this.#parts
    if (producerIds === null || queue.sequence !== null) return true
    const { identity } = producerIds
    if (identity !== null) {
      const { firstSequence } = this.#options
      const from = producerIds.mustBeginAtZero ? 0 : firstSequence
      queue.sequence = new PartitionSequence(identity, from)
      // Those of another cluster's numbers.
      for (const batch of queue.sent) batch.restamp(queue.sequence.take(batch.recordCount))
      return true
    }
    this.#unidentified.add(queue)
    producerIds.acquire()
    return false
  }

  #send(
    connection: ProduceConnection,
    outbox: Outbox,
    batches: readonly ProducerBatch[],
    isTrial: boolean,
    nowMs: number,
  ): void {
    let version: number
    const topics = batches.map(({ queue }) => this.#topicOf(queue))
    try {
      version = produceVersion(connection.versions, topics)
    } catch (error) {
      for (const batch of batches) this.#parts.delivery.refused(batch, error as OttlaError)
      return
    }
    const request = new ProduceRequest(outbox.nodeId, nowMs, version, this, isTrial)
    for (const batch of batches) {
      if (isCodecKnown(version, batch)) {
        stamp(batch)
        batch.seal()
        request.add(this.#topicOf(batch.queue), batch)
      } else {
        this.#parts.delivery.refused(batch, codecUnknown(version))
      }
    }
    if (request.hasBatches) this.#write(connection, outbox, request)
    for (const { queue } of batches) if (queue.hasNext) outbox.list(queue) // for the next request
  }

  #topicOf(queue: PartitionQueue): ProducerTopic {
    const topic = this.#parts.topics.get(queue.topic)
    assert(topic !== undefined, 'a topic with batches stays in the directory')
    return topic
  }

  #write(connection: ProduceConnection, outbox: Outbox, request: ProduceRequest): void {
    const { clientId, acks, requestTimeoutMs } = this.#options
    const correlationId = connection.nextCorrelationId()
    const timeoutMs = this.#replicationTimeoutMs(request)
    request.replicationTimeoutMs = timeoutMs
    const frame = request.frame({ correlationId, clientId, acks, timeoutMs })
    const { counter } = this.#parts
    counter.requestsSent++
    for (const batch of request.batches()) {
      counter.batchesSent++
      counter.bytesSent += batch.sizeBytes
      if (batch.attempts > 0) counter.batchesRetried++
      batch.queue.markSent(batch)
    }
    outbox.requests.push(request)
    if (acks === 0) {
      const lost = (error: OttlaError): void => this.onLost(request, error)
      const written = (): void => this.#written(request)
      connection.sendFrameWithoutAnswer(frame, requestTimeoutMs, written, lost)
    } else {
      connection.sendFrame(
        frame,
        correlationId,
        produce,
        request.version,
        requestTimeoutMs,
        request,
      )
    }
  }

  /**
   * How long the broker is to wait for its replicas before it answers for each partition by itself. What
   * was stored meanwhile is told at the next trial, since the broker knows its numbers; so not without
   * numbers, nor where the user has the tries counted.
   */
  #replicationTimeoutMs(request: ProduceRequest): number {
    const { requestTimeoutMs, retries } = this.#options
    const isIdempotent = this.#parts.producerIds !== null
    const isBrief = request.isTrial && isIdempotent && retries === UNLIMITED_RETRIES
    return isBrief ? Math.min(TRIAL_TIMEOUT_MS, requestTimeoutMs) : requestTimeoutMs
  }

  /** With acks 0 the socket's taking the bytes is all the acknowledgement there is. */
  #written(request: ProduceRequest): void {
    this.#landed(request)
    this.#guard(() => this.#parts.delivery.written(request))
    this.#goOn(request, this.#clock.monotonicMs())
  }

  /** There is room for another request; nobody turns the loop for nothing. */
  #goOn(request: ProduceRequest, nowMs: number): void {
    if (this.#outbox(request.nodeId).hasWork) this.wake()
    else if (!this.#isScheduled && !this.#isClosed) this.#rest(nowMs)
  }

  /** Nothing more can be done now: sets the time of the next turn. */
  #rest(nowMs: number): void {
    this.#leaderWatch.look(this.#outboxes, nowMs)
    this.#armTimer()
  }

  #armTimer(): void {
    const { accumulator } = this.#parts
    let atMs = Math.min(accumulator.nextLingerMs(), accumulator.nextExpiryMs())
    atMs = Math.min(atMs, this.#pauses.nextMs)
    atMs = Math.min(atMs, this.#oldLeaders.nextMs(), this.#leaderWatch.nextMs)
    if (atMs < Infinity) {
      this.wakeAt(atMs)
    } else {
      this.#timer?.keepAlive(false) // nothing is under way: it may fire for nothing, or never
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    this.#run()
  }
}

/** Numbers for a batch that is sent for the first time (children of a split one have theirs). */
function stamp(batch: ProducerBatch): void {
  const { sequence } = batch.queue
  if (batch.ordinal < 0 && sequence !== null) {
    batch.stamp = sequence.take(batch.recordCount)
  }
}
