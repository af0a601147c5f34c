/**
 * What `sasl` of `TestCluster.start` takes, and its defaults.
 *
 * Neighbours: options.ts of the cluster; test-sasl.ts changes it while the cluster runs.
 */

/** A mechanism that the brokers take. */
export type SaslMechanismName = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

/** Whose token it is, and for how long. */
export interface TokenVerdict {
  /** Who is logged in; of a JWT usually its `sub`. */
  readonly principal: string
  /** How long it is good from now on, in ms. Default: for ever. */
  readonly lifetimeMs?: number | undefined
}

/** Judges a token; null or undefined: refused. */
export type TokenJudge = (
  token: string,
  extensions: Readonly<Record<string, string>>,
) => TokenVerdict | null | undefined

/** A delegation token (KIP-48): SCRAM with its id as user and its HMAC as password. */
export interface DelegationToken {
  /** As Kafka's tools print it, in base64. */
  readonly hmac: string
  /** Who it acts as. */
  readonly owner: string
  /** How long it lasts from each login, in ms. Default: for ever. */
  readonly lifetimeMs?: number | undefined
}

/** What `sasl` takes; all may be left out. */
export interface TestSaslOptions {
  /** Passwords by user, for PLAIN and SCRAM. Default: nobody. */
  readonly users?: Readonly<Record<string, string>> | undefined
  /** Default: all four. */
  readonly mechanisms?: readonly SaslMechanismName[] | undefined
  /** Judges the tokens of OAUTHBEARER. Default: any JWT with a `sub`, up to its `exp`. */
  readonly tokens?: TokenJudge | undefined
  /** Delegation tokens by id, for SCRAM with `tokenauth` (KIP-48). Default: none. */
  readonly delegationTokens?: Readonly<Record<string, DelegationToken>> | undefined
  /** SCRAM's iterations. Default 4096, Kafka's. */
  readonly scramIterations?: number | undefined
  /**
   * Kafka's `connections.max.reauth.ms`: after so many milliseconds a connection serves nothing until
   * it has logged in again (KIP-368). 0: never, but tokens have their own end. Default 0.
   */
  readonly sessionLifetimeMs?: number | undefined
  /**
   * Kafka's `connections.failed.authentication.delay.ms`: how long a refusal keeps the client
   * waiting. Default 100.
   */
  readonly failureDelayMs?: number | undefined
}

/** In the order in which a broker lists them. */
export const SASL_MECHANISMS: readonly SaslMechanismName[] = [
  'PLAIN',
  'SCRAM-SHA-256',
  'SCRAM-SHA-512',
  'OAUTHBEARER',
]
