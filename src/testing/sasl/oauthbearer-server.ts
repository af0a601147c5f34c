/**
 * OAUTHBEARER, the broker's side.
 *
 *   n,[a=NAME],^Aauth=Bearer TOKEN^A(key=value^A)*^A   ──>
 *                                                      <──   nothing: logged in
 *                                                      <──   or {"status":"invalid_token"}, without error
 *   ^A                                                 ──>
 *                                                      <──   and now the error, with that JSON
 *
 * Spec: RFC 7628; KIP-255, KIP-342; Kafka's OAuthBearerSaslServer. Neighbours: sasl-options.ts says
 * whose token is good.
 */
import type { TokenJudge, TokenVerdict } from './sasl-options.js'
import { REFUSED, type ServerMechanism, type ServerStep } from './server-mechanism.js'

const SEPARATOR = '\x01'
const FIRST =
  /^n,(?:a=([^,]*))?,\x01auth=[Bb]earer ([-_~+/.A-Za-z0-9]+=*)\x01((?:[A-Za-z]+=[\x21-\x7e \t\r\n]+\x01)*)\x01$/
const INVALID_TOKEN = '{"status":"invalid_token"}'

export function oauthBearerServer(judge: TokenJudge): ServerMechanism {
  let isRefused = false
  return {
    step(message) {
      if (isRefused) return refuseAtLast(message)
      const match = FIRST.exec(message.toString('utf8'))
      if (match === null) return REFUSED
      const [, name = '', token = '', extensions = ''] = match
      const verdict = judge(token, readExtensions(extensions)) ?? null
      if (verdict !== null) return accept(verdict, name)
      isRefused = true
      return { kind: 'challenge', bytes: Buffer.from(INVALID_TOKEN) }
    },
  }
}

function refuseAtLast(message: Buffer): ServerStep {
  return message.toString('latin1') === SEPARATOR
    ? { kind: 'refused', message: INVALID_TOKEN }
    : REFUSED
}

function accept({ principal, lifetimeMs }: TokenVerdict, name: string): ServerStep {
  if (name === '' || name === principal) {
    return { kind: 'done', principal, lifetimeMs, bytes: new Uint8Array() }
  }
  const message =
    `Authentication failed: Client requested an authorization id (${name}) that is different ` +
    `from the token's principal name (${principal})`
  return { kind: 'refused', message }
}

function readExtensions(text: string): Record<string, string> {
  const pairs = text.split(SEPARATOR).filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}

/**
 * The judge that a cluster has unless it is given one: any JWT with a `sub`, up to its `exp`. Its
 * signature is not looked at.
 */
export function judgeByClaims(nowMs: () => number): TokenJudge {
  return (token) => {
    const { sub, exp } = claimsOf(token)
    if (typeof sub !== 'string' || sub === '') return null
    if (typeof exp !== 'number') return { principal: sub }
    const lifetimeMs = Math.floor(exp * 1000 - nowMs())
    return lifetimeMs > 0 ? { principal: sub, lifetimeMs } : null
  }
}

function claimsOf(token: string): { readonly sub?: unknown; readonly exp?: unknown } {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
    const claims: unknown = JSON.parse(payload)
    return typeof claims === 'object' && claims !== null ? claims : {}
  } catch {
    return {} // opaque, or broken
  }
}
