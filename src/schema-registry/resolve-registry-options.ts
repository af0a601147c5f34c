/**
 * From what a user gave to options that are all there, checked once by the constructor of the client.
 * What is secret is wrapped at once, and no message shows a value of `auth`, `headers` or `tls`.
 *
 * Neighbours: registry-options.ts says what each means; registry-client.ts calls.
 */
import { ConfigError } from '../errors.js'
import { checkPlain } from '../plain-options.js'
import { Secret } from '../secret.js'
import { checkNames, isObject, wholeNumber } from './option-checks.js'
import type { BearerSource, SchemaRegistryOptions } from './registry-options.js'
import { tlsSettings, type TlsSettings } from './tls-settings.js'

/** One address of the registry. */
export interface RegistryServer {
  /** Without user and password, ending in a slash. */
  readonly base: URL
  /** For messages. */
  readonly name: string
  /** `Basic …`, where the URL has user and password. */
  readonly basic: Secret<string> | null
}

/** All that there is to say of how a registry is asked. */
export interface ResolvedRegistryOptions {
  readonly servers: readonly RegistryServer[]
  /** For every server that has none of its own. */
  readonly basic: Secret<string> | null
  readonly bearer: Secret<BearerSource> | null
  readonly headers: Secret<Readonly<Record<string, string>>>
  readonly tls: Secret<TlsSettings>
  /** Begins with a dot; null: the default context. */
  readonly context: string | null
  readonly requestTimeoutMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly cacheSize: number
  readonly latestCacheMs: number
}

const NAMES = [
  ...['url', 'auth', 'headers', 'tls', 'context', 'requestTimeoutMs', 'timeoutMs', 'retries'],
  ...['retryBackoffMs', 'retryBackoffMaxMs', 'cacheSize', 'latestCacheMs'],
]

/** @throws ConfigError */
export function resolveRegistryOptions(given: SchemaRegistryOptions): ResolvedRegistryOptions {
  if (!isObject(given)) {
    throw new ConfigError("give the registry's options, e.g. { url: 'http://localhost:8081' }")
  }
  checkNames('the registry', given, NAMES)
  const servers = serversOf(given.url)
  if (given.tls !== undefined) checkAllSecure(servers)
  return {
    servers,
    ...authOf(given, servers),
    tls: new Secret(tlsSettings(given.tls)),
    context: contextOf(given.context),
    requestTimeoutMs: wholeNumber('requestTimeoutMs', given.requestTimeoutMs, 10_000, 1),
    timeoutMs: wholeNumber('timeoutMs', given.timeoutMs, 30_000, 1),
    retries: wholeNumber('retries', given.retries, 3, 0),
    retryBackoffMs: wholeNumber('retryBackoffMs', given.retryBackoffMs, 1_000, 0),
    retryBackoffMaxMs: wholeNumber('retryBackoffMaxMs', given.retryBackoffMaxMs, 20_000, 0),
    cacheSize: wholeNumber('cacheSize', given.cacheSize, 1_000, 1),
    latestCacheMs:
      given.latestCacheMs === Infinity
        ? Infinity
        : wholeNumber('latestCacheMs', given.latestCacheMs, 60_000, 0),
  }
}

function serversOf(given: unknown): RegistryServer[] {
  const texts: readonly unknown[] = typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : [] // prettier-ignore
  if (texts.length === 0) {
    throw new ConfigError("option url: give the registry's address, e.g. 'http://localhost:8081'")
  }
  return texts.map(serverOf)
}

function serverOf(given: unknown): RegistryServer {
  const url = typeof given === 'string' && URL.canParse(given.trim()) ? new URL(given.trim()) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ConfigError(
      "option url: an address is no URL with http: or https:; give e.g. 'https://registry.example:8081'",
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw new ConfigError(`option url: ${url.origin} has a query or a fragment; leave them out`)
  }
  const isAnonymous = url.username === '' && url.password === ''
  const basic = isAnonymous ? null : basicOf(decode(url.username), decode(url.password))
  const base = new URL(url.origin + url.pathname.replace(/\/*$/, '/'))
  return { base, name: base.href.replace(/\/$/, ''), basic }
}

/** Who gives certificates means TLS: a password must not go to an address without it. */
function checkAllSecure(servers: readonly RegistryServer[]): void {
  const plain = servers.find(({ base }) => base.protocol === 'http:')
  if (plain === undefined) return
  throw new ConfigError(`option tls is given, and ${plain.name} is without TLS: write https:, or leave tls out`) // prettier-ignore
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function basicOf(username: string, password: string): Secret<string> {
  return new Secret(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`)
}

type Auth = Pick<ResolvedRegistryOptions, 'basic' | 'bearer' | 'headers'>

function authOf(
  { auth, headers }: SchemaRegistryOptions,
  servers: readonly RegistryServer[],
): Auth {
  const checked = headersOf(headers)
  const none = { basic: null, bearer: null, headers: new Secret(checked) }
  const hasBasicUrl = servers.some(({ basic }) => basic !== null)
  const hasHeader = Object.keys(checked).some((name) => name.toLowerCase() === 'authorization')
  const ways = (auth === undefined ? 0 : 1) + (hasBasicUrl ? 1 : 0) + (hasHeader ? 1 : 0)
  if (ways > 1) {
    throw new ConfigError(
      'the registry has more than one way to log in: give one of auth, user and password in the url, and a header "authorization"',
    )
  }
  return auth === undefined ? none : { ...none, ...chosenAuth(auth) }
}

function chosenAuth(auth: unknown): Partial<Auth> {
  if (!isObject(auth)) throw new ConfigError('option auth: give { basic: … } or { bearer: … }')
  checkNames('option auth', auth, ['basic', 'bearer'])
  const { basic, bearer } = auth
  if ((basic === undefined) === (bearer === undefined)) {
    throw new ConfigError('option auth: give one of basic and bearer')
  }
  if (bearer === undefined) return { basic: checkedBasic(basic) }
  if (typeof bearer !== 'function' && !isHeaderText(bearer)) {
    throw new ConfigError('option auth.bearer: give a token, or a function that gives one')
  }
  return { bearer: new Secret(bearer as BearerSource) }
}

function checkedBasic(basic: unknown): Secret<string> {
  if (!isObject(basic)) throw new ConfigError('option auth.basic: give { username, password }')
  checkNames('option auth.basic', basic, ['username', 'password'])
  const { username, password } = basic
  if (typeof username !== 'string' || username === '' || username.includes(':')) {
    throw new ConfigError('option auth.basic.username: give a name without a colon')
  }
  if (typeof password !== 'string') throw new ConfigError('option auth.basic.password: give a string') // prettier-ignore
  return basicOf(username, password)
}

function headersOf(given: unknown): Readonly<Record<string, string>> {
  if (given === undefined) return {}
  if (!isObject(given)) throw new ConfigError('option headers: give an object of names and values')
  checkPlain('option headers', given, ['authorization'])
  for (const [name, value] of Object.entries(given)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new ConfigError('option headers: a name has characters that HTTP does not allow')
    }
    if (!isHeaderText(value)) {
      throw new ConfigError(`option headers: "${name}" is not text that HTTP can carry`)
    }
  }
  return { ...given } as Record<string, string>
}

/** Visible ASCII and spaces, and not empty: what may be the value of a header. */
export function isHeaderText(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
}

function contextOf(given: unknown): string | null {
  if (given === undefined || given === '' || given === '.') return null
  if (typeof given !== 'string' || /[:\s]/.test(given)) {
    throw new ConfigError("option context: give its name, e.g. '.mycontext'")
  }
  return given.startsWith('.') ? given : `.${given}`
}
