/**
 * One request to a token endpoint, and what its answer means. Bounds: no redirects, which could lead
 * the client's secret elsewhere, and no more than 1 MiB of answer, of which no error quotes anything.
 *
 * Spec: RFC 6749, sections 4.4 and 5; KIP-768 and Kafka's HttpJwtRetriever (which answers are final).
 * Neighbours: oidc-token.ts tries again.
 */
import '../../globals.js'

const MAX_ANSWER_BYTES = 1024 * 1024
/** Client errors that may pass: Request Timeout, Too Many Requests. */
const PASSING_4XX: readonly number[] = [408, 429]
/** Server errors that will not: Not Implemented, HTTP Version Not Supported. */
const LASTING_5XX: readonly number[] = [501, 505]
/** The endpoint's own words for what is wrong; only these are repeated. */
const OAUTH_ERRORS: readonly string[] = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
]

/** What is asked of a `fetch`. */
export interface TokenRequest {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What is read of its answer. */
export interface TokenResponse {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array> | null
}

/** The global `fetch`, or one that is called like it. */
export type TokenFetch = (url: string, request: TokenRequest) => Promise<TokenResponse>

/** Why there is no token. */
export class TokenFailure extends Error {
  /** False where the same request cannot succeed later. */
  readonly isPassing: boolean

  constructor(message: string, isPassing: boolean) {
    super(message)
    this.isPassing = isPassing
  }
}

/** What the endpoint gave. */
export interface TokenAnswer {
  readonly token: string
  readonly expiresInSeconds: number | undefined
}

/** @throws TokenFailure (rejects) */
export async function requestToken(
  fetch: TokenFetch,
  url: string,
  request: TokenRequest,
): Promise<TokenAnswer> {
  const response = await send(fetch, url, request)
  const { status } = response
  if (status === 0 || (status >= 300 && status < 400)) {
    await readText(response).catch(() => '')
    throw new TokenFailure(`it answers with a redirect (${status}), which is not followed`, false)
  }
  const text = await readText(response)
  if (status < 200 || status >= 300) throw refusal(status, text)
  return parseAnswer(text)
}

async function send(fetch: TokenFetch, url: string, request: TokenRequest): Promise<TokenResponse> {
  try {
    return await fetch(url, request)
  } catch (error) {
    throw unreachable(error)
  }
}

async function readText({ body }: TokenResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of body ?? []) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_ANSWER_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreachable(error)
  }
  if (sizeBytes <= MAX_ANSWER_BYTES) return Buffer.concat(chunks).toString()
  throw new TokenFailure(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`, false)
}

/** Certificates do not fix themselves within seconds; everything else of a network may. */
function unreachable(error: unknown): TokenFailure {
  const { cause } = (error ?? {}) as { cause?: unknown }
  const code = codeOf(cause) ?? codeOf(error)
  const isCertificate = code !== undefined && /CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO/.test(code)
  return new TokenFailure(`it cannot be reached${code === undefined ? '' : `: ${code}`}`, !isCertificate) // prettier-ignore
}

/** Node's codes, such as `ECONNREFUSED`. Not the message: a `fetch` of the user's may put anything there. */
function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined
}

function refusal(status: number, text: string): TokenFailure {
  const isPassing = status < 500 ? PASSING_4XX.includes(status) : !LASTING_5XX.includes(status)
  const error = parseJson(text)?.error
  const word = typeof error === 'string' && OAUTH_ERRORS.includes(error) ? `, ${error}` : ''
  return new TokenFailure(`it answers HTTP ${status}${word}`, isPassing)
}

function parseAnswer(text: string): TokenAnswer {
  const answer = parseJson(text)
  if (answer === undefined) throw new TokenFailure('its answer is no JSON object', false)
  const token = [answer.access_token, answer.id_token].find((it) => typeof it === 'string' && it !== '') // prettier-ignore
  if (typeof token !== 'string') throw new TokenFailure('its answer has no access_token', false)
  const seconds = Number(answer.expires_in ?? NaN)
  const isTime = Number.isFinite(seconds * 1000) // what is no time in milliseconds says nothing
  return { token, expiresInSeconds: isTime ? seconds : undefined }
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
