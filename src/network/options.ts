/**
 * What the network room needs to be told. The producer's options hold the user's side of it:
 * defaults, ranges and Java names; here everything is present and has been validated.
 *
 * Neighbours: connection.ts, broker-pool.ts and metadata.ts take it whole.
 */
import type { Clock } from '../clock.js'
import type { Log } from '../logger.js'
import type { ClusterIdentity } from './metadata/cluster-identity.js'
import type { Login } from './sasl/login.js'
import type { Address, Dial } from './transport/transport.js'

/** Settings of the network room; milliseconds where the name says so. */
export interface NetworkOptions {
  /** Where to ask first. Any number of them may be dead. At least one. */
  readonly bootstrap: readonly Address[]
  /** Sent in every request header (Java: client.id). */
  readonly clientId: string
  /** An answer later than this closes its connection (Java: request.timeout.ms). */
  readonly requestTimeoutMs: number
  /** For name, dial, handshake and login together (Java: socket.connection.setup.timeout.ms, 10000). */
  readonly connectionTimeoutMs: number
  /** First wait before a lost broker is dialled again (Java: reconnect.backoff.ms). */
  readonly reconnectBackoffMs: number
  /** That wait doubles up to this (Java: reconnect.backoff.max.ms). */
  readonly reconnectBackoffMaxMs: number
  /** First wait between metadata answers that bring nothing new (Java: retry.backoff.ms). */
  readonly retryBackoffMs: number
  /** That wait doubles up to this (Java: retry.backoff.max.ms). */
  readonly retryBackoffMaxMs: number
  /** Metadata older than this is asked for again (Java: metadata.max.age.ms, 300000). */
  readonly metadataMaxAgeMs: number
  /** A topic unused for this long is forgotten (Java: metadata.max.idle.ms, 300000). */
  readonly metadataMaxIdleMs: number
  /** Let brokers make a topic that is asked for (from Metadata v4 on; before, they always may). */
  readonly createTopics: boolean
  /** A connection unused for this long is closed (Java: connections.max.idle.ms, 540000). */
  readonly connectionsMaxIdleMs: number
  /** Highest version to use, by API name, e.g. `{ Produce: 9 }`; others are uncapped. */
  readonly apiVersions: Readonly<Record<string, number>>
}

/** What everything in this room is built from: time, chance, sockets, settings, a log and one cluster. */
export interface NetworkContext {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly dial: Dial
  /** With TLS: the way without it, on which nothing secret goes (second-look.ts). */
  readonly dialPlain?: Dial | undefined
  readonly options: NetworkOptions
  /** Must not throw: wrap a user's logger in `safeLogger`. */
  readonly logger: Log
  /** The same one for all that belongs to a producer. */
  readonly cluster: ClusterIdentity
  /** How to log in; undefined where brokers want no login. The same one for all of a producer. */
  readonly login?: Login | undefined
}
