/**
 * The option `sasl`: what a user may write, what is wrong with it, and the mechanism that it means.
 *
 * Passwords go into a `Secret` here, and no message quotes a value, but for the mechanism's name.
 *
 * Neighbours: mechanism.ts is what it makes.
 */
import { ConfigError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { Credentials, credentialFault, type SaslCredential } from './credentials.js'
import { customMechanism, type SaslAuthenticate } from './custom.js'
import type { SaslEnvironment, SaslMechanism } from './mechanism.js'
import { nearest } from '../../nearest.js'
import { checkPlain } from '../../plain-options.js'
import { oauthBearerMechanism } from './oauthbearer.js'
import type { SaslTokenFunction } from './oauth-token.js'
import { plainMechanism } from './plain.js'
import { scramMechanism } from './scram.js'

/** PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, in any case. */
export interface SaslPasswordOptions {
  readonly mechanism:
    'PLAIN' | 'plain' | 'SCRAM-SHA-256' | 'scram-sha-256' | 'SCRAM-SHA-512' | 'scram-sha-512'
  /** A value, or a function that is called at every login and may be async (at most 30 s). */
  readonly username: SaslCredential
  /** The same. It is sent as it is typed: never escaped, never normalised. */
  readonly password: SaslCredential
  /**
   * With SCRAM: `username` is the id of a delegation token, `password` its HMAC in base64 (KIP-48).
   * Default false.
   */
  readonly isDelegationToken?: boolean | undefined
}

/** OAUTHBEARER, in any case. */
export interface SaslTokenOptions {
  readonly mechanism: 'OAUTHBEARER' | 'oauthbearer'
  /** Brings a token (at most 30 s): a function of yours, `oidcToken({…})` or `mskIamToken({…})`. */
  readonly token: SaslTokenFunction
}

/** GSSAPI, or any other mechanism: its messages are yours. */
export interface SaslCustomOptions {
  /** As the broker writes it. */
  readonly mechanism: string
  readonly authenticate: SaslAuthenticate
}

/** How to log in to a cluster that asks for it. */
export type SaslOptions = SaslPasswordOptions | SaslTokenOptions | SaslCustomOptions

const PASSWORD_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
type PasswordMechanism = (typeof PASSWORD_MECHANISMS)[number]
const OAUTHBEARER = 'OAUTHBEARER'
const KNOWN: readonly string[] = [...PASSWORD_MECHANISMS, OAUTHBEARER, 'GSSAPI']
const EXAMPLE = "give e.g. { mechanism: 'SCRAM-SHA-512', username, password }"
const MAX_MECHANISM_CHARS = 100

const KEYS: Readonly<Record<string, readonly string[]>> = {
  password: ['mechanism', 'username', 'password', 'isDelegationToken'],
  token: ['mechanism', 'token'],
  custom: ['mechanism', 'authenticate'],
}

/** Names of other clients, and what to write here. */
const MENDS: Readonly<Record<string, string>> = {
  authenticationProvider: "kafkajs's authenticationProvider is `authenticate` here: one function, called with each answer of the broker", // prettier-ignore
  oauthBearerProvider: "kafkajs's oauthBearerProvider is `token` here: a function that answers { token, expiresAtMs }", // prettier-ignore
  authorizationIdentity: "give { mechanism: 'OAUTHBEARER', token: mskIamToken({ region }) }",
  accessKeyId: "give { mechanism: 'OAUTHBEARER', token: mskIamToken({ region }) }",
  secretAccessKey: "give { mechanism: 'OAUTHBEARER', token: mskIamToken({ region }) }",
  'sasl.jaas.config': 'there is no JAAS here: give `username` and `password`, or `token`',
  'jaas.config': 'there is no JAAS here: give `username` and `password`, or `token`',
  'sasl.mechanism': 'it is `mechanism` here',
  'sasl.mechanisms': 'it is `mechanism` here',
  'sasl.username': 'it is `username` here',
  'sasl.password': 'it is `password` here',
  user: 'it is `username` here',
  pass: 'it is `password` here',
  tokenauth: 'it is `isDelegationToken: true` here',
}

type Given = Readonly<Record<string, unknown>>

/**
 * The mechanism that the options mean; ready for any number of logins.
 *
 * @throws ConfigError that says what is wrong, where, and what to write
 */
export function saslMechanism(options: SaslOptions, environment: SaslEnvironment): SaslMechanism {
  const given = checkObject(options)
  const mechanism = checkMechanism(given)
  if (given.authenticate !== undefined) return custom(mechanism, given, environment)
  if (mechanism === OAUTHBEARER) return oauthBearer(given, environment)
  const known = PASSWORD_MECHANISMS.find((name) => name === mechanism)
  if (known !== undefined) return withPassword(known, given, environment)
  refuseForeign(Object.keys(given))
  throw unknownMechanism(mechanism)
}

function checkObject(options: unknown): Given {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
    checkPlain('option sasl', options, Object.values(KEYS).flat())
    return options as Given
  }
  throw new ConfigError(`option sasl is ${kind(options)}: ${EXAMPLE}`)
}

