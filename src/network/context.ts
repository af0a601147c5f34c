/**
 * What everything in this room is built from: time, chance, sockets, settings, a log and one cluster.
 *
 * Neighbours: broker-pool.ts, control-plane.ts and metadata.ts take it whole; the producer makes it.
 */
import type { Clock } from '../clock.js'
import type { Log } from '../logger.js'
import type { ApiVersionTable } from './connection/api-version-table.js'
import type { Connection } from './connection/connection.js'
import type { ConnectionSession } from './connection/connection-contract.js'
import type { ConnectionStatistics } from './connection-statistics.js'
import type { FinalizedFeatures } from './finalized-features.js'
import type { ClusterIdentity } from './metadata/cluster-identity.js'
import type { NetworkOptions } from './options.js'
import type { Dial } from './transport/transport.js'

/** Logs in on connections (sasl/login.ts). */
export interface ConnectionLogin {
  /**
   * Logs in on a connection whose versions are known, and that takes no requests yet; what keeps it
   * logged in. Rejects with AuthenticationError, ConnectionError or ProtocolError.
   */
  perform(
    connection: Connection,
    versions: ApiVersionTable,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ConnectionSession | undefined>
}

/** One for each producer. */
export interface NetworkContext {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly dial: Dial
  /** With TLS: a dial without it, by which nothing secret is sent (second-look.ts). */
  readonly dialPlain?: Dial | undefined
  readonly options: NetworkOptions
  /** Must not throw: wrap a user's logger in `safeLogger`. */
  readonly logger: Log
  /** The same one for all that belongs to a producer. */
  readonly cluster: ClusterIdentity
  /** The same one for all that belongs to a producer; every handshake feeds it. */
  readonly features: FinalizedFeatures
  /** How to log in; undefined where brokers want no login. The same one for all of a producer. */
  readonly login?: ConnectionLogin | undefined
  /** Counts connections; undefined where nobody does. */
  readonly statistics?: ConnectionStatistics | undefined
}
