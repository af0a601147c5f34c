/**
 * What a listener wants that hung up without a word: asked once more, in the other way, so that a
 * wrong option is reported at once, and not after minutes of retries.
 *
 *   hung up at the first words of TLS ──> does it speak Kafka without? ──> a plaintext listener
 *   hung up at the first request ───────> does it take SaslHandshake? ───> it wants a login, by these
 *   neither ────────────────────────────> the error as it was: a broker that goes down does the same
 *
 * Nothing of a login is sent. Not a retry: what was asked is not asked again.
 *
 * Neighbours: control-addresses.ts asks, of each address that has failed; connection-errors.ts and
 * tls/tls-errors.ts have the codes.
 */
import { ConnectionError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import { formatAddress } from '../address.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import { SILENT_REFUSAL } from '../connection/connection-errors.js'
import type { Connection } from '../connection/connection.js'
import { openConnection } from '../connection/open-connection.js'
import type { NetworkContext } from '../context.js'
import { cleanText } from '../sasl/clean-text.js'
import { PLAINTEXT_LISTENER } from '../tls/tls-errors.js'
import type { Address, Dial } from './transport.js'

/** Any name will do: a listener with SASL lists those that it has. */
const SOME_MECHANISM = 'PLAIN'

/** Where, and until when. */
export interface Look {
  readonly context: NetworkContext
  readonly target: Address
  readonly signal: AbortSignal
}

/** The error, or a better one where a second look finds the cause. Never rejects. */
export async function lookAgain(error: unknown, look: Look): Promise<unknown> {
  const { login, dial, dialPlain } = look.context
  if (!(error instanceof ConnectionError)) return error
  try {
    if (error.code === PLAINTEXT_LISTENER && dialPlain !== undefined) {
      await ask(look, dialPlain, () => undefined)
      return isPlaintext(error)
    }
    if (error.code === SILENT_REFUSAL && login === undefined) {
      const mechanisms = await ask(look, dial, mechanismsOf)
      return mechanisms === undefined ? error : wantsLogin(error, mechanisms)
    }
  } catch {
    // It is not what it was taken for; the first error says more than this one.
  }
  return error
}

/** A connection of its own without a login, for one question. */
async function ask<Answer>(
  { context, target: { host, port }, signal }: Look,
  dial: Dial,
  question: (connection: Connection) => Answer | Promise<Answer>,
): Promise<Answer> {
  const connection = await openConnection({
    context: { ...context, dial, login: undefined, statistics: undefined },
    target: { nodeId: UNKNOWN_NODE_ID, host, port },
    listener: { onWritable: () => {}, onClose: () => {} },
    signal,
  })
  const message = `a second look at ${formatAddress({ host, port })} is over`
  const over = new ConnectionError(message, { host, port, phase: 'close' })
  const giveUp = (): void => connection.close(over)
  signal.addEventListener('abort', giveUp)
  try {
    return await question(connection)
  } finally {
    signal.removeEventListener('abort', giveUp)
    connection.close(over)
  }
}

/** Those that the listener has; undefined where it has no SASL. */
async function mechanismsOf(connection: Connection): Promise<readonly string[] | undefined> {
  const { errorCode, mechanisms } = await connection.request(saslHandshake, {
    mechanism: SOME_MECHANISM,
  })
  const isSasl =
    errorCode === ErrorCodes.NONE || errorCode === ErrorCodes.UNSUPPORTED_SASL_MECHANISM
  return isSasl ? mechanisms : undefined
}

function isPlaintext(error: ConnectionError): ConnectionError {
  const { host, port, code } = error
  return new ConnectionError(
    `no TLS connection to ${formatAddress({ host, port })}: it speaks Kafka's protocol without TLS, so this is a plaintext listener: leave out the option tls, or use the port of the TLS listener`,
    { host, port, phase: 'tls', code, retriable: false, cause: error },
  )
}

function wantsLogin(error: ConnectionError, mechanisms: readonly string[]): ConnectionError {
  const { host, port } = error
  return new ConnectionError(
    `${formatAddress({ host, port })} is a listener that wants a login (SASL): set the option sasl; it takes ${cleanText(mechanisms.join(', ')) || 'no mechanism'}`,
    {
      host,
      port,
      phase: 'authenticate',
      code: 'ERR_OTTLA_SASL_EXPECTED',
      retriable: false,
      cause: error,
    },
  )
}
