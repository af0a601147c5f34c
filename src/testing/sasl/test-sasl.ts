/**
 * How the brokers of a test cluster let clients in, and who came: what a test sees and changes of it
 * while the cluster runs. Got by `cluster.sasl`.
 *
 * Neighbours: sasl-session.ts holds one connection against it.
 */
import { oauthBearerServer } from './oauthbearer-server.js'
import { plainServer } from './plain-server.js'
import {
  SASL_MECHANISMS,
  type SaslMechanismName,
  type TestSaslOptions,
  type TokenJudge,
} from './sasl-options.js'
import { SaslUsers } from './sasl-users.js'
import { scramServer } from './scram-server.js'
import type { ServerMechanism } from './server-mechanism.js'

/** A login that a broker has judged. */
export interface SeenLogin {
  /** Node id of the broker. */
  readonly broker: number
  readonly mechanism: string
  /** Who logged in; null for one that was refused. */
  readonly principal: string | null
  /** True on a connection that was logged in already (KIP-368). */
  readonly isReauthentication: boolean
  /** Told to the client, in ms; 0: no end. */
  readonly sessionLifetimeMs: number
}

const DEFAULT_ITERATIONS = 4096
const DEFAULT_FAILURE_DELAY_MS = 100

/** One per cluster that has SASL. */
export class TestSasl {
  /** Mechanisms that logins may begin with from now on. */
  mechanisms: readonly SaslMechanismName[]
  /** Of logins from now on, in ms; 0: no end. Below 0 it is told as it is, and kept like 0. */
  sessionLifetimeMs: number
  /** Of refusals from now on, in ms. */
  failureDelayMs: number
  /** Judges OAUTHBEARER's tokens from now on. */
  tokens: TokenJudge
  readonly #users: SaslUsers
  readonly #logins: SeenLogin[] = []

  /** @internal */
  constructor(options: TestSaslOptions, judge: TokenJudge) {
    this.mechanisms = options.mechanisms ?? SASL_MECHANISMS
    this.sessionLifetimeMs = options.sessionLifetimeMs ?? 0
    this.failureDelayMs = options.failureDelayMs ?? DEFAULT_FAILURE_DELAY_MS
    this.tokens = options.tokens ?? judge
    const { users = {}, delegationTokens = {}, scramIterations = DEFAULT_ITERATIONS } = options
    this.#users = new SaslUsers(users, delegationTokens, scramIterations)
    checkMechanisms(this.mechanisms)
  }

  /** The logins judged, oldest first, refused ones included; no passwords, no tokens. */
  get logins(): readonly SeenLogin[] {
    return this.#logins
  }

  /** A new user, or another password for one, from the next login on. */
  setPassword(user: string, password: string): void {
    this.#users.set(user, password)
  }

  /** Nobody of that name may log in any more; connections that have go on. */
  removeUser(user: string): void {
    this.#users.remove(user)
  }

  /** Null for a mechanism that is not taken. @internal */
  begin(mechanism: string): ServerMechanism | null {
    const name = this.mechanisms.find((it) => it === mechanism)
    switch (name) {
      case 'PLAIN':
        return plainServer(this.#users)
      case 'SCRAM-SHA-256':
        return scramServer(this.#users, 'sha256')
      case 'SCRAM-SHA-512':
        return scramServer(this.#users, 'sha512')
      case 'OAUTHBEARER':
        return oauthBearerServer((token, extensions) => this.tokens(token, extensions))
      case undefined:
        return null
    }
  }

  /** @internal */
  note(login: SeenLogin): void {
    this.#logins.push(login)
  }
}

function checkMechanisms(mechanisms: readonly string[]): void {
  const unknown = mechanisms.find((it) => !(SASL_MECHANISMS as readonly string[]).includes(it))
  if (unknown === undefined) return
  throw new RangeError(
    `the test cluster has no mechanism "${unknown}": it has ${SASL_MECHANISMS.join(', ')}`,
  )
}
