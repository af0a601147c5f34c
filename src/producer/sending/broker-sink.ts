/**
 * Everything that is sent to one broker: the partitions in line for it, the requests in flight, its
 * pace, and how long its answers are waited for once it no longer leads their partitions.
 *
 *   list ──> lines ──> turn: may a request leave? ──> builder ──> connection ──> answered, or lost
 *              ^                                                                     │
 *              └──────── the partition has more <── completing/ judges each batch <──┘
 *
 * A broker works on one request of a connection at a time, with acks all for a round trip of
 * replication. So a second request leaves beside the first
 *   - where it has a full batch, which gains nothing by waiting, or a probe;
 *   - where it will find the broker free (pacing/pace.ts).
 * Otherwise it would only wait there: what gathers meanwhile goes in one, when the answer has come.
 * A request is built only when its connection has sent everything before it, so that batches grow while
 * the socket is busy.
 *
 * Before: sender.ts gives it turns. After: the connection, then completing/completion.ts.
 */
import type { Clock } from '../../clock.js'
import { ConnectionError, type OttlaError } from '../../errors.js'
import type { ProduceConnection, ProducePort } from '../../network/brokers/produce-port.js'
import { produce, type ProduceResponse } from '../../protocol/messages/produce.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import type { Observer } from '../observer.js'
import { UNLIMITED_RETRIES } from '../options/options.js'
import { PROBE_TIMEOUT_MS, STALL_MS } from '../pacing/pace-constants.js'
import type { BrokerPace } from '../pacing/pace.js'
import type { BatchPreparation } from '../preparing/preparation.js'
import { BrokerLines } from './broker-lines.js'
import { OldLeader } from './old-leader.js'
import {
  FIRST_VERSION_CLIENT_THROTTLES,
  type ProduceListener,
  type ProduceRequest,
} from './produce-request.js'
import { RequestBuilder, type BuilderParts } from './request-builder.js'

export interface SinkOptions {
  readonly clientId: string
  /** null, or none, without transactions. */
  readonly transactionalId?: string | null
  /** -1 all, 0, 1. */
  readonly acks: -1 | 0 | 1
  readonly maxInFlight: number
  readonly maxRequestSizeBytes: number
  readonly requestTimeoutMs: number
  readonly retries: number
  /** Batches carry numbers: what is sent again cannot be stored twice. */
  readonly isIdempotent: boolean
}

/** Called with what becomes of requests. */
export interface RequestCompletion {
  answered(request: ProduceRequest, response: ProduceResponse, nowMs: number): void
  lost(request: ProduceRequest, error: OttlaError, nowMs: number): void
  /** acks 0: the bytes are in the kernel. */
  written(request: ProduceRequest, nowMs: number): void
  refused(batch: ProducerBatch, error: OttlaError): void
}

/** What gives the sinks their turns. */
export interface SinkScheduler {
  consider(queue: BatchQueue): void
  /** A turn soon; or at `atMs` (monotonic) at the latest. */
  wake(): void
  wakeAt(atMs: number): void
  /** Nothing more can be done now: sets the time of the next turn. */
  rest(nowMs: number): void
}

/** What all sinks of a producer work with. */
export interface SinkParts {
  readonly clock: Clock
  readonly network: ProducePort
  readonly completion: RequestCompletion
  readonly preparation: BatchPreparation
  readonly transaction?: NonNullable<BuilderParts['transaction']> | null
  readonly accumulator: BuilderParts['accumulator']
  readonly observer: Observer
  readonly scheduler: SinkScheduler
  /** A rule of our own does not hold: nothing can be relied on any more. */
  readonly onBroken: (error: unknown) => void
}

export class BrokerSink implements ProduceListener {
  readonly nodeId: number
  readonly #options: SinkOptions
  readonly #parts: SinkParts
  readonly #pace: BrokerPace
  readonly #lines: BrokerLines
  readonly #builder: RequestBuilder
  readonly #oldLeader: OldLeader
  /** Oldest first. */
  readonly #inFlight: ProduceRequest[] = []
  #connection: ProduceConnection | null = null

