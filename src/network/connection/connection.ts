/**
 * One stream to one broker: requests out, answers in, matched in order.
 *
 *   DIALLING ──start──> HANDSHAKING ──becomeReady──> READY ──closeWhenIdle──> RETIRING
 *       │                    │                         │                         │
 *       └────────────────────┴─────── close ───────────┴───── close, or idle ────┴──> CLOSED
 *
 * Requests are pipelined; a broker answers strictly in order, so that a correlation id out of order
 * means a broken stream and closes it. So does an answer that is late, since nothing tells a late
 * answer from the next one's. Closing fails every waiting request with the reason, oldest first.
 *
 * Not a retry, and no policy: it neither dials again nor knows what a request is about. Nothing is
 * thrown out of a socket's callback. Its one deadline timer and its throttle timer never keep the
 * process alive; requests on the wire do. Counterpart in Kafka: NetworkClient with one node.
 *
 * Neighbours: open-connection.ts makes it; broker-pool.ts and control-plane.ts own it; the
 * producer's sender writes to it.
 */
import type { Clock, Timer } from '../../clock.js'
import type { ConnectionPhase, OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { Api } from '../../protocol/api.js'
import { decodeResponseHeader } from '../../protocol/header.js'
import { Reader } from '../../protocol/reader.js'
import { formatAddress } from '../address.js'
import { ApiVersionTable } from './api-version-table.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import { ConnectionState } from './connection-contract.js'
import type {
  ConnectionContext,
  ConnectionListener,
  ConnectionSession,
  ConnectionTarget,
  RequestOptions,
} from './connection-contract.js'
import * as reasons from './connection-errors.js'
import { FrameSplitter, MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES } from './frame-splitter.js'
import type { NetworkOptions } from '../options.js'
import { encodeRequestFrame } from './request-frame.js'
import { RequestHold } from './request-hold.js'
import { RequestQueue, failSafely } from './request-queue.js'
import type { PendingRequest, RespondingApi, ResponseHandler } from './request-queue.js'
import type { Transport, TransportHandlers } from '../transport/transport.js'
import { WakeTimer } from '../wake-timer.js'

export type {
  ConnectionListener,
  ConnectionSession,
  ConnectionTarget,
  RequestOptions,
} from './connection-contract.js'
export type { ResponseHandler } from './request-queue.js'

const MAX_CORRELATION_ID = 0x7fffffff

/** A request without answer (acks 0) that is not in the kernel yet. */
interface UnansweredRequest {
  readonly timeoutMs: number
  /** Monotonic. */
  readonly deadlineMs: number
  onFailure(error: OttlaError): void
}

/** A connection to a broker. */
export class Connection implements TransportHandlers {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly #clock: Clock
  readonly #options: NetworkOptions
  readonly #logger: Log
  readonly #listener: ConnectionListener
  readonly #splitter = new FrameSplitter(MAX_FIRST_FRAME_BYTES)
  readonly #requests = new RequestQueue()
  readonly #unanswered = new Set<UnansweredRequest>()
  #state: ConnectionState = ConnectionState.dialling
  #transport: Transport | undefined
  #versions: ApiVersionTable
  #closeReason: OttlaError | undefined
  #correlationId = -1
  #unwrittenCount = 0
  #isReferenced = true
  #lastUsedMs: number
  #lastUnansweredMs = -Infinity
  readonly #timer: WakeTimer
  #throttleTimer: Timer | undefined
  #throttledUntilMs = 0
  #shortestRoundTripMs = Infinity
  /** It has answered something after the handshake. */
  #hasServed = false
  #session: ConnectionSession | undefined
  readonly #hold = new RequestHold()

  constructor(context: ConnectionContext, address: ConnectionTarget, listener: ConnectionListener) {
    this.nodeId = address.nodeId
    this.host = address.host
    this.port = address.port
    this.#clock = context.clock
    this.#options = context.options
    this.#logger = context.logger
    this.#listener = listener
    this.#versions = new ApiVersionTable([], {}, formatAddress(address))
    this.#lastUsedMs = context.clock.monotonicMs()
    this.#timer = new WakeTimer(context.clock, () => {
      this.#checkDeadlines()
    })
  }

  /** What this broker speaks; empty until the handshake is over. */
  get versions(): ApiVersionTable {
    return this.#versions
  }

  /** The handshake is over and requests are taken. */
  get isOpen(): boolean {
    return this.#state === ConnectionState.ready
  }

  /**
   * Open, nothing held, and every byte handed over so far in the kernel: the socket is not backed up. A
   * session that is over is renewed where somebody asks: `onWritable` follows.
   */
  get isWritable(): boolean {
    return !this.#mustWait() && this.isOpen && this.#unwrittenCount === 0 // in this order: it may close
  }

  /** Requests whose answers have not come. */
  get inFlightCount(): number {
    return this.#requests.length
  }

  /** Monotonic time before which the broker wants no further request (KIP-219); 0 if never asked. */
  get throttledUntilMs(): number {
    return this.#throttledUntilMs
  }

  /** The shortest time from a request to its answer so far, the handshake's too; Infinity before. */
  get shortestRoundTripMs(): number {
    return this.#shortestRoundTripMs
  }

  /** Puts a dialled transport to use. Destroys it if the connection was closed in the meantime. */
  start(transport: Transport): void {
    if (this.#state !== ConnectionState.dialling) {
      transport.destroy()
      return
    }
    this.#transport = transport
    this.#state = ConnectionState.handshaking
    this.#keepAliveIfBusy()
  }

  /** Ends the handshake: from here on requests are taken. */
  becomeReady(versions: ApiVersionTable, session?: ConnectionSession): void {
    if (this.#state !== ConnectionState.handshaking) {
      session?.stop()
      return
    }
    this.#versions = versions
    this.#session = session
    this.#state = ConnectionState.ready
    this.#splitter.maxFrameBytes = MAX_FRAME_BYTES
    this.#touch()
  }

  /**
   * Notes that the broker asked for a pause of `throttleTimeMs` (KIP-219). Whoever sends respects
   * it by `throttledUntilMs`; `onWritable` is called when it is over. The broker reads nothing until
   * then, so that requests which are under way have so much longer.
   */
  throttle(throttleTimeMs: number): void {
    const untilMs = this.#clock.monotonicMs() + throttleTimeMs
    if (throttleTimeMs <= 0 || untilMs <= this.#throttledUntilMs || !this.isOpen) return
    this.#requests.postpone(untilMs - Math.max(this.#throttledUntilMs, this.#clock.monotonicMs()))
    this.#throttledUntilMs = untilMs
    this.#throttleTimer?.clear()
    const wake = (): void => {
      if (this.isWritable) this.#listener.onWritable(this)
    }
    this.#throttleTimer = this.#clock.setTimer(wake, throttleTimeMs, { keepAlive: false })
  }

  /**
   * Lets nothing through but a login, and waits until all that was sent before is answered. Returns the
   * time that the login may take, ms. Rejects with the reason for which the connection is closed.
   */
  async hold(): Promise<number> {
    if (!this.#takesRequests()) throw this.#closeReason ?? reasons.notOpen(this)
    this.#hold.begin()
    if (this.#isBusy()) await this.#hold.untilIdle()
    const throttledMs = this.#throttledUntilMs - this.#clock.monotonicMs()
    return this.#options.connectionTimeoutMs + Math.max(0, throttledMs)
  }

  /** Ends `hold`: sends what has waited, in its order, and lets the sender write again. */
  release(): void {
    const held = this.#hold.end()
    if (this.#state === ConnectionState.closed) return
    for (const request of held) request.send()
    this.#afterChange()
    if (this.isWritable) this.#listener.onWritable(this)
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
    const deadlineMs = (isLogin ? this.#clock.monotonicMs() : this.#touch()) + timeoutMs
    const sentAtMs = this.#clock.stopwatchMs()
    this.#requests.append({ correlationId, api, version, timeoutMs, sentAtMs, deadlineMs, handler })
    this.#keepAliveIfBusy()
    this.#timer.wakeAt(deadlineMs)
    this.#write(frame, this.#onFrameWritten)
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
    this.#lastUnansweredMs = this.#touch()
    const request = { timeoutMs, deadlineMs: this.#lastUnansweredMs + timeoutMs, onFailure }
    this.#unanswered.add(request)
    this.#keepAliveIfBusy()
    this.#timer.wakeAt(request.deadlineMs)
    this.#write(frame, () => {
      if (!this.#unanswered.delete(request)) return
      onWritten()
      this.#onFrameWritten()
      this.#afterRequest()
    })
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

  /** Takes no further request, and closes as soon as none waits: for a broker no longer needed. */
  closeWhenIdle(reason: OttlaError): void {
    if (this.#state !== ConnectionState.ready) {
      this.close(reason)
      return
    }
    this.#state = ConnectionState.retiring
    this.#closeReason = reason
    this.#afterRequest()
  }

  /** Closes at once and fails every waiting request with `reason`, oldest first. Idempotent. */
  close(reason: OttlaError): void {
    if (this.#state === ConnectionState.closed) return
    const wasReady = this.isOpen || this.#state === ConnectionState.retiring
    this.#state = ConnectionState.closed
    this.#closeReason = reason
    this.#splitter.stop()
    this.#timer.clear()
    this.#throttleTimer?.clear()
    this.#session?.stop()
    this.#transport?.destroy()
    this.#requests.failAll(reason, this.#logger)
    const others = [...this.#unanswered, ...this.#hold.end()]
    this.#unanswered.clear()
    for (const request of others) failSafely(request, reason, this.#logger)
    this.#hold.settle(reason)
    if (wasReady) this.#listener.onClose(this, reason)
  }

  /** Not for callers: the transport's. */
  onData(chunk: Buffer): void {
    try {
      this.#splitter.push(chunk, this.#onFrame)
    } catch (error) {
      const head = this.isOpen ? undefined : this.#splitter.refusedHead
      this.close(reasons.unreadable(this, head, error))
    }
  }

  onClose(error: Error | null): void {
    const phase = this.#phase()
    const waiting = this.#requests.describe()
    const mayBeRefusal = this.#mayBeRefusal(phase)
    this.close(reasons.streamEnded(this, { phase, waiting, mayBeRefusal, cause: error }))
  }

  /** TLS is refused at the first byte, a missing login at the first request after the handshake. */
  #mayBeRefusal(phase: ConnectionPhase): boolean {
    if (phase === 'handshake') return true
    return phase === 'request' && !this.#hasServed && this.nodeId === UNKNOWN_NODE_ID
  }

  #phase(): ConnectionPhase {
    if (this.#requests.asksForLogin) return 'authenticate'
    if (this.#state === ConnectionState.handshaking) return 'handshake'
    return this.#isBusy() || this.#wasUnansweredLately() ? 'request' : 'idle'
  }

  /** A broker that refuses a request without answer hangs up: nothing else tells of it. */
  #wasUnansweredLately(): boolean {
    return this.#clock.monotonicMs() - this.#lastUnansweredMs < this.#options.requestTimeoutMs
  }

  /** A login is on, or must come first. */
  #mustWait(): boolean {
    const isOver = this.isOpen && !this.#hold.isOn && this.#session?.isOver === true
    if (isOver && this.#session?.renew() === true) this.#hold.begin()
    return this.#hold.isOn
  }

  #isBusy(): boolean {
    return this.#requests.length + this.#unanswered.size > 0
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

  #write(frame: readonly Uint8Array[], onWritten: () => void): void {
    this.#unwrittenCount++
    this.#transport?.write(frame, onWritten)
  }

  // One function for all writes: the hot path makes no closure.
  readonly #onFrameWritten = (): void => {
    this.#unwrittenCount--
    if (this.isWritable) this.#listener.onWritable(this)
  }

  readonly #onFrame = (frame: Buffer): void => {
    const request = this.#requests.takeOldest()
    if (request === undefined) {
      this.close(reasons.unasked(this))
      return
    }
    const roundTripMs = this.#clock.stopwatchMs() - request.sentAtMs
    this.#shortestRoundTripMs = Math.min(this.#shortestRoundTripMs, roundTripMs)
    this.#hasServed ||= this.isOpen
    try {
      this.#answer(request, frame)
    } catch (error) {
      const what = `the answer to ${request.api.name} v${request.version}`
      this.#failUnusable(request, reasons.undecodable(this, what, error))
      return
    }
    this.#afterRequest()
  }

  #answer(request: PendingRequest, frame: Buffer): void {
    const { api, version, correlationId } = request
    const reader = new Reader(frame, { apiName: api.name, version })
    const received = decodeResponseHeader(reader, api, version)
    if (received !== correlationId) throw reasons.outOfOrder(received, request)
    request.handler.onResponse(reader, frame)
  }

  #failUnusable(request: PendingRequest, reason: OttlaError): void {
    if (this.#state === ConnectionState.closed) {
      failSafely(request.handler, reason, this.#logger) // closed by the handler that then threw
      return
    }
    this.#requests.putBack(request)
    this.close(reason)
  }

  #afterRequest(): void {
    if (this.#state === ConnectionState.closed) return
    if (!this.#hold.isOn) this.#touch() // a login alone is no use of it
    this.#afterChange()
  }

  #afterChange(): void {
    this.#keepAliveIfBusy()
    if (this.#isBusy()) return
    this.#hold.settle(null)
    if (this.#state !== ConnectionState.retiring || this.#hold.isOn) return
    if (this.#closeReason !== undefined) this.close(this.#closeReason)
  }

  #keepAliveIfBusy(): void {
    const isBusy = this.#isBusy()
    if (isBusy === this.#isReferenced) return
    this.#isReferenced = isBusy
    if (isBusy) this.#transport?.ref()
    else this.#transport?.unref()
  }

  /** Notes that the connection is in use; returns the present time. */
  #touch(): number {
    this.#lastUsedMs = this.#clock.monotonicMs()
    this.#timer.wakeAt(this.#idleDeadlineMs())
    return this.#lastUsedMs
  }

  #idleDeadlineMs(): number {
    return this.#lastUsedMs + this.#options.connectionsMaxIdleMs
  }

  #checkDeadlines(): void {
    const readUntilMs = this.#clock.readUntilMs()
    const urgent = this.#requests.mostUrgent()
    const [unwritten] = this.#unanswered // the oldest, and so the most urgent
    if (urgent !== undefined && urgent.deadlineMs <= readUntilMs) {
      this.close(reasons.answerLate(this, this.#phase(), urgent))
    } else if (unwritten !== undefined && unwritten.deadlineMs <= readUntilMs) {
      this.close(reasons.writeLate(this, unwritten.timeoutMs))
    } else if (this.#isBusy()) {
      const [answerMs, writtenMs] = [urgent?.deadlineMs, unwritten?.deadlineMs]
      this.#timer.wakeAt(Math.min(answerMs ?? Infinity, writtenMs ?? Infinity))
    } else if (this.#idleDeadlineMs() > readUntilMs) {
      this.#timer.wakeAt(this.#idleDeadlineMs())
    } else {
      this.close(reasons.unused(this, this.#options.connectionsMaxIdleMs))
    }
  }
}
