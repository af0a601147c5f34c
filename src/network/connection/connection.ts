/**
 * One stream to one broker: requests out, answers in, matched in order.
 *
 *   DIALLING ──start──> HANDSHAKING ──becomeReady──> READY ──closeWhenIdle──> RETIRING
 *       │                    │                         │                         │
 *       └────────────────────┴─────── close ───────────┴───── close, or idle ────┴──> CLOSED
 *
 * Requests are pipelined. A stream that cannot be read closes it (answer-reader.ts), and so does an
 * answer that is late (connection-deadlines.ts), since nothing distinguishes a late answer from the
 * next one's. Closing fails every waiting request with the reason, oldest first.
 *
 * Not a retry, and no policy: it neither dials again nor knows what a request is about. Nothing is
 * thrown out of a socket's callback. Its timers never keep the process alive; requests on the wire do.
 * Counterpart in Kafka: NetworkClient with one node.
 *
 * Neighbours: open-connection.ts makes it; broker-pool.ts and control-connections.ts own it; the
 * producer's sender writes to it.
 */
import type { Clock } from '../../clock.js'
import {
  ClosedError,
  ConnectionError,
  type ConnectionPhase,
  type OttlaError,
} from '../../errors.js'
import type { Log } from '../../logger.js'
import type { Api } from '../../protocol/api.js'
import type { Reader } from '../../protocol/reader.js'
import { formatAddress } from '../address.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import type { ProduceConnection } from '../brokers/produce-port.js'
import type { ConnectionStatistics } from '../connection-statistics.js'
import type { NetworkOptions } from '../options.js'
import type { Transport, TransportHandlers } from '../transport/transport.js'
import { AnswerReader } from './answer-reader.js'
import { ApiVersionTable } from './api-version-table.js'
import { ConnectionState } from './connection-contract.js'
import type {
  ConnectionContext,
  ConnectionListener,
  ConnectionSession,
  ConnectionTarget,
  RequestOptions,
} from './connection-contract.js'
import { ConnectionDeadlines } from './connection-deadlines.js'
import * as reasons from './connection-errors.js'
import { ConnectionThrottle } from './connection-throttle.js'
import { FrameWriter } from './frame-writer.js'
import { encodeRequestFrame } from './request-frame.js'
import { RequestHold } from './request-hold.js'
import { failSafely } from './request-queue.js'
import type { RequestQueue, RespondingApi, ResponseHandler } from './request-queue.js'

export type {
  ConnectionListener,
  ConnectionSession,
  ConnectionTarget,
  RequestOptions,
} from './connection-contract.js'
export type { ResponseHandler } from './request-queue.js'

const MAX_CORRELATION_ID = 0x7fffffff

/** A connection to a broker. */
export class Connection implements TransportHandlers, ProduceConnection {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly #clock: Clock
  readonly #options: NetworkOptions
  readonly #logger: Log
  readonly #listener: ConnectionListener
  readonly #statistics: ConnectionStatistics | undefined
  readonly #reader: AnswerReader
  readonly #requests: RequestQueue
  readonly #writer: FrameWriter
  readonly #deadlines: ConnectionDeadlines
  readonly #throttle: ConnectionThrottle
  readonly #hold = new RequestHold()
  #state: ConnectionState = ConnectionState.dialling
  #versions: ApiVersionTable
  #closeReason: OttlaError | undefined
  #correlationId = -1
  #lastUnansweredMs = -Infinity

