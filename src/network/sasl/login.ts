/**
 * A producer's way through SASL: the first login on each connection, and the later ones on it before
 * its session ends (KIP-368).
 *
 *   dial ──> versions ──> first login ──> requests … ──> [ hold ──> login again ──> release ] ──> requests …
 *
 * Not a decision on what to do about a refusal; it only says whether a login has worked before, which
 * is what decides: a password that has never worked is wrong, one that has may be right again in a
 * moment, since brokers refuse good ones while they restart.
 *
 * Neighbours: open-connection.ts logs in; session.ts logs in again; exchange.ts speaks.
 */
import type { Clock } from '../../clock.js'
import { AuthenticationError, ConnectionError, TimeoutError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { formatAddress } from '../address.js'
import type { ApiVersionTable } from '../connection/api-version-table.js'
import type { Connection } from '../connection/connection.js'
import type { ConnectionStatistics } from '../connection-statistics.js'
import type { ConnectionLogin } from '../context.js'
import { firstBytes, runLogin } from './exchange.js'
import type { SaslExchange, SaslMechanism } from './mechanism.js'
import { Session } from './session.js'
import type { SessionAttempt, SessionTerms } from './session.js'
import { callWithin } from './user-call.js'

/** What a login is made of. */
export interface LoginParts {
  readonly mechanism: SaslMechanism
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Log
  /** Counts logins; undefined where nobody does. */
  readonly statistics?: ConnectionStatistics | undefined
}

/** How long a login may take, from its first request on, and who gives it up. */
export interface LoginLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** One for a producer. */
export class Login implements ConnectionLogin {
  readonly #parts: LoginParts
  #hasWorked = false

  constructor(parts: LoginParts) {
    this.#parts = parts
  }

  /**
   * Logs in on a connection whose versions are known, and that takes no requests yet; returns what
   * keeps it logged in. Rejects with AuthenticationError, retriable where a login has worked before;
   * with ConnectionError or ProtocolError.
   */
  async perform(
    connection: Connection,
    versions: ApiVersionTable,
    limits: LoginLimits,
  ): Promise<Session> {
    const { clock, random, logger } = this.#parts
    const session = new Session({ login: this, connection, versions, clock, random, logger })
    let hasCredentials = false
    const login = async (signal: AbortSignal): Promise<Session> => {
      const exchange = this.begin(connection, signal)
      const first = await firstBytes(connection, exchange)
      hasCredentials = true
      const { timeoutMs } = limits
      const attempt = { connection, versions, exchange, first, isAgain: false, timeoutMs }
      session.begun(await this.run(attempt))
      return session
    }
    try {
      return await callWithin(login, { clock, ...limits })
    } catch (error) {
      throw error instanceof TimeoutError
        ? late(connection, limits.timeoutMs, hasCredentials)
        : error
    }
  }

  /** A new exchange of the mechanism; `signal` gives it up. */
  begin({ host, port }: Connection, signal: AbortSignal, patienceMs?: number): SaslExchange {
    return this.#parts.mechanism.start({ host, port, signal, patienceMs })
  }

  /** Carries an exchange through, whose first bytes are there. */
  async run(attempt: SessionAttempt): Promise<SessionTerms> {
    const { clock, mechanism } = this.#parts
    const deadlineMs = clock.monotonicMs() + attempt.timeoutMs
    let leftAtMs = clock.stopwatchMs()
    const timeLeftMs = (): number => {
      leftAtMs = clock.stopwatchMs()
      return deadlineMs - clock.monotonicMs()
    }
    try {
      const whole = { ...attempt, timeLeftMs, mechanism: mechanism.name }
      const limits = { clock, timeoutMs: attempt.timeoutMs }
      const { lifetimeMs } = await callWithin(() => runLogin(whole), limits)
      this.#hasWorked = true
      this.#parts.statistics?.authenticated(attempt.isAgain)
      return { lifetimeMs, startedAtMs: leftAtMs }
    } catch (error) {
      throw this.#judged(error, attempt)
    }
  }

  /** What has worked before is tried again. */
  #judged(error: unknown, { connection, timeoutMs }: SessionAttempt): unknown {
    if (error instanceof TimeoutError) return late(connection, timeoutMs, true)
    if (!(error instanceof AuthenticationError)) return error
    this.#parts.statistics?.authenticationFailed()
    if (!this.#hasWorked) return error
    const { message, host, port, mechanism, user, code, cause } = error
    return new AuthenticationError(message, {
      host, port, mechanism, user, code, cause, retriable: true,
    }) // prettier-ignore
  }
}

/** `hasCredentials`: it is not a function of the user's that we have waited for. */
function late(
  { host, port }: Connection,
  timeoutMs: number,
  hasCredentials: boolean,
): ConnectionError {
  const where = formatAddress({ host, port })
  const why = hasCredentials
    ? ''
    : ': a function of option sasl (username, password, token or authenticate) has not answered'
  const message = `the login at ${where} was not over within ${Math.round(timeoutMs)} ms${why}`
  const code = hasCredentials ? undefined : 'ERR_OTTLA_CREDENTIALS'
  return new ConnectionError(message, { host, port, phase: 'authenticate', code })
}
