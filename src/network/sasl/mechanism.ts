/**
 * What a SASL mechanism is to the rest of the room: bytes in, bytes out.
 *
 * A mechanism is made once, from the options, and starts one exchange for each login: the first on a
 * connection, and each later one on it (KIP-368). An exchange knows no socket and no clock but those
 * given; who drives it sends what it returns and hands it what comes back:
 *
 *   start ─► step(undefined) ─► bytes ─► broker ─► step(answer) ─► bytes ─► … ─► step(answer) ─► undefined
 *
 * Undefined means that the login has succeeded for our side, the broker's proof included. The first
 * step may wait for a user's function (a password from a vault, a token): take it before anything is
 * held up for the login.
 *
 * Neighbours: plain.ts, scram.ts, oauthbearer.ts and custom.ts implement it; sasl-options.ts chooses.
 */
import type { Clock } from '../../clock.js'
import type { Log } from '../../logger.js'
import type { Secret } from '../../secret.js'
import '../../globals.js'

/** What every mechanism is built from: time, chance and a log. */
export interface SaslEnvironment {
  readonly clock: Clock
  /** Uniform in [0, 1). Not for secrets. */
  readonly random: () => number
  /** Must not throw: wrap a user's logger in `safeLogger`. */
  readonly logger: Log
}

/** Where a login happens, and until when. */
export interface SaslContext {
  /** As the broker is called in its metadata. */
  readonly host: string
  readonly port: number
  /**
   * How long the first step may wait for fresher credentials than those that it has and that still
   * hold, in ms: what is left of the present session. Default 5000.
   */
  readonly patienceMs?: number | undefined
  /** Fires where the login is given up; every step that waits then rejects with its reason. */
  readonly signal: AbortSignal
}

/** One login. */
export interface SaslExchange {
  /** Who logs in, for messages; undefined while that is not known, or where nobody has a name. */
  readonly user: string | undefined
  /** What may help whoever reads of a refusal, as a token's issuer and audience. Never a secret. */
  readonly hint?: string | undefined
  /** What the broker was sent, or knows, and no words of its may show. */
  readonly secrets?: readonly Secret<string>[] | undefined
  /**
   * Called with undefined first, then with each answer of the broker, until it returns undefined.
   *
   * @throws AuthenticationError (or rejects) where the broker's proof does not hold; ConnectionError
   *   (phase `authenticate`, retriable) where a user's function fails or takes too long
   */
  step(challenge: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined>
}

/** One way of logging in, with its credentials. */
export interface SaslMechanism {
  /** As Kafka writes it, e.g. `SCRAM-SHA-512`. */
  readonly name: string
  /** True where whoever reads the bytes can log in with them: warn where there is no TLS. */
  readonly isClearText: boolean
  start(context: SaslContext): SaslExchange
}
