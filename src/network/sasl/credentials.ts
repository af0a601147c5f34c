/**
 * User name and password of a login: each a value, or a function that is called at every login, so
 * that a rotated password is used without a restart.
 *
 * A function that throws, answers nothing usable or takes too long fails this one attempt, which is
 * made again after the usual pause: vaults have bad minutes too.
 *
 * Neighbours: plain.ts and scram.ts ask; sasl-options.ts has checked what is not a function.
 */
import { ConnectionError, OttlaError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { isThrown } from '../../thrown.js'
import { describeThrown } from './clean-text.js'
import type { SaslContext, SaslEnvironment } from './mechanism.js'
import { callWithin } from './user-call.js'

/**
 * A value, or a function that is called at every login and may be async. What it throws is tried
 * again later, but for an error of Ottla's whose `retriable` is false.
 */
export type SaslCredential = string | (() => string | Promise<string>)

/** The longest wait for a function of the user's. */
export const CREDENTIALS_TIMEOUT_MS = 30_000

/** Both, for one login. */
export interface ResolvedCredentials {
  readonly username: string
  readonly password: Secret<string>
}

/** What is wrong with a user name or a password, as the end of a sentence; undefined if nothing is. */
export function credentialFault(value: unknown): string | undefined {
  if (typeof value !== 'string')
    return `is ${value === null ? 'null' : `of type ${typeof value}`}, not a string`
  if (value === '') return 'is empty'
  if (value.includes('\0')) return 'has a NUL character, which no mechanism can carry'
  return undefined
}

/** The user's two options; they are kept secret even where they are functions. */
export class Credentials {
  readonly #username: Secret<SaslCredential>
  readonly #password: Secret<SaslCredential>
  readonly #environment: SaslEnvironment

  constructor(
    username: Secret<SaslCredential>,
    password: Secret<SaslCredential>,
    environment: SaslEnvironment,
  ) {
    this.#username = username
    this.#password = password
    this.#environment = environment
  }

  /** @throws ConnectionError (rejects), retriable, where a function fails; its error is the cause */
  async resolve(context: SaslContext): Promise<ResolvedCredentials> {
    const [username, password] = await Promise.all([
      this.#ask('username', this.#username, context),
      this.#ask('password', this.#password, context),
    ])
    return { username: username.reveal(), password }
  }

  async #ask(
    name: string,
    source: Secret<SaslCredential>,
    context: SaslContext,
  ): Promise<Secret<string>> {
    const credential = source.reveal()
    if (typeof credential === 'string') return new Secret(credential)
    const answer = await this.#call(name, credential, context)
    const fault = credentialFault(answer.reveal())
    if (fault === undefined) return answer
    throw credentialsError(`what the function sasl.${name} answers ${fault}`, context)
  }

  async #call(
    name: string,
    credential: () => string | Promise<string>,
    context: SaslContext,
  ): Promise<Secret<string>> {
    const { clock } = this.#environment
    const limits = { clock, timeoutMs: CREDENTIALS_TIMEOUT_MS, signal: context.signal }
    try {
      return new Secret(await callWithin(() => credential(), limits))
    } catch (cause) {
      const why = `the function sasl.${name} failed: ${describeThrown(cause)}`
      throw credentialsError(why, context, cause)
    }
  }
}

/**
 * A login that failed before a broker could judge it: worth another try, unless the cause is an error
 * of Ottla's that says no. The signal's reason where the login was given up.
 */
export function credentialsError(why: string, context: SaslContext, cause?: unknown): Error {
  const { host, port, signal } = context
  if (signal.aborted) return signal.reason as Error
  return new ConnectionError(`cannot log in to ${host}:${port}: ${why}`, {
    host,
    port,
    phase: 'authenticate',
    code: 'ERR_OTTLA_CREDENTIALS',
    retriable: !isThrown(cause, OttlaError) || cause.retriable,
    cause,
  })
}
