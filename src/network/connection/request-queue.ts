/**
 * The requests of one connection that wait for their answers, in the order they were sent.
 *
 *   append ──> [ oldest … newest ] ──> takeOldest       brokers answer strictly in order
 *                      └─────────────> failAll          the connection is closed
 *
 * Not a socket and not a timer: it only knows by when the next answer is due. Both ends are arrays'
 * own, since the producer holds a handful of requests in flight.
 *
 * Neighbours: connection.ts is its only user.
 */
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { saslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import type { Reader } from '../../protocol/reader.js'
import type { ApiIdentity } from './api-version-table.js'

/** Who waits for an answer: exactly one of the two methods is called, exactly once. */
export interface ResponseHandler {
  /**
   * The answer: `frame` whole, `reader` over it with the header consumed, both valid during the
   * call only. If it throws, the connection is closed with that error, and `onFailure` follows as
   * if it had not been called.
   */
  onResponse(reader: Reader, frame: Buffer): void
  /** No answer will come. Whether the broker has seen the request is not known. Must not throw. */
  onFailure(error: OttlaError): void
}

/** The part of an `Api` that is needed to read the header of its response. */
export interface RespondingApi extends ApiIdentity {
  readonly flexibleFrom: number
}

const LOGIN_KEYS: ReadonlySet<number> = new Set([saslHandshake.key, saslAuthenticate.key])

/** A request in flight. */
export interface PendingRequest {
  readonly correlationId: number
  readonly api: RespondingApi
  readonly version: number
  readonly timeoutMs: number
  /** Monotonic; later than `timeoutMs` after it was sent where its broker pauses meanwhile. */
  deadlineMs: number
  /** By the stopwatch. */
  readonly sentAtMs: number
  readonly handler: ResponseHandler
}

/** First in, first out. */
export class RequestQueue {
  #requests: PendingRequest[] = []

  get length(): number {
    return this.#requests.length
  }

  /** The answer that is due next belongs to a login. */
  get asksForLogin(): boolean {
    const [oldest] = this.#requests
    return oldest !== undefined && LOGIN_KEYS.has(oldest.api.key)
  }

  append(request: PendingRequest): void {
    this.#requests.push(request)
  }

  takeOldest(): PendingRequest | undefined {
    return this.#requests.shift()
  }

  /** Undoes `takeOldest` where the answer turned out to be unusable. */
  putBack(request: PendingRequest): void {
    this.#requests.unshift(request)
  }

  /** The request whose answer is due first: not always the oldest, since time limits differ. */
  mostUrgent(): PendingRequest | undefined {
    let urgent = this.#requests[0]
    for (const request of this.#requests) {
      if (urgent === undefined || request.deadlineMs < urgent.deadlineMs) urgent = request
    }
    return urgent
  }

  /** Every answer may be so much later: the broker does not read meanwhile. */
  postpone(ms: number): void {
    for (const request of this.#requests) request.deadlineMs += ms
  }

  /** Names what waits, for messages: `Produce v9, Produce v9`. */
  describe(): string {
    return this.#requests.map(({ api, version }) => `${api.name} v${version}`).join(', ')
  }

  /** Empties the queue, then fails what was in it, oldest first. */
  failAll(reason: OttlaError, logger: Log): void {
    const requests = this.#requests
    this.#requests = []
    for (const { handler } of requests) failSafely(handler, reason, logger)
  }
}

/** Calls `onFailure`; one that throws must not keep the handlers after it from being called. */
export function failSafely(
  handler: Pick<ResponseHandler, 'onFailure'>,
  reason: OttlaError,
  logger: Log,
): void {
  try {
    handler.onFailure(reason)
  } catch (error) {
    logger.error({ err: error }, 'a handler of a failed request has thrown; this is a bug in Ottla')
  }
}
