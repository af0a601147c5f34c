/**
 * What one connection has come to: which requests a broker takes on it, and when it wants a new login.
 *
 *   fresh ──ApiVersions──> named ──SaslHandshake──> exchanging ──last answer──> in
 *     └────────────SaslHandshake──────────────────────^   ^──SaslHandshake (KIP-368)──┘
 *
 * What is not in its place closes the connection without a word, but within an exchange: that is told
 * in the API's own form first. A broker looks at a session's end only when a request comes.
 *
 * Spec: Kafka's SaslServerAuthenticator, KafkaChannel.maybeBeginServerReauthentication; KIP-152,
 * KIP-368. Neighbours: server-connection.ts asks before each request; handlers/sasl-*.ts answer from
 * it; test-sasl.ts knows the rules of the cluster.
 */
import type { Clock } from '../../clock.js'
import { MAX_FRAME_BYTES } from '../../network/connection/frame-splitter.js'
import { apiVersions } from '../../protocol/messages/api-versions.js'
import { saslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import type { ServerMechanism, ServerStep } from './server-mechanism.js'
import type { TestSasl } from './test-sasl.js'

/** What becomes of a request: carried out, refused with 34 and closed, or closed without a word. */
export type Admission = 'serve' | 'refuse' | 'close'

/** What a SaslHandshake comes to. */
export type HandshakeOutcome = 'begun' | 'unsupported mechanism' | 'illegal state'

/** What a message of an exchange comes to; null where none is running, or to be closed at once. */
export type LoginOutcome =
  | {
      readonly kind: 'going on' | 'logged in'
      readonly bytes: Uint8Array
      sessionLifetimeMs: number
    }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'illegal state' | 'hang up' }

/** Who is logged in, by what, and until when. */
interface Login {
  readonly principal: string
  readonly mechanism: string
  /** Monotonic; Infinity where it has no end. */
  readonly endsAtMs: number
}

interface RunningExchange {
  readonly mechanism: string
  readonly server: ServerMechanism
  /** True where the client's tokens come without request headers (SaslHandshake v0). */
  readonly isRaw: boolean
}

/** Largest request until a client is logged in: Kafka's `sasl.server.max.receive.size`. */
export const MAX_SASL_REQUEST_BYTES = 524_288

const SHORTEST_BETWEEN_LOGINS_MS = 1000

/** One per connection. */
export class SaslSession {
  readonly #sasl: TestSasl | null
  readonly #clock: Clock
  readonly #brokerId: number
  #isNamed = false
  #exchange: RunningExchange | null = null
  #login: Login | null = null
  #lastReloginAtMs = -Infinity

  /** `sasl` is null where the cluster lets everybody in. */
  constructor(sasl: TestSasl | null, clock: Clock, brokerId: number) {
    this.#sasl = sasl
    this.#clock = clock
    this.#brokerId = brokerId
  }

  /** The largest request that is read now. */
  get maxRequestBytes(): number {
    return this.#sasl === null || this.#login !== null ? MAX_FRAME_BYTES : MAX_SASL_REQUEST_BYTES
  }

  /** True while frames are bare tokens of the mechanism. */
  get takesRawTokens(): boolean {
    return this.#exchange?.isRaw === true
  }

  /** Before a request is carried out. */
  admit(apiKey: number): Admission {
    if (this.#sasl === null) return 'serve'
    if (this.#exchange !== null) return apiKey === saslAuthenticate.key ? 'serve' : 'refuse'
    if (apiKey === saslHandshake.key && !this.#isTooSoon()) return 'serve'
    if (this.#login !== null) {
      return this.#clock.monotonicMs() < this.#login.endsAtMs ? 'serve' : 'close'
    }
    const isFirst = apiKey === apiVersions.key && !this.#isNamed
    if (isFirst) this.#isNamed = true
    return isFirst ? 'serve' : 'close'
  }

  /** SaslHandshake. */
  begin(mechanism: string, isRaw: boolean): HandshakeOutcome {
    if (this.#sasl === null || this.#exchange !== null || this.#isTooSoon()) return 'illegal state'
    if (this.#login !== null) this.#lastReloginAtMs = this.#clock.monotonicMs()
    const server = this.#sasl.begin(mechanism)
    if (server === null) {
      this.#note(mechanism, null, 0)
      return 'unsupported mechanism'
    }
    this.#exchange = { mechanism, server, isRaw }
    return 'begun'
  }

  /** One message of the client. */
  step(message: Uint8Array): LoginOutcome {
    const exchange = this.#exchange
    if (exchange === null) return { kind: 'illegal state' }
    const { mechanism } = exchange
    if (this.#login !== null && this.#login.mechanism !== mechanism) {
      this.#note(mechanism, null, 0)
      return { kind: 'hang up' }
    }
    const step = exchange.server.step(Buffer.from(message))
    if (step.kind === 'challenge') {
      return { kind: 'going on', bytes: step.bytes, sessionLifetimeMs: 0 }
    }
    const was = this.#login?.principal
    if (step.kind === 'refused') return this.#refuse(step.message ?? this.#credentialsRefused())
    if (was === undefined || was === step.principal) return this.#logIn(mechanism, step)
    return this.#refuse(
      `Cannot change principals during re-authentication from User.${was}: User.${step.principal}`,
    )
  }

  /** The running login has failed by a fault of the script. */
  fail(): void {
    if (this.#exchange !== null) this.#note(this.#exchange.mechanism, null, 0)
  }

  #logIn(mechanism: string, step: Extract<ServerStep, { kind: 'done' }>): LoginOutcome {
    const { principal, bytes, lifetimeMs: ofCredentials } = step
    const ofCluster = this.#sasl?.sessionLifetimeMs ?? 0
    const sessionLifetimeMs =
      ofCredentials === undefined || ofCluster === 0
        ? (ofCredentials ?? ofCluster)
        : Math.min(ofCredentials, ofCluster)
    const isEndless = sessionLifetimeMs <= 0
    const endsAtMs = isEndless ? Infinity : this.#clock.monotonicMs() + sessionLifetimeMs
    this.#note(mechanism, principal, sessionLifetimeMs)
    this.#login = { principal, mechanism, endsAtMs }
    this.#exchange = null
    return { kind: 'logged in', bytes, sessionLifetimeMs }
  }

  /** The connection is about to be closed: the exchange stays, so that nothing else is taken. */
  #refuse(message: string): LoginOutcome {
    this.fail()
    return { kind: 'refused', message }
  }

  /** Kafka's words where the mechanism has none, so that nothing of the credentials gets out. */
  #credentialsRefused(): string {
    const phase = this.#login === null ? 'authentication' : 're-authentication'
    const mechanism = this.#exchange?.mechanism ?? ''
    return `Authentication failed during ${phase} due to invalid credentials with SASL mechanism ${mechanism}`
  }

  #isTooSoon(): boolean {
    if (this.#login === null) return false
    return this.#clock.monotonicMs() - this.#lastReloginAtMs < SHORTEST_BETWEEN_LOGINS_MS
  }

  #note(mechanism: string, principal: string | null, sessionLifetimeMs: number): void {
    const isReauthentication = this.#login !== null
    const broker = this.#brokerId
    this.#sasl?.note({ broker, mechanism, principal, isReauthentication, sessionLifetimeMs })
  }
}
