/**
 * Tokens of an OpenID Connect provider, for OAUTHBEARER: by a client's id and secret, by a signed
 * assertion in the secret's place, or by an assertion that is exchanged for a token.
 *
 *   POST tokenUrl            Authorization: Basic base64(id:secret)       // with a secret
 *     grant_type             client_credentials | urn:ietf:params:oauth:grant-type:jwt-bearer
 *     scope                  where given
 *     assertion              with jwt-bearer
 *     client_assertion       with client_credentials and an assertion, and its client_assertion_type
 *     client_id              likewise, where given
 *
 * A request that fails is made again after 100 ms, 200 ms and so on, while `timeoutMs` lasts, unless
 * the answer is final. So is one for which no secret or assertion can be had now: vaults have bad
 * minutes, and files are replaced. Nothing is kept here: OAUTHBEARER keeps the token.
 *
 * Spec: RFC 6749, RFC 7523; KIP-768, KIP-1139. Neighbours: oidc-plan.ts, token-request.ts.
 */
import type { Clock } from '../../clock.js'
import { systemClock } from '../../system-clock.js'
import { ConnectionError, OttlaError } from '../../errors.js'
import type { Secret } from '../../secret.js'
import { describeThrown } from './clean-text.js'
import { credentialFault, type SaslCredential } from './credentials.js'
import type { SaslToken, SaslTokenContext } from './oauth-token.js'
import type { OidcTokenOptions } from './oidc-options.js'
import { checkOidcOptions, type OidcPlan } from './oidc-plan.js'
import { requestToken, TokenFailure, type TokenRequest } from './token-request.js'
import { callWithin, pause } from './user-call.js'

const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 10_000
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The last failure, for the case that time runs out. */
interface Tries {
  last: string | undefined
}

/**
 * A token function for `sasl: { mechanism: 'OAUTHBEARER', token: oidcToken({…}) }`.
 *
 * It rejects with ConnectionError (phase `authenticate`) of the token endpoint's host and port, not
 * retriable where the endpoint's answer is final.
 *
 * @param clock the machine's, but in tests
 * @throws ConfigError where an option is unknown, missing or does not fit
 */
export function oidcToken(
  options: OidcTokenOptions,
  clock: Clock = systemClock(),
): (context?: SaslTokenContext) => Promise<SaslToken> {
  const plan = checkOidcOptions(options, clock)
  return async (context) => {
    const tries: Tries = { last: undefined }
    const limits = { clock, timeoutMs: plan.timeoutMs, signal: context?.signal }
    try {
      return await callWithin((signal) => fetchToken(plan, clock, signal, tries), limits)
    } catch (error) {
      throw tokenError(plan, error, tries)
    }
  }
}

async function fetchToken(
  plan: OidcPlan,
  clock: Clock,
  signal: AbortSignal,
  tries: Tries,
): Promise<SaslToken> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await fetchOnce(plan, clock, signal)
    } catch (error) {
      const isPassing = error instanceof TokenFailure && error.isPassing
      if (!isPassing || signal.aborted) throw error
      tries.last = error.message
    }
    await pause(clock, pauseMs, signal)
  }
}

async function fetchOnce(plan: OidcPlan, clock: Clock, signal: AbortSignal): Promise<SaslToken> {
  const request = await buildRequest(plan, signal)
  const askedAtMs = clock.now()
  const send = plan.fetch ?? globalThis.fetch
  const { token, expiresInSeconds } = await requestToken(send, plan.url.href, request)
  const { extensions } = plan
  if (expiresInSeconds === undefined) return { token, extensions }
  return { token, extensions, expiresAtMs: askedAtMs + expiresInSeconds * 1000 }
}

async function buildRequest(plan: OidcPlan, signal: AbortSignal): Promise<TokenRequest> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  if (plan.clientSecret !== undefined) headers.authorization = await basic(plan, plan.clientSecret)
  const body = (await buildForm(plan)).toString()
  return { method: 'POST', headers, body, redirect: 'manual', signal }
}

async function buildForm(plan: OidcPlan): Promise<URLSearchParams> {
  const { isJwtBearer, clientId, scope } = plan
  const form = new URLSearchParams({ grant_type: isJwtBearer ? JWT_BEARER : 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  if (plan.assertion === undefined) return form
  const assertion = await plan.assertion().catch((error: unknown) => {
    // A key that is no file was tried when the options were checked.
    throw new TokenFailure(`the assertion cannot be made: ${describeThrown(error)}`, true)
  })
  form.set(isJwtBearer ? 'assertion' : 'client_assertion', assertion)
  if (!isJwtBearer) form.set('client_assertion_type', CLIENT_ASSERTION)
  if (!isJwtBearer && clientId !== undefined) form.set('client_id', clientId)
  return form
}

async function basic(plan: OidcPlan, secret: Secret<SaslCredential>): Promise<string> {
  const source = secret.reveal()
  const value: unknown = typeof source === 'string' ? source : await callSecret(source)
  const fault = credentialFault(value)
  if (fault !== undefined) throw new TokenFailure(`what clientSecret answers ${fault}`, true)
  const parts = [plan.clientId ?? '', value as string]
  const encoded = plan.urlEncodeCredentials ? parts.map(formEncode) : parts
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`
}

async function callSecret(secret: () => string | Promise<string>): Promise<unknown> {
  try {
    return await secret()
  } catch (error) {
    const isPassing = !(error instanceof OttlaError) || error.retriable
    throw new TokenFailure(`the function clientSecret failed: ${describeThrown(error)}`, isPassing)
  }
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

/** Without a cause: what a `fetch` throws may hold the request. */
function tokenError({ url }: OidcPlan, error: unknown, { last }: Tries): ConnectionError {
  const isFinal = error instanceof TokenFailure
  const why = isFinal || last === undefined ? describeThrown(error) : `${describeThrown(error)}; ${last}` // prettier-ignore
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return new ConnectionError(`no token from ${url.origin}${url.pathname}: ${why}`, {
    host: url.hostname,
    port,
    phase: 'authenticate',
    code: 'ERR_OTTLA_TOKEN',
    retriable: !isFinal,
  })
}
