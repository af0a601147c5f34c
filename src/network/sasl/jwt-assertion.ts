/**
 * A signed statement of who we are, for the token endpoint: a JWT made and signed here, or a ready one
 * in a file that somebody else keeps fresh.
 *
 *   assertion = base64url(header) . base64url(payload) . base64url(signature)
 *   header    = template's, then alg and typ
 *   payload   = claims, then the template's, then iat, exp, nbf and jti: later ones win
 *
 * ES256 signs as r and s of 32 bytes each, not as DER, which is node:crypto's default and which no
 * verifier of JWTs takes.
 *
 * Spec: RFC 7515, RFC 7518, RFC 7523; KIP-1139 and Kafka's LayeredAssertionJwtTemplate.
 * Neighbours: oidc-plan.ts checks the options; oidc-token.ts sends it.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../clock.js'
import type { Secret } from '../../secret.js'
import { nodeCrypto } from '../../late-modules.js'
import type { AssertionAlgorithm } from './oidc-options.js'
import { WatchedFile } from './watched-file.js'

type Json = Readonly<Record<string, unknown>>

/** What an assertion is made of, checked. */
export interface AssertionPlan {
  readonly algorithm: AssertionAlgorithm
  /** PEM, or the path of a file with it. */
  readonly key: { readonly pem: Secret<string> } | { readonly path: string }
  readonly passphrase: Secret<string> | undefined
  readonly claims: Json
  readonly templateFile: string | undefined
  readonly expirySeconds: number
  readonly notBeforeSeconds: number
  readonly hasJwtId: boolean
}

interface Template {
  readonly header: Json
  readonly payload: Json
}

/** Brings an assertion for one request. */
export type Assertion = () => Promise<string>

/** A ready assertion out of a file, which somebody may be writing just now: half of one is none. */
export function assertionFromFile(path: string): Assertion {
  const file = new WatchedFile(path, readyJwt)
  return () => file.content()
}

function readyJwt(text: string): string {
  const jwt = text.trim()
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt)) return jwt
  throw new Error('its file has no JWT, which is three parts of base64url with dots between')
}

/** An assertion made anew for each request. */
export function signedAssertion(plan: AssertionPlan, clock: Clock): Assertion {
  const toKey = (pem: string): KeyObject => privateKey(pem, plan.passphrase, plan.algorithm)
  const source = plan.key
  const key = 'pem' in source ? toKey(source.pem.reveal()) : new WatchedFile(source.path, toKey)
  const { templateFile } = plan
  const template = templateFile === undefined ? undefined : new WatchedFile(templateFile, parseTemplate) // prettier-ignore
  return async () => {
    const keyObject = key instanceof WatchedFile ? await key.content() : key
    const layer = (await template?.content()) ?? { header: {}, payload: {} }
    return signJwt(plan, keyObject, layer, Math.floor(clock.now() / 1000))
  }
}

/**
 * The key, if it fits the algorithm.
 *
 * @throws Error whose message ends the sentence "the key …", without any of the key
 */
export function privateKey(
  pem: string,
  passphrase: Secret<string> | undefined,
  algorithm: AssertionAlgorithm,
): KeyObject {
  const key = parseKey(pem, passphrase)
  const curve = key.asymmetricKeyDetails?.namedCurve
  const fits =
    algorithm === 'RS256'
      ? key.asymmetricKeyType === 'rsa'
      : key.asymmetricKeyType === 'ec' && curve === 'prime256v1'
  if (fits) return key
  const needed = algorithm === 'RS256' ? 'an RSA key' : 'a P-256 key (prime256v1)'
  const kind = [key.asymmetricKeyType, curve].filter((part) => part !== undefined).join(' ')
  throw new Error(`is ${kind}, and ${algorithm} needs ${needed}`)
}

function parseKey(pem: string, passphrase: Secret<string> | undefined): KeyObject {
  try {
    return nodeCrypto().createPrivateKey({ key: pem, passphrase: passphrase?.reveal() })
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/.test(pem)
    const mend = isEncrypted
      ? 'it is encrypted: check the passphrase'
      : 'give PEM, as `openssl genpkey` writes it (-----BEGIN PRIVATE KEY-----)'
    throw new Error(`cannot be read: ${mend}`, { cause })
  }
}

function parseTemplate(text: string): Template {
  const { header = {}, payload = {} } = parseObject(text)
  if (!isObject(header) || !isObject(payload)) throw new Error('the template needs { header, payload }, each an object') // prettier-ignore
  return { header, payload }
}

function parseObject(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('the template is no JSON') // the parser would quote it
  }
  if (!isObject(value)) throw new Error('the template is no object')
  return value
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function signJwt(plan: AssertionPlan, key: KeyObject, layer: Template, nowSeconds: number): string {
  const header = { ...layer.header, alg: plan.algorithm, typ: 'JWT' }
  const payload = {
    ...plan.claims,
    ...layer.payload,
    iat: nowSeconds,
    exp: nowSeconds + plan.expirySeconds,
    nbf: nowSeconds - plan.notBeforeSeconds,
    ...(plan.hasJwtId ? { jti: nodeCrypto().randomUUID() } : {}),
  }
  const signed = `${base64url(header)}.${base64url(payload)}`
  const signature = nodeCrypto().sign('sha256', Buffer.from(signed), {
    key,
    dsaEncoding: 'ieee-p1363',
  })
  return `${signed}.${signature.toString('base64url')}`
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
