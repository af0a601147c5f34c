/**
 * A bearer token: what a user's function answers, checked, and what its claims say.
 *
 * A token may be opaque. Where it is a JWT its claims are read, but nothing is verified: that is the
 * broker's work. They serve for the expiry, where nobody gave one, and for the message of a refusal.
 *
 * Spec: RFC 6750, section 2.1 (the characters); RFC 7519; KIP-342 (extensions).
 * Neighbours: token-source.ts keeps one; oauthbearer.ts sends it.
 */
import { hasFields } from '../../plain-options.js'
import { Secret } from '../../secret.js'
import { cleanText } from './clean-text.js'
import '../../globals.js'

/** What a token function answers. */
export interface SaslToken {
  /** The token as it goes into `Authorization: Bearer …`. */
  readonly token: string
  /**
   * When it expires, in ms since 1970. Default: the `exp` of a JWT; a token without either is asked
   * for at every login.
   */
  readonly expiresAtMs?: number | undefined
  /**
   * Sent along (KIP-342), e.g. `{ logicalCluster: 'lkc-1' }`: names of letters, printable values that are
   * not empty.
   */
  readonly extensions?: Readonly<Record<string, string>> | undefined
}

/** What a token function is given. */
export interface SaslTokenContext {
  /** Fires when nobody waits for the token any more. */
  readonly signal: AbortSignal
}

/** Brings a token. Called again before it expires; calls are shared, and never run side by side. */
export type SaslTokenFunction = (context: SaslTokenContext) => SaslToken | Promise<SaslToken>

/** A token that has been checked. */
export interface CheckedToken {
  readonly token: Secret<string>
  readonly expiresAtMs: number | undefined
  readonly extensions: readonly (readonly [name: string, value: string])[]
}

/** The claims that help whoever reads of a refusal. */
interface Claims {
  readonly iss?: unknown
  readonly aud?: unknown
  readonly sub?: unknown
  readonly exp?: unknown
}

/** Kafka's brokers take 524,288 bytes in all (`sasl.server.max.receive.size`). */
const MAX_TOKEN_CHARS = 500_000
const MAX_CLAIM_CHARS = 100

/** @throws Error whose message ends the sentence "it …", without any of the token */
export function checkToken(answer: unknown): CheckedToken {
  if (typeof answer !== 'object' || answer === null) {
    throw new Error('answered no object: give { token, expiresAtMs }')
  }
  const { token, expiresAtMs, extensions } = answer as Partial<Record<keyof SaslToken, unknown>>
  const text = checkText(token, answer)
  if (expiresAtMs !== undefined && !Number.isFinite(expiresAtMs)) {
    throw new Error('answered an expiresAtMs that is no number (milliseconds since 1970)')
  }
  return {
    token: new Secret(text),
    expiresAtMs: (expiresAtMs as number | undefined) ?? expiryOf(claimsOf(text)),
    extensions: checkExtensions(extensions),
  }
}

function checkText(token: unknown, answer: object): string {
  if (token === undefined && 'value' in answer) {
    throw new Error("answered { value }, which is kafkajs's name: give { token, expiresAtMs }")
  }
  if (typeof token !== 'string' || token === '') throw new Error('answered no token')
  if (token.length > MAX_TOKEN_CHARS) throw new Error(`answered a token of ${token.length} characters`) // prettier-ignore
  if (/^[-\w~+/.]+=*$/.test(token)) return token
  const isPrefixed = /^bearer /i.test(token)
  const mend = isPrefixed ? ': leave out "Bearer " in front' : ' (letters, digits and -._~+/)'
  throw new Error(`answered a token with characters that none can have${mend}`)
}

/** @throws Error as {@link checkToken}; names only, since a value may be private */
export function checkExtensions(extensions: unknown): readonly (readonly [string, string])[] {
  if (extensions === undefined) return []
  if (typeof extensions !== 'object' || extensions === null || !hasFields(extensions)) {
    throw new Error('has extensions that are no object of strings')
  }
  return Object.entries(extensions).map(([name, value]: [string, unknown]) => {
    if (!/^[A-Za-z]+$/.test(name) || name === 'auth') {
      throw new Error(`has an extension "${cleanText(name, MAX_CLAIM_CHARS)}": a name is letters, and not auth`) // prettier-ignore
    }
    if (typeof value === 'string' && /^[\x20-\x7e\t\r\n]+$/.test(value)) return [name, value]
    if (value === '') throw new Error(`has an extension "${name}" that is empty: leave it out`) // brokers refuse it
    throw new Error(`has an extension "${name}" that is no printable ASCII text`)
  })
}

/** `iss "…", aud "…", sub "…", expired 12 s ago`; undefined for an opaque token. */
export function describeToken(
  { token, expiresAtMs }: CheckedToken,
  nowMs: number,
): string | undefined {
  const { iss, aud, sub } = claimsOf(token.reveal()) ?? {}
  const parts = Object.entries({ iss, aud, sub }).flatMap(([name, value]) => claim(name, value))
  if (expiresAtMs !== undefined) parts.push(describeExpiry(expiresAtMs - nowMs))
  return parts.length === 0 ? undefined : `the token: ${parts.join(', ')}`
}

function claim(name: string, value: unknown): string[] {
  if (typeof value !== 'string' && !Array.isArray(value)) return []
  return [`${name} ${cleanText(JSON.stringify(value), MAX_CLAIM_CHARS)}`]
}

function describeExpiry(leftMs: number): string {
  const seconds = Math.round(Math.abs(leftMs) / 1000)
  return leftMs > 0 ? `expires in ${seconds} s` : `expired ${seconds} s ago by this clock`
}

/** The claims of a JWT; undefined where the token is none. */
function claimsOf(token: string): Claims | undefined {
  const [, payload, signature] = token.split('.', 3)
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? claims : undefined
  } catch {
    return undefined
  }
}

function expiryOf(claims: Claims | undefined): number | undefined {
  const exp = claims?.exp
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
}
