/**
 * One login on one connection: names the mechanism, then carries its bytes to the broker and back.
 *
 *   SaslHandshake(mechanism) ──NONE──> SaslAuthenticate(bytes) ──NONE──> … ──> its last answer
 *        │33: not enabled                    │58: refused
 *        │34: no SASL at this listener       │34: not now; the connection stays good
 *        └──────────> error                  └──────────> error
 *
 * At a first login the broker's answer to the handshake is awaited before anything of the mechanism is
 * sent: a listener that does not want a password must not see it. At a later one both leave together,
 * since the connection stands still meanwhile.
 *
 * Not a decision on what to do about a refusal: login.ts, broker-link.ts and metadata.ts decide.
 *
 * Spec: KIP-43, KIP-152, KIP-368. Neighbours: login.ts calls it; mechanism.ts is whose bytes they are.
 */
import { AuthenticationError, ConnectionError, ProtocolError } from '../../errors.js'
import type { OttlaError } from '../../errors.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { saslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import type { SaslAuthenticateResponse } from '../../protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import type { SaslHandshakeResponse } from '../../protocol/messages/sasl-handshake.js'
import { withoutSecrets } from '../../secret.js'
import { formatAddress } from '../address.js'
import type { ApiVersionTable } from '../connection/api-version-table.js'
import type { Connection } from '../connection/connection.js'
import { cleanText } from './clean-text.js'
import type { SaslExchange } from './mechanism.js'

/** SCRAM, the longest that Kafka has, takes two; Kerberos three or four. */
const MOST_STEPS = 8

/** First version of SaslHandshake after which the mechanism's bytes are framed, and refusals explained. */
const FIRST_FRAMED_HANDSHAKE = 1

/** What to log in with. */
export interface LoginAttempt {
  readonly connection: Connection
  readonly versions: ApiVersionTable
  /** Kafka's name of the mechanism. */
  readonly mechanism: string
  readonly exchange: SaslExchange
  /** The exchange's first bytes, which were fetched before requests were held back. */
  readonly first: Uint8Array
  /** A login on a connection that is logged in already. */
  readonly isAgain: boolean
  /** Time left for all of it; asked before each request. */
  timeLeftMs(): number
}

/** Logged in. */
export interface LoginResult {
  /** Milliseconds for which the broker takes requests; 0 for ever. */
  readonly lifetimeMs: number
}

/**
 * Logs in. Rejects with AuthenticationError, ConnectionError or ProtocolError. A first login sends
 * nothing of the mechanism before the handshake's answer: a listener that wants no login, or
 * another mechanism, must not see a password. A later one sends both at once, since the connection
 * stands still meanwhile.
 */
export async function runLogin(attempt: LoginAttempt): Promise<LoginResult> {
  const handshake = askForMechanism(attempt)
  let answer: SaslAuthenticateResponse
  if (attempt.isAgain) {
    const first = authenticate(attempt, attempt.first)
    ;[, answer] = await Promise.all([handshake, first])
  } else {
    await handshake
    answer = await authenticate(attempt, attempt.first)
  }
  for (let step = 1; ; step++) {
    const bytes = await attempt.exchange.step(answer.authBytes)
    if (bytes === undefined) return { lifetimeMs: Number(answer.sessionLifetimeMs) }
    if (step >= MOST_STEPS) throw endless(attempt)
    answer = await authenticate(attempt, bytes)
  }
}

/** The first message; whoever has none has nothing to log in with. */
export async function firstBytes(
  { host, port }: Connection,
  exchange: SaslExchange,
): Promise<Uint8Array> {
  const bytes = await exchange.step(undefined)
  if (bytes !== undefined) return bytes
  const message = `the function sasl.authenticate has given no first message for ${host}:${port}`
  throw new ConnectionError(message, {
    host,
    port,
    phase: 'authenticate',
    code: 'ERR_OTTLA_CREDENTIALS',
  })
}

async function askForMechanism(attempt: LoginAttempt): Promise<void> {
  const { connection, versions, mechanism } = attempt
  const version = versions.version(saslHandshake)
  if (version < FIRST_FRAMED_HANDSHAKE) throw tooOld(attempt)
  const limits = { timeoutMs: attempt.timeLeftMs(), isLogin: true }
  const answer = await connection.exchange(
    saslHandshake,
    version,
    { mechanism },
    limits,
    (reader) => {
      const response = saslHandshake.decodeResponse(reader, version)
      reader.expectEnd()
      return response
    },
  )
  if (answer.errorCode !== ErrorCodes.NONE) throw handshakeRefused(attempt, answer)
}

