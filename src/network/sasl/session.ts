/**
 * Keeps one connection logged in: before its session ends, it logs in again on the same connection
 * (KIP-368), since a broker closes without a word a connection whose session is over.
 *
 *   begun ──85 to 95 % of its life──> first bytes of the login ──> hold: what is in flight is answered
 *     ^                                    │ a user's function fails:        │
 *     │                                    └ once more a moment later        v
 *     └──────────── release: what has waited is sent <────────────── login on the connection
 *                                                                            └─ refused: closed
 *
 * - A session shorter than two seconds is not prolonged: brokers refuse a second login within one second
 *   of the last. Its connection is closed once idle, and the next one is dialled.
 * - Time is the stopwatch's: the broker's time goes on while this program is busy.
 *
 * Neighbours: login.ts makes it and carries the exchange; connection.ts holds and releases.
 */
import type { Clock, Timer } from '../../clock.js'
import { ConnectionError, OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { formatAddress } from '../address.js'
import type { ApiVersionTable } from '../connection/api-version-table.js'
import type { Connection } from '../connection/connection.js'
import { CREDENTIALS_TIMEOUT_MS } from './credentials.js'
import { firstBytes } from './exchange.js'
import type { SaslExchange } from './mechanism.js'
import { callWithin } from './user-call.js'

/** As Java: 85 to 95 % of the session, at random, so that connections do not all do it at once. */
const EARLIEST_SHARE = 0.85
const SHARE_SPREAD = 0.1

/** Brokers answer 34 to a login within a second of the last one's start; with a margin. */
const LEAST_BETWEEN_MS = 1_100

/** Shorter sessions are not prolonged: there would be no time left in which to do it. */
const LEAST_PROLONGED_MS = 2_000

/** Of the session, kept for the login itself: a few round trips, however far the broker is. */
const TIME_TO_LOG_IN_MS = 500

/** After a failure of the user's function, or a refusal that says "not yet". */
const RETRY_MS = 1_000

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** How long a session lasts. */
export interface SessionTerms {
  /** 0 for ever. */
  readonly lifetimeMs: number
  /** When the last request of its login left, by the stopwatch. */
  readonly startedAtMs: number
}

/** A login that has its first bytes. */
export interface SessionAttempt {
  readonly connection: Connection
  readonly versions: ApiVersionTable
  readonly exchange: SaslExchange
  readonly first: Uint8Array
  /** On a connection that has had one. */
  readonly isAgain: boolean
  readonly timeoutMs: number
}

/** Who logs in; login.ts. */
export interface SessionLogin {
  begin(connection: Connection, signal: AbortSignal, patienceMs?: number): SaslExchange
  run(attempt: SessionAttempt): Promise<SessionTerms>
}

/** What a session is made of. */
export interface SessionParts {
  readonly login: SessionLogin
  readonly connection: Connection
  readonly versions: ApiVersionTable
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Log
}

/** One for each connection. */
export class Session {
  readonly #parts: SessionParts
  readonly #controller = new AbortController()
  #timer: Timer | undefined
  /** By the stopwatch; Infinity for a session without end. */
  #endsAtMs = Infinity
  #renewAtMs = Infinity
  #isShort = false
  #isRenewing = false
  /** It was said that there are no credentials. */
  #isTold = false

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** The session is over: a request would be met by a closed connection. */
  get isOver(): boolean {
    return this.#endsAtMs !== Infinity && this.#parts.clock.stopwatchMs() >= this.#endsAtMs
  }

  /** A login has succeeded: until when it holds, and when to renew it. */
  begun({ lifetimeMs, startedAtMs }: SessionTerms): void {
    this.#timer?.clear()
    this.#endsAtMs = Infinity
    if (!(lifetimeMs > 0)) return
    const share = EARLIEST_SHARE + SHARE_SPREAD * this.#parts.random()
    this.#isShort = lifetimeMs < LEAST_PROLONGED_MS
    this.#endsAtMs = startedAtMs + lifetimeMs
    const earliestMs = this.#isShort ? 0 : LEAST_BETWEEN_MS
    this.#wakeAt(startedAtMs + Math.max(lifetimeMs * share, earliestMs))
  }

  /** The connection is closed: no timer is left, and nobody is asked for credentials. */
  stop(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#controller.abort(new Error('the connection is closed'))
  }

  /**
   * Logs in again (true), or has the connection replaced (false). Called at its time, and where a
   * request finds the session over.
   */
  renew(): boolean {
    if (this.#isRenewing) return true
    const { connection } = this.#parts
    if (!connection.isOpen) return false // it takes no more requests
    this.#timer?.clear()
    if (this.#isShort) {
      connection.closeWhenIdle(this.#ended('is too short to be prolonged'))
      return false
    }
    this.#isRenewing = true
    void this.#renewNow()
    return true
  }

  /** The login is over before what has waited for it is sent, which may find that session over as well. */
  async #renewNow(): Promise<void> {
    const { connection } = this.#parts
    try {
      await this.#loginAgain()
    } catch (error) {
      connection.close(this.#asFailure(error))
    }
    this.#isRenewing = false
    connection.release()
  }

  /**
   * Credentials first, while requests flow: a vault may take seconds. Only the broker's part is
   * under `hold`.
   */
  async #loginAgain(): Promise<void> {
    const { clock, connection, versions, login } = this.#parts
    const patienceMs = Math.max(0, this.#endsAtMs - clock.stopwatchMs() - TIME_TO_LOG_IN_MS)
    const exchange = login.begin(connection, this.#controller.signal, patienceMs)
    let first: Uint8Array
    try {
      const limits = { clock, timeoutMs: CREDENTIALS_TIMEOUT_MS }
      first = await callWithin(() => firstBytes(connection, exchange), limits)
    } catch (error) {
      await this.#withoutCredentials(error)
      return
    }
    if (!connection.isOpen) return
    this.#credentialsCame()
    const timeoutMs = await connection.hold()
    try {
      this.begun(
        await login.run({ connection, versions, exchange, first, isAgain: true, timeoutMs }),
      )
    } catch (error) {
      if (!isNotYet(error) || this.isOver) throw error
      await connection.hold() // both messages have left together: the second one's answer comes too
      this.#wakeIn(RETRY_MS)
    }
  }

  /** The user's function has failed: again in a moment, for as long as the session lasts. */
  async #withoutCredentials(error: unknown): Promise<void> {
    const { connection, clock, logger } = this.#parts
    if (this.#controller.signal.aborted) return
    const leftMs = this.#endsAtMs - clock.stopwatchMs()
    if (leftMs <= 0) {
      await connection.hold() // what is in flight is answered first
      throw error
    }
    const { host, port } = connection
    const facts = { host, port, err: error }
    const message = 'cannot log in again yet; the session goes on until it ends'
    if (this.#isTold) logger.debug(facts, message)
    else logger.warn(facts, message)
    this.#isTold = true
    this.#wakeIn(Math.min(RETRY_MS, leftMs))
  }

  #credentialsCame(): void {
    if (!this.#isTold) return
    this.#isTold = false
    const { host, port } = this.#parts.connection
    this.#parts.logger.info({ host, port }, 'there are credentials again; logging in again')
  }

  #wakeIn(delayMs: number): void {
    this.#wakeAt(this.#parts.clock.stopwatchMs() + delayMs)
  }

  /**
   * By the stopwatch, since the broker's time goes on while this program is busy. A timer longer
   * than 2^31 - 1 ms fires at once, so that a long session is waited for in parts.
   */
  #wakeAt(atMs: number): void {
    if (this.#controller.signal.aborted) return // `stop` was called amid a login
    this.#renewAtMs = atMs
    const delayMs = Math.min(atMs - this.#parts.clock.stopwatchMs(), LONGEST_TIMER_MS)
    this.#timer?.clear()
    this.#timer = this.#parts.clock.setTimer(() => this.#wake(), delayMs, { keepAlive: false })
  }

  #wake(): void {
    if (this.#parts.clock.stopwatchMs() < this.#renewAtMs) this.#wakeAt(this.#renewAtMs)
    else this.renew()
  }

  #ended(why: string): ConnectionError {
    const { host, port } = this.#parts.connection
    const message = `the session at ${formatAddress({ host, port })} ${why}: a new connection takes over`
    return new ConnectionError(message, { host, port, phase: 'idle' })
  }

  #asFailure(error: unknown): OttlaError {
    if (error instanceof OttlaError) return error
    const { host, port } = this.#parts.connection
    const message = `cannot log in again at ${formatAddress({ host, port })}: ${String(error)}`
    return new ConnectionError(message, { host, port, phase: 'authenticate', cause: error })
  }
}

/** The broker does not take a login at this moment; the connection stays good. */
function isNotYet(error: unknown): boolean {
  return error instanceof ConnectionError && error.code === 'ERR_OTTLA_SASL_STATE'
}
