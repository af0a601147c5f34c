/**
 * What stands in the header `authorization`: user and password, a token, or what a user's function
 * gives, which is kept until shortly before its end and asked for once at a time.
 *
 * Source: RFC 6750, RFC 7617; Confluent's client refreshes 300 s before the end. Neighbours:
 * registry-caller.ts asks, and tells of a token that was refused.
 */
import { OttlaError } from '../errors.js'
import { Secret } from '../secret.js'
import { isThrown, thrownWords } from '../thrown.js'
import { cleanText } from './clean-text.js'
import type { RegistryEnvironment } from './environment.js'
import type { BearerSource, BearerToken } from './registry-options.js'
import { SchemaRegistryError } from './registry-error.js'
import { isHeaderText, type RegistryServer, type ResolvedRegistryOptions } from './resolve-registry-options.js' // prettier-ignore

const REFRESH_BEFORE_MS = 300_000
/** Of what is left of a token's life: one that is short is used for so much of it. */
const LEAST_USE = 0.8

interface KeptToken {
  readonly header: Secret<string>
  readonly useUntilMs: number
}

export class Credentials {
  readonly #basic: Secret<string> | null
  readonly #bearer: Secret<BearerSource> | null
  readonly #timeoutMs: number
  readonly #environment: RegistryEnvironment
  #kept: KeptToken | null = null
  readonly #wereKept = new WeakSet<Secret<string>>()
  #asked: Promise<Secret<string>> | null = null
  readonly #enders = new Set<() => void>()

  constructor(options: ResolvedRegistryOptions, environment: RegistryEnvironment) {
    this.#basic = options.basic
    this.#bearer = options.bearer
    this.#timeoutMs = options.requestTimeoutMs
    this.#environment = environment
  }

  /**
   * The header's value, waited for no longer than `timeoutMs`; null where nobody logs in.
   *
   * @throws SchemaRegistryError (rejects)
   */
  async headerFor({ basic }: RegistryServer, timeoutMs: number): Promise<Secret<string> | null> {
    if (basic !== null) return basic
    if (this.#bearer === null) return this.#basic
    const source = this.#bearer.reveal()
    if (typeof source === 'string') return new Secret(`Bearer ${source}`)
    const kept = this.#kept
    if (kept !== null && this.#environment.clock.now() < kept.useUntilMs) return kept.header
    this.#asked ??= this.#ask(source).finally(() => (this.#asked = null))
    return this.#within(this.#asked, Math.min(timeoutMs, this.#timeoutMs))
  }

  /**
   * The registry refused this one. True: it was kept, and another may be had. Several calls may have
   * shown it, and one of them may have got another already, which stays.
   */
  refused(header: Secret<string> | null): boolean {
    if (header === null || !this.#wereKept.has(header)) return false
    if (this.#kept?.header === header) this.#kept = null
    return true
  }

  /** Ends what waits for the user's function. */
  close(): void {
    for (const end of [...this.#enders]) end()
  }

  async #ask(source: () => unknown): Promise<Secret<string>> {
    const { clock } = this.#environment
    const asked = new Promise((settle) => settle(source())).catch((error: unknown) => {
      throw failed(describe(error), isPassing(error))
    })
    const answer = await this.#within(asked, this.#timeoutMs)
    const { token, expiresAtMs } = typeof answer === 'string' ? { token: answer } : ((answer ?? {}) as Partial<BearerToken>) // prettier-ignore
    if (!isHeaderText(token)) throw failed('it gave no token', false)
    const header = new Secret(`Bearer ${token}`)
    if (typeof expiresAtMs === 'number') {
      const leftMs = expiresAtMs - clock.now()
      const useMs = Math.max(leftMs - REFRESH_BEFORE_MS, leftMs * LEAST_USE)
      this.#kept = { header, useUntilMs: clock.now() + useMs }
      this.#wereKept.add(header)
    }
    return header
  }

  /** Nobody waits for a user's function for ever, nor once the client is closed. */
  #within<T>(awaited: Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        timer.clear()
        this.#enders.delete(close)
      }
      const fail = (why: string, retriable: boolean): void => {
        done()
        reject(failed(why, retriable))
      }
      const late = (): void => fail(`no answer within ${timeoutMs} ms`, true)
      const close = (): void => fail('the client was closed', false)
      const timer = this.#environment.clock.setTimer(late, timeoutMs)
      this.#enders.add(close)
      void awaited.then(resolve, reject).finally(done)
    })
  }
}

/**
 * What headers show the registry: each value, for any may be a key; and what follows a scheme, as in
 * `Bearer …`: a token, or user and password in base64, and the password.
 */
export function secretsIn(headers: Readonly<Record<string, string>>): Secret<string>[] {
  return Object.values(headers).flatMap((value) => {
    const [, scheme = '', shown = ''] = /^(\S+) +(.+)$/.exec(value) ?? []
    const isBasic = scheme.toLowerCase() === 'basic'
    const password = isBasic ? Buffer.from(shown, 'base64').toString().replace(/^[^:]*:/, '') : '' // prettier-ignore
    return [value, shown, password].map((text) => new Secret(text))
  })
}

/** An error of Ottla's says whether it will pass; `oidcToken` throws such. */
function isPassing(error: unknown): boolean {
  return !isThrown(error, OttlaError) || error.retriable
}

function describe(error: unknown): string {
  return cleanText(thrownWords(error, () => 'it threw no Error'))
}

/** Without a cause: what a function throws may hold the token. */
function failed(why: string, retriable: boolean): SchemaRegistryError {
  return new SchemaRegistryError(`the function auth.bearer of the schema registry failed: ${why}`, {
    retriable,
  })
}