async function authenticate(
  attempt: LoginAttempt,
  authBytes: Uint8Array,
): Promise<SaslAuthenticateResponse> {
  const { connection, versions } = attempt
  const version = versions.version(saslAuthenticate)
  const limits = { timeoutMs: attempt.timeLeftMs(), isLogin: true }
  const answer = await connection.exchange(
    saslAuthenticate,
    version,
    { authBytes },
    limits,
    (reader) => {
      const response = saslAuthenticate.decodeResponse(reader, version)
      reader.expectEnd()
      return response
    },
  )
  if (answer.errorCode === ErrorCodes.NONE) return answer
  throw loginRefused(attempt, answer)
}

function handshakeRefused(
  attempt: LoginAttempt,
  { errorCode: code, mechanisms }: SaslHandshakeResponse,
): OttlaError {
  const where = formatAddress(attempt.connection)
  const offered = wordsOf(attempt, mechanisms.join(', '))
  if (code === ErrorCodes.UNSUPPORTED_SASL_MECHANISM) {
    return refusal(
      attempt,
      `${where} does not take the mechanism ${attempt.mechanism}: it takes ${offered || 'none'}; set sasl.mechanism to one of these`,
      'ERR_OTTLA_SASL_MECHANISM',
    )
  }
  if (code === ErrorCodes.ILLEGAL_SASL_STATE && !attempt.isAgain) {
    return connectionError(
      attempt,
      `${where} is a listener without SASL: leave out the option sasl, or use the port of a listener that has it`,
      { code: 'ERR_OTTLA_SASL_NOT_EXPECTED', retriable: false },
    )
  }
  return unexpected(attempt, saslHandshake.name, code)
}

function loginRefused(
  attempt: LoginAttempt,
  { errorCode: code, errorMessage }: SaslAuthenticateResponse,
): OttlaError {
  if (code !== ErrorCodes.SASL_AUTHENTICATION_FAILED) {
    return unexpected(attempt, saslAuthenticate.name, code)
  }
  const { exchange, mechanism, connection } = attempt
  const who = exchange.user === undefined ? '' : ` as "${cleanText(exchange.user)}"`
  const words = wordsOf(attempt, errorMessage ?? '')
  const { hint = '' } = exchange
  const isSaid = words === '' || hint.includes(words) // OAUTHBEARER has had the broker's words before
  const said = isSaid ? '' : `: the broker says "${words}"`
  return refusal(
    attempt,
    `${formatAddress(connection)} refuses the login by ${mechanism}${who}${said}${hint === '' ? '' : ` (${hint})`}; check the credentials in option sasl`,
  )
}

/** The broker's words, fit for a message. */
function wordsOf({ exchange }: LoginAttempt, text: string): string {
  return cleanText(withoutSecrets(text, exchange.secrets ?? []))
}

/** 34 in the middle of it, or a code that has no meaning here; the same login may work later. */
function unexpected(attempt: LoginAttempt, apiName: string, code: number): ConnectionError {
  const { name, description } = errorCode(code)
  const where = formatAddress(attempt.connection)
  return connectionError(attempt, `${where} answers ${apiName} with ${name}, ${description}`, {
    code: 'ERR_OTTLA_SASL_STATE',
    retriable: true,
  })
}

function refusal(
  { connection, mechanism, exchange }: LoginAttempt,
  message: string,
  code?: string,
): AuthenticationError {
  const { host, port } = connection
  return new AuthenticationError(message, {
    host,
    port,
    mechanism,
    user: exchange.user,
    ...(code === undefined ? {} : { code }),
  })
}

function tooOld(attempt: LoginAttempt): ConnectionError {
  const where = formatAddress(attempt.connection)
  return connectionError(
    attempt,
    `${where} speaks SASL as Kafka before 1.0 did (SaslHandshake v0); Ottla needs v1`,
    { code: 'ERR_OTTLA_SASL_TOO_OLD', retriable: false },
  )
}

function endless(attempt: LoginAttempt): ProtocolError {
  const where = formatAddress(attempt.connection)
  return new ProtocolError(
    `the login at ${where} by ${attempt.mechanism} is not over after ${MOST_STEPS} messages`,
    { apiName: saslAuthenticate.name },
  )
}

function connectionError(
  { connection }: LoginAttempt,
  message: string,
  kind: { readonly code: string; readonly retriable: boolean },
): ConnectionError {
  const { host, port } = connection
  return new ConnectionError(message, { host, port, phase: 'authenticate', ...kind })
}