  constructor(context: ConnectionContext, address: ConnectionTarget, listener: ConnectionListener) {
    const { clock, options, logger, statistics } = context
    this.nodeId = address.nodeId
    this.host = address.host
    this.port = address.port
    this.#clock = clock
    this.#options = options
    this.#logger = logger
    this.#listener = listener
    this.#statistics = statistics
    this.#versions = new ApiVersionTable([], {}, formatAddress(address))
    this.#reader = new AnswerReader({
      ...{ address: this, clock, logger },
      listener: {
        onAnswered: () => this.#afterAnswer(),
        onBroken: (reason) => this.close(reason),
      },
    })
    this.#requests = this.#reader.requests
    this.#writer = new FrameWriter({
      onFrameWritten: () => this.#tellWritable(),
      onUnansweredWritten: () => this.#afterRequest(),
    })
    this.#throttle = new ConnectionThrottle(clock, () => this.#tellWritable())
    this.#deadlines = this.#makeDeadlines()
  }

  #makeDeadlines(): ConnectionDeadlines {
    return new ConnectionDeadlines({
      clock: this.#clock,
      idleMs: this.#options.connectionsMaxIdleMs,
      requests: this.#requests,
      writer: this.#writer,
      listener: {
        onAnswerLate: (late) => this.close(reasons.answerLate(this, this.#phase(), late)),
        onWriteLate: ({ timeoutMs }) => this.close(reasons.writeLate(this, timeoutMs)),
        onUnused: (idleMs) => this.close(reasons.unused(this, idleMs)),
      },
    })
  }

  /** What this broker speaks; empty until the handshake is over. */
  get versions(): ApiVersionTable {
    return this.#versions
  }

  /** The handshake is over and requests are accepted. */
  get isOpen(): boolean {
    return this.#state === ConnectionState.ready
  }

  /** Why it is closed, or takes no requests any more; undefined before. */
  get closeReason(): OttlaError | undefined {
    return this.#closeReason
  }

  /**
   * Open, nothing held, and every byte handed over so far in the kernel: the socket is not backed up. A
   * session that is over is renewed where somebody asks: `onWritable` follows.
   */
  get isWritable(): boolean {
    return !this.#mustWait() && this.isOpen && this.#writer.isClear // in this order: it may close
  }

  /** Requests whose answers have not come. */
  get inFlightCount(): number {
    return this.#requests.length
  }

  /** Monotonic time before which the broker wants no further request (KIP-219); 0 if never asked. */
  get throttledUntilMs(): number {
    return this.#throttle.untilMs
  }

  /** When that pause has begun, however often it grew. */
  get throttledSinceMs(): number {
    return this.#throttle.sinceMs
  }

  /** The shortest time from a request to its answer so far, the handshake's too; Infinity before. */
  get shortestRoundTripMs(): number {
    return this.#reader.shortestRoundTripMs
  }

  /** Puts a dialled transport to use. Destroys it if the connection was closed in the meantime. */
  start(transport: Transport): void {
    if (this.#state !== ConnectionState.dialling) {
      transport.destroy()
      return
    }
    this.#writer.start(transport)
    this.#state = ConnectionState.handshaking
    this.#keepAliveIfBusy()
  }

  /** Ends the handshake: from here on requests are accepted. */
  becomeReady(versions: ApiVersionTable, session?: ConnectionSession): void {
    if (this.#state !== ConnectionState.handshaking) {
      session?.stop()
      return
    }
    this.#versions = versions
    this.#hold.use(session)
    this.#state = ConnectionState.ready
    this.#statistics?.opened()
    this.#reader.becomeReady()
    this.#deadlines.touch()
  }

  /**
   * Notes that the broker asked for a pause of `throttleTimeMs` (KIP-219). Whoever sends respects
   * it by `throttledUntilMs`; `onWritable` is called when it is over. The broker reads nothing until
   * then, so that requests which are under way have so much longer.
   */
  throttle(throttleTimeMs: number): void {
    if (this.isOpen) this.#requests.postpone(this.#throttle.extend(throttleTimeMs))
  }

  /**
   * Lets nothing through but a login, and waits until all that was sent before is answered. Returns
   * the time that the login may take, ms. Rejects with the reason for which the connection is
   * closed. Brokers before 4.2 can strand an answer that is queued when a login begins
   * (KAFKA-19561).
   */
  async hold(): Promise<number> {
    if (!this.#takesRequests()) throw this.#closeReason ?? reasons.notOpen(this)
    this.#hold.begin()
    if (this.#isBusy()) await this.#hold.untilIdle()
    return this.#options.connectionTimeoutMs + this.#throttle.leftMs
  }

  /** Ends `hold`, if it is on: sends what has waited, in its order, and lets the sender write again. */
  release(): void {
    if (!this.#hold.isOn) return
    for (const request of this.#hold.end()) request.send()
    this.#afterChange()
    this.#tellWritable()
  }

  /** The id that the next frame must carry; frames are sent in the order of their ids. */
  nextCorrelationId(): number {
    this.#correlationId = this.#correlationId === MAX_CORRELATION_ID ? 0 : this.#correlationId + 1
    return this.#correlationId
  }

  /**
   * Writes one complete request, size field and header included, as one vectored write. Nobody may
   * change its bytes before the handler is called. The handler is never called synchronously.
   */
  sendFrame(
    frame: readonly Uint8Array[],
    correlationId: number,
    api: RespondingApi,
    version: number,
    timeoutMs: number,
    handler: ResponseHandler,
    isLogin = false,
  ): void {
    if (!isLogin && this.#mustWait()) {
      const send = (): void => {
        this.sendFrame(frame, correlationId, api, version, timeoutMs, handler)
      }
      this.#hold.keep({ send, onFailure: (error) => handler.onFailure(error) })
      return
    }
    if (!this.#takesRequests()) {
      this.#refuse(handler)
      return
    }
    const deadlineMs = (isLogin ? this.#clock.monotonicMs() : this.#deadlines.touch()) + timeoutMs
    const sentAtMs = this.#clock.stopwatchMs()
    this.#requests.append({ correlationId, api, version, timeoutMs, sentAtMs, deadlineMs, handler })
    this.#keepAliveIfBusy()
    this.#deadlines.add(deadlineMs)
    this.#writer.write(frame)
  }

  /**
   * Writes a request that no answer will follow (Produce with acks 0). `onWritten` when its bytes
   * are in the kernel, or else `onFailure`; one of the two, once, never synchronously. After
   * `timeoutMs` without either the connection is closed: the other side no longer reads.
   */
  sendFrameWithoutAnswer(
    frame: readonly Uint8Array[],
    timeoutMs: number,
    onWritten: () => void,
    onFailure: (error: OttlaError) => void,
  ): void {
    if (this.#mustWait()) {
      const send = (): void => this.sendFrameWithoutAnswer(frame, timeoutMs, onWritten, onFailure)
      this.#hold.keep({ send, onFailure })
      return
    }
    if (!this.#takesRequests()) {
      this.#refuse({ onFailure })
      return
    }
    this.#lastUnansweredMs = this.#deadlines.touch()
    const request = { timeoutMs, deadlineMs: this.#lastUnansweredMs + timeoutMs, onFailure }
    this.#writer.expect(request)
    this.#keepAliveIfBusy()
    this.#deadlines.add(request.deadlineMs)
    this.#writer.writeUnanswered(frame, request, onWritten)
  }

  /**
   * Sends a small request in the highest common version and decodes its answer. Rejects with
   * BrokerError (no common version), ProtocolError or ConnectionError.
   */
  async request<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    options: RequestOptions = {},
  ): Promise<Response> {
    const version = this.#versions.version(api)
    return await this.exchange(api, version, request, options, (reader) => {
      const response = api.decodeResponse(reader, version)
      reader.expectEnd()
      return response
    })
  }

  /** As `request`, in a version and with a decoder of the caller's: the handshake needs both. */
  exchange<Request, Response, Result>(
    api: Api<Request, Response>,
    version: number,
    request: Request,
    options: RequestOptions,
    decode: (reader: Reader, frame: Buffer) => Result,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const correlationId = this.nextCorrelationId()
      const { clientId, requestTimeoutMs } = this.#options
      const frame = encodeRequestFrame(api, request, { version, correlationId, clientId })
      const timeoutMs = options.timeoutMs ?? requestTimeoutMs
      const onResponse = (reader: Reader, frame: Buffer): void => resolve(decode(reader, frame))
      const handler = { onResponse, onFailure: reject }
      this.sendFrame([frame], correlationId, api, version, timeoutMs, handler, options.isLogin)
    })
  }

  /**
   * Takes no further request, and closes as soon as none waits for its answer: for a broker no longer
   * needed. What a login kept waiting never left, and is refused: nobody would end that hold.
   */
  closeWhenIdle(reason: OttlaError): void {
    if (this.#state !== ConnectionState.ready) {
      this.close(reason)
      return
    }
    this.#state = ConnectionState.retiring
    this.#closeReason = reason
    for (const request of this.#hold.end()) this.#refuse(request)
    this.#afterRequest()
  }

  /** Closes at once and fails every waiting request with `reason`, oldest first. Idempotent. */
  close(reason: OttlaError): void {
    this.#end(reason, !isOurWish(reason))
  }

  #end(reason: OttlaError, isLost: boolean): void {
    if (this.#state === ConnectionState.closed) return
    const wasReady = this.isOpen || this.#state === ConnectionState.retiring
    this.#state = ConnectionState.closed
    this.#closeReason = reason
    this.#deadlines.clear()
    this.#throttle.clear()
    this.#hold.stopSession()
    this.#writer.destroy()
    this.#reader.stop(reason)
    this.#writer.failUnanswered(reason, this.#logger)
    for (const request of this.#hold.end()) failSafely(request, reason, this.#logger)
    this.#hold.settle(reason)
    if (!wasReady) return
    this.#statistics?.closed(isLost)
    this.#listener.onClose(this, reason)
  }

  /** Not for callers: the transport's. */
  onData(chunk: Buffer): void {
    this.#reader.read(chunk)
  }

  onClose(error: Error | null): void {
    const phase = this.#phase()
    const waiting = this.#requests.describe()
    const mayBeRefusal = this.#mayBeRefusal(phase)
    this.#end(reasons.streamEnded(this, { phase, waiting, mayBeRefusal, cause: error }), true)
  }

  /** TLS is refused at the first byte, a missing login at the first request after the handshake. */
  #mayBeRefusal(phase: ConnectionPhase): boolean {
    if (phase === 'handshake') return true
    return phase === 'request' && !this.#reader.hasServed && this.nodeId === UNKNOWN_NODE_ID
  }

  #phase(): ConnectionPhase {
    if (this.#requests.asksForLogin) return 'authenticate'
    if (this.#state === ConnectionState.handshaking) return 'handshake'
    return this.#isBusy() || this.#wasUnansweredLately() ? 'request' : 'idle'
  }

  /** A broker that refuses a request without answer hangs up: nothing else shows it. */
  #wasUnansweredLately(): boolean {
    return this.#clock.monotonicMs() - this.#lastUnansweredMs < this.#options.requestTimeoutMs
  }

  /** A login is on, or must come first. */
  #mustWait(): boolean {
    return this.#hold.mustWait(this.isOpen)
  }

  #isBusy(): boolean {
    return this.#requests.length + this.#writer.unansweredCount > 0
  }

  #takesRequests(): boolean {
    return this.#state === ConnectionState.ready || this.#state === ConnectionState.handshaking
  }

  #refuse(handler: Pick<ResponseHandler, 'onFailure'>): void {
    const reason = this.#closeReason ?? reasons.notOpen(this)
    this.#clock.defer(() => {
      failSafely(handler, reason, this.#logger)
    })
  }

  #tellWritable(): void {
    if (this.isWritable) this.#listener.onWritable(this)
  }

  #afterAnswer(): void {
    if (!this.#hold.isOn) this.#listener.onAnswered?.(this)
    this.#afterRequest()
  }

  #afterRequest(): void {
    if (this.#state === ConnectionState.closed) return
    if (!this.#hold.isOn) this.#deadlines.touch() // a login alone is no use of it
    this.#afterChange()
  }

  #afterChange(): void {
    this.#keepAliveIfBusy()
    if (this.#isBusy()) return
    this.#hold.settle(null)
    if (this.#state !== ConnectionState.retiring) return
    if (this.#closeReason !== undefined) this.close(this.#closeReason)
  }

  #keepAliveIfBusy(): void {
    this.#writer.keepAlive(this.#isBusy())
  }
}

/** It is not needed any more, or was not used: nothing is wrong with it. */
function isOurWish(reason: OttlaError): boolean {
  if (reason instanceof ClosedError) return true
  return reason instanceof ConnectionError && OUR_WISHES.has(reason.phase)
}

const OUR_WISHES: ReadonlySet<ConnectionPhase> = new Set(['close', 'idle', 'connect'])