/** The name as Kafka writes it, where it is one of ours; else as given. */
function checkMechanism(given: Given): string {
  const { mechanism } = given
  if (mechanism === undefined) {
    refuseForeign(Object.keys(given))
    throw new ConfigError(`option sasl has no mechanism: ${EXAMPLE}`)
  }
  if (typeof mechanism !== 'string' || mechanism === '') {
    throw new ConfigError(`option sasl.mechanism is ${kind(mechanism)}: give one of ${KNOWN.join(', ')}`) // prettier-ignore
  }
  if (mechanism.length > MAX_MECHANISM_CHARS || !/^[\x21-\x7e]+$/.test(mechanism)) {
    throw new ConfigError(
      `option sasl.mechanism is no mechanism's name (printable ASCII without spaces): ` +
        `give one of ${KNOWN.join(', ')}`,
    )
  }
  const upper = mechanism.toUpperCase()
  return KNOWN.includes(upper) ? upper : mechanism
}

function custom(mechanism: string, given: Given, environment: SaslEnvironment): SaslMechanism {
  checkKeys(given, KEYS.custom, `with authenticate`)
  const { authenticate } = given
  requireFunction('sasl.authenticate', authenticate, 'async (challenge, context) => …')
  return customMechanism(mechanism, authenticate as SaslAuthenticate, environment)
}

function oauthBearer(given: Given, environment: SaslEnvironment): SaslMechanism {
  checkKeys(given, KEYS.token, `with ${OAUTHBEARER}`)
  const { token } = given
  requireFunction('sasl.token', token, 'async () => ({ token, expiresAtMs }), or oidcToken({…})')
  return oauthBearerMechanism(token as SaslTokenFunction, environment)
}

function withPassword(
  mechanism: PasswordMechanism,
  given: Given,
  environment: SaslEnvironment,
): SaslMechanism {
  checkKeys(given, KEYS.password, `with ${mechanism}`)
  const isDelegationToken = checkIsDelegationToken(mechanism, given)
  const username = checkCredential('username', mechanism, given)
  const password = checkCredential('password', mechanism, given)
  const credentials = new Credentials(username, password, environment)
  if (mechanism === 'PLAIN') return plainMechanism(credentials)
  return scramMechanism(mechanism, credentials, isDelegationToken)
}

function checkIsDelegationToken(mechanism: PasswordMechanism, given: Given): boolean {
  const { isDelegationToken = false } = given
  if (typeof isDelegationToken !== 'boolean') {
    throw new ConfigError(
      `option sasl.isDelegationToken is ${kind(isDelegationToken)}: give true or false`,
    )
  }
  if (isDelegationToken && mechanism === 'PLAIN') {
    throw new ConfigError(
      `option sasl.isDelegationToken does not go with PLAIN: a delegation token logs in by SCRAM`,
    )
  }
  return isDelegationToken
}

function checkCredential(name: string, mechanism: string, given: Given): Secret<SaslCredential> {
  const value = given[name]
  if (typeof value === 'function') return new Secret(value as SaslCredential)
  if (value === undefined) {
    throw new ConfigError(
      `option sasl.${name} is missing: ${mechanism} needs username and password, each a string or a function`, // prettier-ignore
    )
  }
  const fault = credentialFault(value)
  if (fault === undefined) return new Secret(value as string)
  throw new ConfigError(`option sasl.${name} ${fault}: give a string, or a function that brings one`) // prettier-ignore
}

function checkKeys(given: Given, allowed: readonly string[] = [], when: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || allowed.includes(name)) continue
    refuseForeign([name])
    if (Object.values(KEYS).flat().includes(name)) {
      throw new ConfigError(
        `option sasl has ${name}, which does not go ${when}: leave it out, or choose another mechanism`, // prettier-ignore
      )
    }
    const near = nearest(name, allowed)
    const mend = near === undefined ? `it can have ${allowed.join(', ')}` : `did you mean ${near}?`
    throw new ConfigError(`option sasl has ${JSON.stringify(name.slice(0, 60))}: ${mend}`)
  }
}

function refuseForeign(names: readonly string[]): void {
  const name = names.find((it) => Object.hasOwn(MENDS, it))
  if (name !== undefined) throw new ConfigError(`option sasl has ${name}: ${MENDS[name] ?? ''}`)
}

function requireFunction(name: string, value: unknown, example: string): void {
  if (typeof value === 'function') return
  throw new ConfigError(`option ${name} is ${value === undefined ? 'missing' : kind(value)}: give a function, ${example}`) // prettier-ignore
}

function unknownMechanism(name: string): ConfigError {
  const near = /kerberos|gss|spnego/i.test(name) ? 'GSSAPI' : nearest(name, KNOWN)
  const isIam = /^(aws|msk|iam)/i.test(name)
  const mend = isIam
    ? "give { mechanism: 'OAUTHBEARER', token: mskIamToken({ region }) }"
    : near === 'GSSAPI'
      ? 'GSSAPI needs `authenticate`, a function of yours (docs/security.md has one)'
      : near !== undefined
        ? `did you mean ${near}?`
        : `it can be ${KNOWN.join(', ')}, or any other with \`authenticate\``
  return new ConfigError(`option sasl.mechanism is ${JSON.stringify(name)}, which Ottla does not know by itself: ${mend}`) // prettier-ignore
}

/** What a value is, and never the value. */
function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'empty'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return `a ${typeof value}`
}
