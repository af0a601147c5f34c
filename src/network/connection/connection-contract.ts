/**
 * What a connection asks of those around it: where it leads, who hears of its end, how a request is
 * limited, and what keeps it logged in.
 *
 * Neighbours: connection.ts is built on it; broker-link.ts, control-plane.ts and sasl/ meet it.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { ConnectionStatistics } from '../connection-statistics.js'
import type { NetworkOptions } from '../options.js'
import type { Address } from '../transport/transport.js'

/** The states that connection.ts draws. */
export const ConnectionState = {
  dialling: 'dialling',
  handshaking: 'handshaking',
  ready: 'ready',
  retiring: 'retiring',
  closed: 'closed',
} as const
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState]

/** What a connection is built from. */
export interface ConnectionContext {
  readonly clock: Clock
  readonly options: NetworkOptions
  readonly logger: Log
  readonly statistics?: ConnectionStatistics | undefined
}

/** Called with what concerns the connection as a whole. Must not throw. */
export interface ConnectionListener {
  /** Every byte is in the kernel, or a throttle has ended: the sender may write again. */
  onWritable(connection: ConnectionTarget): void
  /** A request that was no login has its answer. */
  onAnswered?(connection: ConnectionTarget): void
  /** Called once, after every waiting request has been failed; never if the handshake failed. */
  onClose(connection: ConnectionTarget, reason: OttlaError): void
}

/** Where a connection leads, and to which broker as far as that is known. */
export interface ConnectionTarget extends Address {
  /** `UNKNOWN_NODE_ID` for a bootstrap address. */
  readonly nodeId: number
}

/** Limits of one request. */
export interface RequestOptions {
  /** Default `requestTimeoutMs`. */
  readonly timeoutMs?: number
  /** Part of a login, which goes through while everything else is held. Default false. */
  readonly isLogin?: boolean
}

/** What keeps a connection logged in (sasl/session.ts). */
export interface ConnectionSession {
  /** A request would be met by a closed connection. */
  readonly isOver: boolean
  /** Logs in again by `hold` and `release`: true. False: closes the connection instead. */
  renew(): boolean
  /** The connection is closed. */
  stop(): void
}
