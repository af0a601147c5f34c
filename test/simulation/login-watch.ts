/**
 * Watches what the producer writes on one stream where clients must log in:
 *
 *   - a login begins only when every answer is there, and every byte before it has left
 *   - nothing but the login leaves between SaslHandshake and its last answer (KIP-368)
 *   - nothing leaves on a session that is over, or after a refusal
 *   - requests leave in the order of their correlation ids; so do the messages of logins
 *
 * Neighbours: wire.ts shows it both ways.
 */
import { FrameSplitter } from '../../src/network/connection/frame-splitter.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { decodeResponseHeader } from '../../src/protocol/header.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { saslAuthenticate } from '../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.js'
import { Reader } from '../../src/protocol/reader.js'

export interface WatchOptions {
  readonly nowMs: () => number
  readonly wrong: (what: string) => void
  /** Produce has no answer (acks 0). */
  readonly isUnanswered: boolean
}

/** One request that was written. */
export interface WrittenRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
}

export class LoginWatch {
  readonly #name: string
  readonly #options: WatchOptions
  readonly #splitter = new FrameSplitter()
  readonly #owed: WrittenRequest[] = []
  #isBroken = false
  #isLoggingIn = false
  #isRefused = false
  #loginLeftMs = 0
  #sessionEndsMs = Infinity
  /** Of logins, and of all else: a request that had to wait for a login is older than it. */
  readonly #lastIds = { login: -1, other: -1 }
  /** The first question after a login is part of opening the connection. */
  #isOpening = true

  constructor(name: string, options: WatchOptions) {
    this.#name = name
    this.#options = options
  }

  /** `isBehind`: bytes written before have not left yet. */
  wrote(request: WrittenRequest, isBehind: boolean): void {
    const { apiKey, correlationId } = request
    const nowMs = this.#options.nowMs()
    this.#checkOrder(apiKey, correlationId)
    if (this.#isRefused) this.#wrong('a request leaves after a refused login')
    if (apiKey === saslHandshake.key) {
      if (this.#owed.length > 0)
        this.#wrong(`a login begins, and ${this.#owed.length} answers are owed`)
      if (isBehind) this.#wrong('a login begins behind bytes that have not left')
      this.#isLoggingIn = true
    } else if (apiKey === saslAuthenticate.key) {
      this.#loginLeftMs = nowMs
    } else {
      if (this.#isLoggingIn) this.#wrong('a request leaves in the middle of a login')
      const isOver = nowMs >= this.#sessionEndsMs
      if (isOver && !this.#isOpening) this.#wrong('a request leaves on a session that is over')
      if (apiKey !== apiVersions.key) this.#isOpening = false
    }
    const isUnanswered = apiKey === produce.key && this.#options.isUnanswered
    if (!isUnanswered) this.#owed.push(request)
  }

  #checkOrder(apiKey: number, correlationId: number): void {
    const isLogin = apiKey === saslHandshake.key || apiKey === saslAuthenticate.key
    const kind = isLogin ? 'login' : 'other'
    const lastId = this.#lastIds[kind]
    if (correlationId <= lastId) this.#wrong(`${correlationId} leaves after ${lastId}`)
    this.#lastIds[kind] = correlationId
  }

  read(chunk: Buffer): void {
    if (this.#isBroken) return
    try {
      this.#splitter.push(Buffer.from(chunk), (frame) => this.#answered(frame))
    } catch {
      this.#isBroken = true // a fault of the wire: the producer closes
    }
  }

  #answered(frame: Buffer): void {
    const request = this.#owed.shift()
    if (request === undefined) return
    const { apiKey, version } = request
    if (apiKey !== saslHandshake.key && apiKey !== saslAuthenticate.key) return
    const api = apiKey === saslHandshake.key ? saslHandshake : saslAuthenticate
    const reader = new Reader(frame, { apiName: api.name, version })
    decodeResponseHeader(reader, api, version)
    const { ILLEGAL_SASL_STATE, NONE } = ErrorCodes
    const answer = api.decodeResponse(reader, version)
    if (answer.errorCode === ILLEGAL_SASL_STATE) this.#isLoggingIn = this.#owed.length > 0
    else if (answer.errorCode !== NONE) this.#isRefused = true
    else if ('authBytes' in answer && answer.authBytes.length === 0) {
      this.#isLoggingIn = false
      const lifetimeMs = Number(answer.sessionLifetimeMs)
      this.#sessionEndsMs = lifetimeMs > 0 ? this.#loginLeftMs + lifetimeMs : Infinity
    }
  }

  #wrong(what: string): void {
    this.#options.wrong(`${this.#name}: ${what}`)
  }
}