  constructor(nodeId: number, pace: BrokerPace, options: SinkOptions, parts: SinkParts) {
    this.nodeId = nodeId
    this.#options = options
    this.#parts = parts
    this.#pace = pace
    this.#lines = new BrokerLines(nodeId, (queue) => parts.scheduler.consider(queue))
    this.#builder = new RequestBuilder(nodeId, this.#lines, parts)
    this.#oldLeader = new OldLeader(this, parts.network, options.isIdempotent)
  }

  /** The requests that the broker has not answered, oldest first. */
  get inFlight(): readonly ProduceRequest[] {
    return this.#inFlight
  }

  /** Some partition is in line, and its line may move. */
  get hasWork(): boolean {
    return this.#lines.hasReady || this.#mayProbe
  }

  /** Probes go first, and together, one request at a time. */
  get #mayProbe(): boolean {
    return this.#lines.hasProbes && !this.#inFlight.some(({ isProbe }) => isProbe)
  }

  /** Batches wait for a broker that has no connection. */
  get isOutOfReach(): boolean {
    const isIdle = this.#inFlight.length === 0
    return isIdle && this.hasWork && this.#parts.network.connection(this.nodeId) === undefined
  }

  /** Monotonic: when the broker, which owes answers, has been silent for so long that it may be frozen. */
  get stalledAtMs(): number {
    const [oldest] = this.#inFlight
    return oldest === undefined ? Infinity : oldest.silentSinceMs + STALL_MS
  }

  /** Something may be sent for this partition, which this broker leads. */
  list(queue: BatchQueue): void {
    queue.setPace(this.#pace)
    this.#lines.list(queue)
  }

  /** The broker leads this partition no longer, and may owe answers for it. */
  movedAway(): void {
    this.#oldLeader.movedAway(this.#parts.clock)
  }

  /** Monotonic: when it has to be given up, if it does not answer for partitions that have moved away. */
  get leaveAtMs(): number {
    return this.#oldLeader.leaveAtMs
  }

  /** Closes the connection to a broker that has been waited for long enough. */
  leaveIfDue(): void {
    this.#oldLeader.leaveIfDue(this.#parts.clock)
  }

  /** Closes its connection: the answers that it owes will never come. */
  leave(reason: string): void {
    const { host = 'unknown', port = 0 } = this.#parts.network.connection(this.nodeId) ?? {}
    const message = `broker ${this.nodeId} has not answered requests in flight: ${reason}`
    const error = new ConnectionError(message, { host, port, phase: 'request' })
    this.#parts.network.drop(this.nodeId, error)
  }

  /** Sends what can be sent now. */
  turn(nowMs: number): void {
    const connection = this.hasWork ? this.#parts.network.ensure(this.nodeId) : undefined
    if (connection === undefined) return
    this.#use(connection)
    while (this.#maySend(connection, nowMs)) this.#sendOne(connection, nowMs)
    if (this.hasWork) this.#wakeForNext(nowMs)
  }

  #wakeForNext(nowMs: number): void {
    const nextAtMs = this.#nextAtMs()
    if (nextAtMs > nowMs && nextAtMs < Infinity) this.#parts.scheduler.wakeAt(nextAtMs)
  }

  #use(connection: ProduceConnection): void {
    if (connection === this.#connection) return
    this.#connection = connection
    this.#pace.opened(connection.shortestRoundTripMs)
  }

  #maySend(connection: ProduceConnection, nowMs: number): boolean {
    const { maxInFlight } = this.#options
    return (
      this.hasWork &&
      connection.isOpen &&
      connection.isWritable &&
      this.#inFlight.length < this.#pace.inFlightLimit(maxInFlight, this.#lines.isProbing()) &&
      connection.throttledUntilMs <= nowMs &&
      this.#nextAtMs() <= nowMs
    )
  }

  /** When the next request should leave: 0 now, Infinity once an answer comes. */
  #nextAtMs(): number {
    if (this.#inFlight.length === 0 || this.#mayProbe || this.#lines.hasFull) return 0
    return this.#pace.nextAtMs(this.#inFlight, this.#options.maxInFlight)
  }

  #sendOne(connection: ProduceConnection, nowMs: number): void {
    const isProbe = this.#mayProbe
    const mostBytes = Math.min(this.#options.maxRequestSizeBytes, this.#pace.limitBytes)
    const batches = this.#builder.collect(isProbe, mostBytes, nowMs)
    if (batches.length === 0) return
    const { nodeId } = this
    const replicationTimeoutMs = this.#replicationTimeoutMs(isProbe)
    const facts = { nodeId, sentAtMs: nowMs, isProbe, replicationTimeoutMs }
    const request = this.#builder.build(batches, connection.versions, facts, this)
    if (request !== null) this.#write(connection, request)
    for (const { queue } of batches) if (queue.hasNext) this.list(queue) // for the next request
  }

  /**
   * How long the broker is to wait for its replicas before it answers for each partition by itself. What
   * was stored meanwhile is known at the next probe, since the broker knows its numbers; so not without
   * numbers, nor where the user has the attempts counted.
   */
  #replicationTimeoutMs(isProbe: boolean): number {
    const { requestTimeoutMs, retries, isIdempotent } = this.#options
    const isBrief = isProbe && isIdempotent && retries === UNLIMITED_RETRIES
    return isBrief ? Math.min(PROBE_TIMEOUT_MS, requestTimeoutMs) : requestTimeoutMs
  }

  #write(connection: ProduceConnection, request: ProduceRequest): void {
    const { clientId, acks, transactionalId = null, requestTimeoutMs } = this.#options
    const correlationId = connection.nextCorrelationId()
    const frame = request.frame({ correlationId, clientId, acks, transactionalId })
    for (const batch of request.batches()) batch.queue.attempted(batch)
    this.#inFlight.push(request)
    this.#parts.observer.requestSent(request)
    if (acks === 0) {
      const lost = (error: OttlaError): void => this.onLost(request, error)
      const written = (): void => this.#written(request)
      connection.sendFrameWithoutAnswer(frame, requestTimeoutMs, written, lost)
      return
    }
    const { version } = request
    connection.sendFrame(frame, correlationId, produce, version, requestTimeoutMs, request)
  }

  onAnswer(request: ProduceRequest, response: ProduceResponse): void {
    const nowMs = this.#parts.clock.monotonicMs()
    this.#ended(request)
    this.#pace.answered(request, nowMs)
    this.#parts.observer.requestAnswered(request, nowMs)
    this.#noteThrottle(request, response.throttleTimeMs, nowMs)
    this.#guard(() => this.#parts.completion.answered(request, response, nowMs))
    this.#goOn(nowMs)
  }

  onLost(request: ProduceRequest, error: OttlaError): void {
    const nowMs = this.#parts.clock.monotonicMs()
    if (this.#connection?.isOpen === false) this.#connection = null
    this.#ended(request)
    this.#parts.observer.answerLost(request, error)
    this.#guard(() => this.#parts.completion.lost(request, error, nowMs))
    this.#parts.scheduler.wake()
  }

  /** With acks 0 the bytes in the kernel are all the acknowledgement there is. */
  #written(request: ProduceRequest): void {
    const nowMs = this.#parts.clock.monotonicMs()
    this.#ended(request)
    this.#guard(() => this.#parts.completion.written(request, nowMs))
    this.#goOn(nowMs)
  }

  #ended(request: ProduceRequest): void {
    const index = this.#inFlight.indexOf(request)
    if (index >= 0) this.#inFlight.splice(index, 1)
  }

  /**
   * Before v6 the broker has paused before it answered, and we need not; but it shows that we are
   * too fast.
   */
  #noteThrottle(request: ProduceRequest, pauseMs: number, nowMs: number): void {
    if (pauseMs <= 0) {
      this.#pace.notThrottled(this.#options.maxRequestSizeBytes)
      return
    }
    const isOurs = request.version >= FIRST_VERSION_CLIENT_THROTTLES
    if (isOurs) this.#parts.network.connection(this.nodeId)?.throttle(pauseMs)
    this.#pace.throttled(request.sizeBytes, pauseMs)
    for (const { queue } of request.batches()) queue.limitOpen()
    this.#lines.limitOpen()
    for (const other of this.#inFlight) other.paused(isOurs ? nowMs + pauseMs : nowMs)
    this.#parts.observer.throttled(this.nodeId, pauseMs)
  }

  /** Another request may leave; without anything to send no turn is taken. */
  #goOn(nowMs: number): void {
    const { scheduler } = this.#parts
    if (this.hasWork) scheduler.wake()
    else scheduler.rest(nowMs)
  }

  /** A defect of ours must end in the producer's failure, not in that of the user's process. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#parts.onBroken(error)
    }
  }
}
