/**
 * A mechanism of the user's: GSSAPI by the package `kerberos`, AWS_MSK_IAM, or any other.
 *
 *   authenticate(undefined, context) ─► bytes ─► broker ─► authenticate(answer, context) ─► … ─► undefined
 *
 * What the function throws is tried again after the usual pause, as a ticket may be renewed; an
 * AuthenticationError of Ottla's that it throws is passed on as it is.
 *
 * Neighbours: sasl-options.ts; docs/security.md has recipes.
 */
import { bytesOf } from '../../any-bytes.js'
import type { Clock } from '../../clock.js'
import { OttlaError, TimeoutError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { isThrown } from '../../thrown.js'
import { describeThrown } from './clean-text.js'
import { CREDENTIALS_TIMEOUT_MS, credentialsError } from './credentials.js'
import type { SaslContext, SaslEnvironment, SaslExchange, SaslMechanism } from './mechanism.js'
import { callWithin } from './user-call.js'
import '../../globals.js'

/** What `authenticate` is given. */
export interface SaslAuthenticateContext {
  /** The broker's name as its metadata has it: GSSAPI's service is `kafka@` this host. */
  readonly host: string
  readonly port: number
  /** As the options have it. */
  readonly mechanism: string
  /** Empty at the start of a login, and the same object until its end: to keep what a step needs. */
  readonly state: Record<string, unknown>
  /** Fires where the login is given up. */
  readonly signal: AbortSignal
}

/**
 * One step of a login: called with undefined first, then with each answer of the broker, until it
 * answers undefined, which says that the login has succeeded for our side. An answer of no bytes is
 * sent as such. Each call has 30 s at most, and the first login no longer than `connectionTimeoutMs`.
 *
 * It must throw where the broker's proof does not hold: `AuthenticationError` for what no repetition
 * can fix.
 */
export type SaslAuthenticate = (
  challenge: Uint8Array | undefined,
  context: SaslAuthenticateContext,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>

export function customMechanism(
  name: string,
  authenticate: SaslAuthenticate,
  { clock }: Pick<SaslEnvironment, 'clock'>,
): SaslMechanism {
  return {
    name,
    isClearText: false, // nobody knows: the user chose it
    start: (context) => new CustomExchange(name, authenticate, context, clock),
  }
}

class CustomExchange implements SaslExchange {
  readonly #name: string
  readonly #authenticate: SaslAuthenticate
  readonly #context: SaslContext
  readonly #clock: Clock
  readonly #state = new Secret<Record<string, unknown>>({})
  readonly user = undefined

  constructor(name: string, authenticate: SaslAuthenticate, context: SaslContext, clock: Clock) {
    this.#clock = clock
    this.#name = name
    this.#authenticate = authenticate
    this.#context = context
  }

  async step(challenge: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const { host, port, signal } = this.#context
    const told = { host, port, signal, mechanism: this.#name, state: this.#state.reveal() }
    try {
      const limits = { clock: this.#clock, timeoutMs: CREDENTIALS_TIMEOUT_MS, signal }
      return bytesOrEnd(await callWithin(() => this.#authenticate(challenge, told), limits))
    } catch (cause) {
      if (isThrown(cause, OttlaError) && !(cause instanceof TimeoutError)) throw cause
      const why = `the function sasl.authenticate failed: ${describeThrown(cause)}`
      throw credentialsError(why, this.#context, cause)
    }
  }
}

/** Plain JavaScript may answer anything. */
function bytesOrEnd(answer: unknown): Uint8Array | undefined {
  if (answer === undefined || answer === null) return undefined
  const bytes = bytesOf(answer)
  if (bytes !== undefined) return bytes
  throw new TypeError(`it answered a ${typeof answer}: give a Uint8Array, or undefined at the end`)
}
