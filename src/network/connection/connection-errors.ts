/**
 * The reasons for which a connection ends, put into words: where, under which requests, and why.
 *
 * Neighbours: connection.ts closes with them.
 */
import { ConnectionError, OttlaError, ProtocolError } from '../../errors.js'
import type { ConnectionPhase } from '../../errors.js'
import { formatAddress } from '../address.js'
import type { PendingRequest } from './request-queue.js'
import { strangerBy } from '../tls/first-bytes.js'
import type { Address } from '../transport/transport.js'

/** How a stream ended. */
export interface StreamEnd {
  readonly phase: ConnectionPhase
  /** The requests that it was under; empty for none. */
  readonly waiting: string
  /** The address is the user's, and nothing that shows a broker's good will has come from it yet. */
  readonly mayBeRefusal: boolean
  readonly cause: Error | null
}

/** The code where a listener hung up at the first request: second-look.ts finds out whether it wants a login. */
export const SILENT_REFUSAL = 'ERR_OTTLA_SILENT_REFUSAL'

/** A listener that wants another kind of client says nothing, and hangs up. */
const REFUSAL =
  '; so does a listener that expects TLS or SASL: set the options tls and sasl as that listener wants them, unless the broker is just being stopped'

/** With acks 0 a broker has no other way to say no. */
const UNANSWERED =
  ' soon after a request that has no answer (acks 0): that is how a broker refuses one, as where Write on the topic is not allowed; what was sent last may be lost'

/** The other side, or the network, ended the stream. */
export function streamEnded(
  address: Address,
  { phase, waiting, mayBeRefusal, cause }: StreamEnd,
): ConnectionError {
  if (cause instanceof ConnectionError) return cause // TLS has its own words (tls/tls-errors.ts)
  const how = cause === null ? 'the broker closed' : `the network broke (${cause.message})`
  const idle = phase === 'request' ? UNANSWERED : ' while no answer was due'
  const under = waiting === '' ? idle : ` under ${waiting}`
  const { host, port } = address
  return new ConnectionError(
    `${how} the connection to ${formatAddress(address)}${under}${mayBeRefusal ? REFUSAL : ''}`,
    {
      host,
      port,
      phase,
      code: mayBeRefusal && phase === 'request' ? SILENT_REFUSAL : undefined,
      cause: cause ?? undefined,
    },
  )
}

/** An answer is late. */
export function answerLate(
  address: Address,
  phase: ConnectionPhase,
  { api, version, timeoutMs }: PendingRequest,
): ConnectionError {
  return connectionError(
    address,
    phase,
    `no answer to ${api.name} v${version} from ${formatAddress(address)} within ${Math.round(timeoutMs)} ms; ` +
      'the connection is closed, since a late answer could be mistaken for the next one',
  )
}

/** A request without answer is not gone: the other side does not read. */
export function writeLate(address: Address, timeoutMs: number): ConnectionError {
  const where = formatAddress(address)
  return connectionError(
    address,
    'request',
    `a request to ${where} could not be written within ${Math.round(timeoutMs)} ms; the connection is closed, since the other side no longer reads`,
  )
}

/** Nobody used it. */
export function unused(address: Address, idleMs: number): ConnectionError {
  const where = formatAddress(address)
  return connectionError(address, 'idle', `the connection to ${where} was unused for ${idleMs} ms`)
}

/** Somebody wrote before the handshake was over. */
export function notOpen(address: Address): ConnectionError {
  const where = formatAddress(address)
  return connectionError(address, 'connect', `the connection to ${where} is not open yet`)
}

/** Answers come in order: another correlation id than the next one means a broken stream. */
export function outOfOrder(
  received: number,
  { api, version, correlationId }: PendingRequest,
): ProtocolError {
  return new ProtocolError(
    `the answer to ${api.name} v${version} should carry correlation id ${correlationId} and carries ${received}`,
    { apiName: api.name, version },
  )
}

/** An answer without a request. */
export function unasked(address: Address): ProtocolError {
  return new ProtocolError(`${formatAddress(address)} sent an answer that nobody waits for`)
}

/** The stream has no frames of Kafka's. `head`: the first four bytes, if it has never had any. */
export function unreadable(
  address: Address,
  head: Uint8Array | undefined,
  thrown: unknown,
): OttlaError {
  const stranger = head === undefined ? undefined : strangerBy(head)
  if (stranger === undefined) return undecodable(address, 'the stream', thrown)
  const { host, port } = address
  const message = `no Kafka connection to ${formatAddress({ host, port })}: ${stranger.words}`
  const facts = { host, port, phase: 'handshake', retriable: false, cause: thrown } as const
  return new ConnectionError(message, { ...facts, code: stranger.code })
}

/** Whatever a decoder threw, as an error of the tree. */
export function undecodable(address: Address, what: string, thrown: unknown): OttlaError {
  if (thrown instanceof OttlaError) return thrown
  const message = `${what} from ${formatAddress(address)} cannot be used: ${String(thrown)}`
  return new ProtocolError(message, { cause: thrown })
}

function connectionError(
  { host, port }: Address,
  phase: ConnectionPhase,
  message: string,
): ConnectionError {
  return new ConnectionError(message, { host, port, phase })
}
