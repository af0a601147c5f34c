/**
 * From an address to a connection that takes requests.
 *
 *   dial ──> negotiate versions ──> log in (SASL) ──> the right cluster? ──> ready
 *                  └─ closed by the broker ──> dial ──> negotiate in the lowest version
 *
 * Some servers that speak Kafka's protocol cut the connection instead of refusing a version of
 * ApiVersions that is new to them (Azure Event Hubs on v4): one more try in v0, which all know.
 *
 * Not a retry beyond that, and no backoff: broker-pool.ts and metadata.ts decide when to dial again.
 *
 * Neighbours: transport.ts dials; handshake.ts speaks; broker-pool.ts and control-plane.ts call.
 */
import { ConnectionError } from '../../errors.js'
import { formatAddress } from '../address.js'
import { Connection } from './connection.js'
import type { ConnectionListener, ConnectionTarget } from './connection.js'
import { LOWEST_API_VERSIONS, highestApiVersions, negotiateVersions } from './handshake.js'
import type { NetworkContext } from '../context.js'
import type { ConnectionSession } from './connection-contract.js'
import type { Transport } from '../transport/transport.js'

/** What an attempt to open a connection needs. */
export interface OpenOptions {
  readonly context: Omit<NetworkContext, 'random'>
  readonly target: ConnectionTarget
  readonly listener: ConnectionListener
  /** Gives up at once when it fires. */
  readonly signal: AbortSignal
  /** Whether it must lead to the cluster that is known (cluster-identity.ts). Default false. */
  readonly isForProducing?: boolean
}

/**
 * Opens a connection within `connectionTimeoutMs`. Rejects with ConnectionError, or with BrokerError
 * or ProtocolError where what listens there is no broker that Ottla can speak with.
 */
export async function openConnection(options: OpenOptions): Promise<Connection> {
  const { clock, options: network } = options.context
  const deadlineMs = clock.monotonicMs() + network.connectionTimeoutMs
  const version = highestApiVersions(network.apiVersions)
  try {
    return await attemptTwice(options, version, deadlineMs)
  } catch (error) {
    if (!options.signal.aborted) options.context.statistics?.failed()
    throw error
  }
}

async function attemptTwice(
  options: OpenOptions,
  version: number,
  deadlineMs: number,
): Promise<Connection> {
  const { clock } = options.context
  try {
    return await attempt(options, version, deadlineMs)
  } catch (error) {
    const mayBeTheVersion =
      error instanceof ConnectionError &&
      error.phase === 'handshake' &&
      error.retriable &&
      version > LOWEST_API_VERSIONS &&
      !options.signal.aborted &&
      clock.monotonicMs() < deadlineMs
    if (!mayBeTheVersion) throw error
    options.context.logger.debug(
      { err: error },
      'asking a broker for its versions once more, in v0',
    )
    return await attempt(options, LOWEST_API_VERSIONS, deadlineMs)
  }
}

async function attempt(
  { context, target, listener, signal, isForProducing }: OpenOptions,
  version: number,
  deadlineMs: number,
): Promise<Connection> {
  const timeLeftMs = (): number => deadlineMs - context.clock.monotonicMs()
  const connection = new Connection(context, target, listener)
  const giveUp = (): void => {
    connection.close(givenUp(target))
  }
  signal.addEventListener('abort', giveUp)
  let transport: Transport | undefined
  let session: ConnectionSession | undefined
  try {
    const timeoutMs = timeLeftMs()
    transport = await context.dial(target, connection, { timeoutMs, signal })
    connection.start(transport)
    const caps = context.options.apiVersions
    const handshake = { caps, version, timeoutMs: timeLeftMs() }
    const { versions, features } = await negotiateVersions(connection, handshake)
    const limits = { timeoutMs: timeLeftMs(), signal }
    session = await context.login?.perform(connection, versions, limits)
    if (isForProducing === true) await context.cluster.check(connection, versions, timeLeftMs())
    connection.becomeReady(versions, session)
    if (!connection.isOpen) throw connection.closeReason ?? givenUp(target)
    context.features.learn(features)
    transport.judge?.(true)
    return connection
  } catch (error) {
    if (!signal.aborted) transport?.judge?.(false)
    session?.stop()
    connection.close(givenUp(target))
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function givenUp({ host, port }: ConnectionTarget): ConnectionError {
  const message = `the attempt to connect to ${formatAddress({ host, port })} was given up`
  return new ConnectionError(message, { host, port, phase: 'connect' })
}
