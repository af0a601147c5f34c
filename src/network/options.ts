/**
 * The settings of the network room. The producer's options hold the user's side of it: defaults, ranges
 * and Java names; here everything is present and has been validated.
 *
 * Neighbours: context.ts carries them.
 */
import type { Address } from './transport/transport.js'

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
