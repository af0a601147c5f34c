/**
 * The credentials of all connections, and their rotation: one SecureContext, looked after before
 * each dial.
 *
 *   dial ──> files as they were? ──yes──────────────────────────────> the same context
 *              └─ no, or a function ──> read ──fits──> a new context; running connections go on
 *                                         └─ does not ──> the old one, and a warning once a change
 *
 * A pair of files changes in two steps, so that one that does not fit is nothing unusual. Files are
 * looked at rather than watched: watching misses what Kubernetes mounts.
 *
 * Neighbours: options.ts of the producer makes it, which checks everything; dial-tls.ts asks.
 */
import { inspect } from 'node:util'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../../clock.js'
import { ConfigError, ConnectionError, OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { Secret } from '../../secret.js'
import { isThrown, thrownKind, thrownWords } from '../../thrown.js'
import { formatAddress } from '../address.js'
import { giveUpLater } from '../transport/dial-each.js'
import type { Address, DialOptions } from '../transport/transport.js'
import { loadContext, stampOf } from '../../tls/key-material.js'
import { checkTlsShape } from '../../tls/tls-options.js'
import type { TlsOption, TlsOptions } from '../../tls/tls-options.js'

type Warn = (message: string) => void

/** What one dial needs; holds keys only within OpenSSL's own memory. */
export interface TlsSettings {
  readonly secureContext: SecureContext
  readonly servername: string | undefined
  readonly checkServerIdentity: TlsOptions['checkServerIdentity']
  readonly rejectUnauthorized: boolean
  /** Whether we have a certificate to show. */
  readonly hasCertificate: boolean
}

/** Settings in force. */
interface Current extends TlsSettings {
  readonly fingerprint: string
}

/** By what a dial asks. */
interface Asking {
  readonly clock: Clock
  readonly logger: Log
}

/** One for a producer. Prints nothing of what it holds. */
export class TlsCredentials {
  readonly #given: Secret<true | TlsOptions | (() => TlsOptions | PromiseLike<TlsOptions>)>
  #current: Current | undefined
  /** Of the files when they were last read, whether they were of use or not. */
  #stamp = ''
  #lastWarning = ''
  /** That anybody may be the broker. */
  #hasWarned = false
  /** A call of the user's function that other dials may share. */
  #asked: Promise<TlsOptions> | undefined

  /** Throws ConfigError; of a function nothing can be known before it is called. */
  constructor(option: Exclude<TlsOption, false>, warn: Warn) {
    this.#given = new Secret(option)
    if (typeof option === 'function') return
    const options = option === true ? {} : option
    checkTlsShape(options)
    this.#stamp = stampOf(options)
    this.#current = load(options)
    this.#warnOfAnybody(options, warn)
  }

  /** The settings for a dial. Rejects with ConnectionError where there never were any of use. */
  async current(address: Address, options: DialOptions, asking: Asking): Promise<TlsSettings> {
    const given = this.#given.reveal()
    if (typeof given !== 'function') return this.#lookAgain(given === true ? {} : given, asking)
    try {
      this.#use(await this.#ask(given, options, asking.clock), asking.logger, 'what it returned')
    } catch (error) {
      this.#keep(`the function of option tls has failed (${wordsOf(error)})`, asking.logger)
      if (this.#current === undefined) throw unavailable(address, error)
    }
    return this.#inForce()
  }

  toString(): string {
    return '[TLS credentials]'
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }

  #lookAgain(options: TlsOptions, { logger }: Asking): TlsSettings {
    const stamp = stampOf(options)
    if (stamp !== this.#stamp) {
      this.#stamp = stamp
      try {
        this.#use(options, logger)
      } catch (error) {
        this.#keep(`the files of option tls have changed and cannot be used (${wordsOf(error)})`, logger) // prettier-ignore
      }
    }
    return this.#inForce()
  }

  #use(options: TlsOptions, logger: Log, what?: string): void {
    checkTlsShape(options, what)
    const next = load(options)
    if (next.fingerprint !== this.#current?.fingerprint) {
      if (this.#current !== undefined) logger.info({}, 'TLS keys or certificates have changed: new connections use the new ones') // prettier-ignore
      this.#current = next
    } else {
      this.#current = { ...next, secureContext: this.#current.secureContext }
    }
    this.#lastWarning = ''
    this.#warnOfAnybody(options, (message) => logger.warn({}, message))
  }

  #warnOfAnybody({ rejectUnauthorized }: TlsOptions, warn: Warn): void {
    if (rejectUnauthorized !== false || this.#hasWarned) return
    this.#hasWarned = true
    warn(ANYBODY)
  }

  #keep(why: string, logger: Log): void {
    if (this.#current === undefined || why === this.#lastWarning) return
    this.#lastWarning = why
    logger.warn({}, `${why}: the old ones stay in use`)
  }

  #inForce(): TlsSettings {
    if (this.#current === undefined) throw new ConfigError('option tls has no settings')
    return this.#current
  }

  async #ask(
    ask: () => TlsOptions | PromiseLike<TlsOptions>,
    options: DialOptions,
    clock: Clock,
  ): Promise<TlsOptions> {
    this.#asked ??= callSafely(ask)
    const asked = this.#asked
    try {
      return await new Promise((resolve, reject) => {
        const stop = giveUpLater(clock, options, reject)
        void asked.then(resolve, reject).finally(stop)
      })
    } finally {
      if (this.#asked === asked) this.#asked = undefined
    }
  }
}

const ANYBODY =
  'tls.rejectUnauthorized: false lets anybody stand in for the broker and read what is sent: leave it out, and give the authority as tls.ca' // prettier-ignore

function load(options: TlsOptions): Current {
  const { context, fingerprint } = loadContext(options)
  const { servername, checkServerIdentity, rejectUnauthorized = true, cert, pfx } = options
  const hasCertificate = cert !== undefined || pfx !== undefined
  return {
    secureContext: context,
    fingerprint,
    servername,
    checkServerIdentity,
    rejectUnauthorized,
    hasCertificate,
  }
}

/** Whatever it does, a promise comes of it. */
async function callSafely(ask: () => TlsOptions | PromiseLike<TlsOptions>): Promise<TlsOptions> {
  return await ask()
}

function unavailable({ host, port }: Address, error: unknown): ConnectionError {
  const isOurs = isThrown(error, ConfigError)
  return new ConnectionError(
    `cannot connect to ${formatAddress({ host, port })} with TLS: the function of option tls has failed (${wordsOf(error)})`,
    {
      host,
      port,
      phase: 'tls',
      code: 'ERR_OTTLA_TLS_CREDENTIALS',
      retriable: !isOurs,
      ...(isThrown(error, OttlaError) && { cause: error }),
    },
  )
}

/** Of the user's own error only its kind: what it says may hold a secret. */
function wordsOf(error: unknown): string {
  if (isThrown(error, OttlaError)) return error.message
  const words = thrownWords(error, () => '')
  return /^(?:no answer within|given up by)/.test(words) ? words : thrownKind(error)
}
