/**
 * Reads the answers of one connection and gives each to who waits for it: the oldest request, since a
 * broker answers strictly in order. Another correlation id than the next one, an answer that nobody
 * waits for and one that cannot be read mean a broken stream.
 *
 *   bytes ──> frames ──> the oldest request's handler ──> onAnswered
 *                └───────── broken ─────────────────────> onBroken
 *
 * Neighbours: connection.ts is its only user; frame-splitter.ts cuts; request-queue.ts keeps who waits.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { decodeResponseHeader } from '../../protocol/header.js'
import { Reader } from '../../protocol/reader.js'
import type { Address } from '../transport/transport.js'
import * as reasons from './connection-errors.js'
import { FrameSplitter, MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES } from './frame-splitter.js'
import { RequestQueue, failSafely } from './request-queue.js'
import type { PendingRequest } from './request-queue.js'

/** Called with what the stream brings. */
export interface AnswerListener {
  /** A request has its answer. */
  onAnswered(): void
  /** The stream cannot be read on. */
  onBroken(reason: OttlaError): void
}

/** What it reads with. */
export interface AnswerReaderParts {
  /** For messages. */
  readonly address: Address
  readonly clock: Clock
  readonly logger: Log
  readonly listener: AnswerListener
}

/** One for each connection. */
export class AnswerReader {
  readonly requests = new RequestQueue()
  readonly #parts: AnswerReaderParts
  readonly #clock: Clock
  readonly #splitter = new FrameSplitter(MAX_FIRST_FRAME_BYTES)
  #isReady = false
  #isStopped = false
  #hasServed = false
  #shortestRoundTripMs = Infinity

  constructor(parts: AnswerReaderParts) {
    this.#parts = parts
    this.#clock = parts.clock
  }

  /** Something was answered after the handshake. */
  get hasServed(): boolean {
    return this.#hasServed
  }

  /** The shortest time from a request to its answer so far, the handshake's too; Infinity before. */
  get shortestRoundTripMs(): number {
    return this.#shortestRoundTripMs
  }

  /** The handshake is over: answers may be large. */
  becomeReady(): void {
    this.#isReady = true
    this.#splitter.maxFrameBytes = MAX_FRAME_BYTES
  }

  /** Takes bytes in the order of the wire. Never throws. */
  read(chunk: Buffer): void {
    try {
      this.#splitter.push(chunk, this.#onFrame)
    } catch (error) {
      const head = this.#isReady ? undefined : this.#splitter.refusedHead
      this.#parts.listener.onBroken(reasons.unreadable(this.#parts.address, head, error))
    }
  }

  /** Reads nothing more; what waits is failed, oldest first. */
  stop(reason: OttlaError): void {
    this.#isStopped = true
    this.#splitter.stop()
    this.requests.failAll(reason, this.#parts.logger)
  }

  readonly #onFrame = (frame: Buffer): void => {
    const request = this.requests.takeOldest()
    if (request === undefined) {
      this.#parts.listener.onBroken(reasons.unasked(this.#parts.address))
      return
    }
    const roundTripMs = this.#clock.stopwatchMs() - request.sentAtMs
    this.#shortestRoundTripMs = Math.min(this.#shortestRoundTripMs, roundTripMs)
    this.#hasServed ||= this.#isReady
    try {
      this.#answer(request, frame)
    } catch (error) {
      const what = `the answer to ${request.api.name} v${request.version}`
      this.#failUnusable(request, reasons.undecodable(this.#parts.address, what, error))
      return
    }
    this.#parts.listener.onAnswered()
  }

  #answer(request: PendingRequest, frame: Buffer): void {
    const { api, version, correlationId } = request
    const reader = new Reader(frame, { apiName: api.name, version })
    const received = decodeResponseHeader(reader, api, version)
    if (received !== correlationId) throw reasons.outOfOrder(received, request)
    request.handler.onResponse(reader, frame)
  }

  #failUnusable(request: PendingRequest, reason: OttlaError): void {
    if (this.#isStopped) {
      failSafely(request.handler, reason, this.#parts.logger) // closed by the handler that then threw
      return
    }
    this.requests.putBack(request)
    this.#parts.listener.onBroken(reason)
  }
}
