/**
 * The token of OAUTHBEARER: asked for when the first login needs it, kept, and asked for again ahead
 * of its expiry.
 *
 *   none ──get──► asking ──► good ──refresh time, or refused by a broker──► asking
 *                   │                                                          │
 *                   └─ fails: get rejects                 fails: the good one serves on, 10 s long
 *
 * There is no timer: a login that finds the refresh due asks, and logins come ahead of the token's
 * end, since a session ends with its token (KIP-368). Calls are shared: however many logins wait, one
 * runs. While a refresh fails, or hangs for longer than the login can wait, the last good token serves
 * until it expires.
 *
 * Spec: KIP-255; Kafka's ExpiringCredentialRefreshingLogin. Neighbours: oauthbearer.ts.
 */
import type { Secret } from '../../secret.js'
import { describeThrown } from './clean-text.js'
import { CREDENTIALS_TIMEOUT_MS, credentialsError } from './credentials.js'
import type { SaslContext, SaslEnvironment } from './mechanism.js'
import { checkToken, type CheckedToken, type SaslTokenFunction } from './oauth-token.js'
import { callWithin, untilAborted } from './user-call.js'

/** As Java's `sasl.login.refresh.*`. */
const REFRESH_FACTOR = 0.8
const REFRESH_JITTER = 0.05
const MIN_PERIOD_MS = 60_000
const BUFFER_MS = 300_000
/** Between refreshes that fail, while there is a token to serve. */
const RETRY_MS = 10_000

/** How long a first login waits for a new token while the last one holds. */
const PATIENCE_MS = 5_000

interface GoodToken {
  readonly checked: CheckedToken
  /** By the stopwatch. */
  readonly refreshAtMs: number
}

/** A call of the user's function, shared by logins; given up when none of them waits any longer. */
interface Asking {
  readonly token: Promise<CheckedToken>
  readonly abandoning: AbortController
  waiting: number
}

/**
 * How long to keep a token that has `lifeMs` left: 80 to 85 % of that, but at least a minute, and no
 * longer than five minutes before its end, where there is room for both.
 *
 * @param random uniform in [0, 1)
 */
export function refreshAfterMs(lifeMs: number, random: number): number {
  const wantedMs = Math.max(0, lifeMs) * (REFRESH_FACTOR + REFRESH_JITTER * random)
  if (lifeMs < MIN_PERIOD_MS + BUFFER_MS) return wantedMs
  return Math.max(MIN_PERIOD_MS, Math.min(wantedMs, lifeMs - BUFFER_MS))
}

/** One for a mechanism, shared by all its logins. */
export class TokenSource {
  readonly #fetch: SaslTokenFunction
  readonly #environment: SaslEnvironment
  #good: GoodToken | undefined
  /** A broker has refused the good one. */
  #isSuspect = false
  #asking: Asking | undefined
  /** By the stopwatch: no refresh before, while the good one serves. */
  #retryAtMs = -Infinity

  constructor(fetch: SaslTokenFunction, environment: SaslEnvironment) {
    this.#fetch = fetch
    this.#environment = environment
  }

  /** @throws ConnectionError (rejects), retriable, where there is no token; the function's error is the cause */
  async get(context: SaslContext): Promise<CheckedToken> {
    if (this.#good !== undefined && !this.#isDue(this.#good)) return this.#good.checked
    const asking = (this.#asking ??= this.#ask())
    asking.waiting++
    try {
      return await this.#wait(asking, context)
    } catch (cause) {
      const why = `the function sasl.token failed: ${describeThrown(cause)}`
      throw credentialsError(why, context, cause)
    } finally {
      if (--asking.waiting === 0) asking.abandoning.abort(context.signal.reason)
    }
  }

  /** Where there is a token that holds, no longer than the login has patience. */
  async #wait({ token }: Asking, context: SaslContext): Promise<CheckedToken> {
    const { signal, patienceMs = PATIENCE_MS } = context
    if (this.#good === undefined || this.#isExpired(this.#good)) {
      return await untilAborted(signal, () => token)
    }
    try {
      const { clock } = this.#environment
      return await callWithin(() => token, { clock, timeoutMs: patienceMs, signal })
    } catch (cause) {
      if (signal.aborted) throw cause
      return this.#serveOn(cause)
    }
  }

  /** A broker does not take this token: the next login asks for another. */
  refused(token: Secret<string>): void {
    if (this.#good?.checked.token === token) this.#isSuspect = true
  }

  #isDue(good: GoodToken): boolean {
    if (this.#isExpired(good)) return true
    const nowMs = this.#environment.clock.stopwatchMs()
    return nowMs >= this.#retryAtMs && (this.#isSuspect || nowMs >= good.refreshAtMs)
  }

  #isExpired({ checked: { expiresAtMs = Infinity } }: GoodToken): boolean {
    return this.#environment.clock.now() >= expiresAtMs
  }

  #ask(): Asking {
    const abandoning = new AbortController()
    return { token: this.#answer(abandoning.signal), abandoning, waiting: 0 }
  }

  async #answer(abandoned: AbortSignal): Promise<CheckedToken> {
    try {
      const checked = checkToken(await this.#call(abandoned))
      this.#keep(checked)
      return checked
    } catch (cause) {
      return this.#serveOn(cause)
    } finally {
      this.#asking = undefined
    }
  }

  #call(signal: AbortSignal): Promise<unknown> {
    const limits = { clock: this.#environment.clock, timeoutMs: CREDENTIALS_TIMEOUT_MS, signal }
    return callWithin<unknown>((signal) => this.#fetch({ signal }), limits)
  }

  #keep(checked: CheckedToken): void {
    const { clock, random, logger } = this.#environment
    if (this.#retryAtMs !== -Infinity) logger.info({}, 'there is a new token for OAUTHBEARER again')
    const lifeMs = checked.expiresAtMs === undefined ? 0 : checked.expiresAtMs - clock.now()
    const refreshAtMs = clock.stopwatchMs() + refreshAfterMs(lifeMs, random())
    this.#good = { checked, refreshAtMs }
    this.#isSuspect = false
    this.#retryAtMs = -Infinity
  }

  /** The good token, although a new one was wanted. */
  #serveOn(cause: unknown): CheckedToken {
    const good = this.#good
    if (good === undefined || this.#isExpired(good)) throw cause
    const { clock, logger } = this.#environment
    const isFirst = this.#retryAtMs === -Infinity
    this.#retryAtMs = clock.stopwatchMs() + RETRY_MS
    if (isFirst) {
      const why = describeThrown(cause)
      logger.warn(
        { err: cause },
        `could not refresh the OAUTHBEARER token; still using the current one: ${why}`,
      )
    }
    return good.checked
  }
}
