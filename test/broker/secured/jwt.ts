/**
 * JSON Web Tokens (RFC 7519) by node:crypto: as much of them as an issuer of tests needs.
 *
 * Neighbour: token-issuer.ts.
 */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

export type Claims = Readonly<Record<string, unknown>>

/** A token signed by RS256, for a key of type RSA. */
export function signJwt(privateKey: KeyObject, claims: Claims): string {
  const header = { alg: 'RS256', typ: 'JWT', kid: keyId(privateKey) }
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

/** A token that nobody signed: Kafka's default takes it. Claims `iat` and `exp` in seconds. */
export function unsecuredJwt(claims: Claims): string {
  return `${encode({ alg: 'none' })}.${encode(claims)}.`
}

/** The claims of a token, or undefined if this key has not signed it (RS256 or ES256). */
export function verifiedClaims(publicKey: KeyObject, token: string): Claims | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const signed = Buffer.from(`${header}.${payload}`)
  const isOurs = verify('sha256', signed, key, Buffer.from(signature, 'base64url'))
  if (!isOurs) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
}

/** The JWKS document (RFC 7517) in which whoever verifies finds the key. */
export function jwks(privateKey: KeyObject): string {
  const key = createPublicKey(privateKey).export({ format: 'jwk' })
  return JSON.stringify({ keys: [{ ...key, kid: keyId(privateKey), use: 'sig', alg: 'RS256' }] })
}

/** The same for the same key, in any process. */
function keyId(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return createHash('sha256').update(der).digest('base64url').slice(0, 16)
}

function encode(part: Claims): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
