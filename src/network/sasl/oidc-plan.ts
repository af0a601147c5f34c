/**
 * What is wrong with the options of `oidcToken`, and what they come to where nothing is.
 *
 * Secrets go into a `Secret` here; no message quotes a value.
 *
 * Neighbours: oidc-options.ts has the types; oidc-token.ts works by the plan.
 */
import { readFileSync } from 'node:fs'
import { isBytes } from '../../any-bytes.js'
import type { Clock } from '../../clock.js'
import { ConfigError } from '../../errors.js'
import { checkPlain, hasFields } from '../../plain-options.js'
import { Secret } from '../../secret.js'
import { describeThrown } from './clean-text.js'
import { credentialFault, type SaslCredential } from './credentials.js'
import {
  assertionFromFile,
  privateKey,
  signedAssertion,
  type Assertion,
  type AssertionPlan,
} from './jwt-assertion.js'
import { nearest } from '../../nearest.js'
import { checkExtensions } from './oauth-token.js'
import type { AssertionAlgorithm, OidcAssertionOptions, OidcTokenOptions } from './oidc-options.js'
import type { TokenFetch } from './token-request.js'

/** What oidc-token.ts works by. */
export interface OidcPlan {
  readonly url: URL
  readonly isJwtBearer: boolean
  readonly clientId: string | undefined
  readonly clientSecret: Secret<SaslCredential> | undefined
  readonly scope: string | undefined
  readonly urlEncodeCredentials: boolean
  readonly assertion: Assertion | undefined
  readonly extensions: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly fetch: TokenFetch | undefined
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_EXPIRY_SECONDS = 300
const DEFAULT_NOT_BEFORE_SECONDS = 60
const MAX_SECONDS = 86_400 * 365

type Types = Readonly<Record<string, 'string' | 'boolean' | 'function' | 'object' | 'any'>>

const TYPES: Types = {
  tokenUrl: 'string',
  grantType: 'string',
  clientId: 'string',
  clientSecret: 'any',
  scope: 'string',
  urlEncodeCredentials: 'boolean',
  assertion: 'object',
  extensions: 'any',
  timeoutMs: 'any',
  fetch: 'function',
}

const ASSERTION_TYPES: Types = {
  file: 'string',
  algorithm: 'string',
  key: 'any',
  passphrase: 'string',
  claims: 'object',
  templateFile: 'string',
  expirySeconds: 'any',
  notBeforeSeconds: 'any',
  includeJwtId: 'boolean',
}

/** @throws ConfigError that says what is wrong, where, and what to write */
export function checkOidcOptions(options: OidcTokenOptions, clock: Clock): OidcPlan {
  checkTypes('oidcToken', options, TYPES)
  const { grantType = 'client_credentials', clientId, scope, extensions, fetch } = options
  const isJwtBearer = checkGrantType(grantType)
  try {
    checkExtensions(extensions)
  } catch (error) {
    throw fault(describeThrown(error))
  }
  const plan: OidcPlan = {
    url: checkUrl(options.tokenUrl),
    isJwtBearer,
    clientId,
    clientSecret: checkSecret(options.clientSecret),
    scope,
    urlEncodeCredentials: options.urlEncodeCredentials ?? false,
    assertion: options.assertion && checkAssertion(options.assertion, clock),
    extensions: extensions && { ...extensions },
    timeoutMs: integer('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, 2 ** 31 - 1),
    fetch,
  }
  checkTogether(plan)
  return plan
}

function checkGrantType(grantType: string): boolean {
  if (grantType === 'client_credentials' || grantType === 'jwt-bearer') return grantType === 'jwt-bearer' // prettier-ignore
  throw fault("has a grantType that Ottla does not know: give 'client_credentials' or 'jwt-bearer'")
}

function checkTogether(plan: OidcPlan): void {
  const { isJwtBearer, clientSecret, assertion } = plan
  if (isJwtBearer && assertion === undefined)
    throw fault('has no assertion, which jwt-bearer needs')
  if (!isJwtBearer && clientSecret === undefined && assertion === undefined) {
    throw fault('needs clientId and clientSecret, or an assertion')
  }
  if (!isJwtBearer && clientSecret !== undefined && assertion !== undefined) {
    throw fault('has clientSecret and assertion: either says who we are; leave one out')
  }
  if (clientSecret !== undefined) checkClientId(plan)
}

function checkClientId({ clientId, urlEncodeCredentials }: OidcPlan): void {
  if (clientId === undefined || clientId === '') throw fault('has a clientSecret and no clientId')
  if (clientId.includes(':') && !urlEncodeCredentials) {
    throw fault('has a clientId with a colon, which ends it: set urlEncodeCredentials')
  }
}

function checkUrl(tokenUrl: string): URL {
  const url = URL.canParse(tokenUrl) ? new URL(tokenUrl) : undefined
  if (url === undefined) throw fault('needs a tokenUrl such as https://issuer.example/oauth2/token')
  if (url.username !== '' || url.password !== '') {
    throw fault('has a tokenUrl with a user or a password: give clientId and clientSecret')
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
    return url
  throw fault(
    `has a tokenUrl that begins with ${url.protocol}: give https: (http: is allowed to localhost alone)`,
  )
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function checkSecret(value: unknown): Secret<SaslCredential> | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return new Secret(value as SaslCredential)
  const wrong = credentialFault(value)
  if (wrong === undefined) return new Secret(value as string)
  throw fault(`has a clientSecret that ${wrong}`)
}

function checkAssertion(options: OidcAssertionOptions, clock: Clock): Assertion {
  checkTypes('oidcToken({ assertion })', options, ASSERTION_TYPES)
  const { file, ...rest } = options
  const others = Object.entries(rest).filter(([, value]) => value !== undefined)
  if (file === undefined) return signedAssertion(planAssertion(options), clock)
  if (others.length === 0) return assertionFromFile(file)
  const names = others.map(([name]) => name).join(', ')
  throw fault(`has assertion.file, which is ready and signed, and ${names}: leave one or the other out`) // prettier-ignore
}

function planAssertion(options: OidcAssertionOptions): AssertionPlan {
  const { algorithm, claims = {}, templateFile, passphrase } = options
  if (algorithm !== 'RS256' && algorithm !== 'ES256') {
    throw fault("needs assertion.algorithm, 'RS256' or 'ES256' (or assertion.file)")
  }
  const key = keyOf(options.key)
  const secret = passphrase === undefined ? undefined : new Secret(passphrase)
  tryKey(key, secret, algorithm)
  const { expirySeconds = DEFAULT_EXPIRY_SECONDS, notBeforeSeconds = DEFAULT_NOT_BEFORE_SECONDS } = options // prettier-ignore
  return {
    algorithm,
    key,
    passphrase: secret,
    claims: { ...claims },
    templateFile,
    expirySeconds: integer('assertion.expirySeconds', expirySeconds, 1, MAX_SECONDS),
    notBeforeSeconds: integer('assertion.notBeforeSeconds', notBeforeSeconds, 0, MAX_SECONDS),
    hasJwtId: options.includeJwtId ?? false,
  }
}

function keyOf(key: unknown): AssertionPlan['key'] {
  if (typeof key === 'string') return { pem: new Secret(key) }
  if (isBytes(key)) return { pem: new Secret(Buffer.from(key).toString()) }
  const path = (key as { path?: unknown } | undefined)?.path
  if (typeof path === 'string') return { path }
  throw fault('needs assertion.key: the private key as PEM, or { path }')
}

/** So that a key that does not fit is found here, and not at the first login. */
function tryKey(
  key: AssertionPlan['key'],
  passphrase: Secret<string> | undefined,
  algorithm: AssertionAlgorithm,
): void {
  try {
    const pem = 'pem' in key ? key.pem.reveal() : readFileSync(key.path, 'utf8')
    privateKey(pem, passphrase, algorithm)
  } catch (cause) {
    throw fault(`has an assertion.key that ${describeThrown(cause)}`, cause)
  }
}

function integer(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number
  }
  throw fault(`has a ${name} that is no integer from ${least} to ${most}`)
}

function checkTypes(where: string, options: unknown, types: Types): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`${where} needs an object: give { tokenUrl, clientId, clientSecret }`)
  }
  const known = Object.keys(types)
  checkPlain(`the object for ${where}`, options, known)
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type === undefined) {
      const near = nearest(name, known)
      const mend = near === undefined ? `it can have ${known.join(', ')}` : `did you mean ${near}?`
      throw new ConfigError(`${where} has ${JSON.stringify(name.slice(0, 60))}: ${mend}`)
    }
    if (value === undefined || type === 'any' || isOfType(value, type)) continue
    throw new ConfigError(`${where} has a ${name} of type ${typeof value}: give a ${type === 'object' ? 'plain object' : type}`) // prettier-ignore
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type !== 'object') return typeof value === type
  return typeof value === 'object' && value !== null && hasFields(value)
}

function fault(what: string, cause?: unknown): ConfigError {
  return new ConfigError(`oidcToken ${what}`, { cause })
}
