/**
 * Which cluster the producer belongs to: the id that Metadata answers carry (v2 on, KIP-78).
 *
 * A cluster that is wiped comes back at the same addresses under another id, and its producer ids
 * begin anew: it may know ours as somebody else's, and acknowledge as repetitions batches that it
 * does not store. So the first batch on a connection waits until the connection has named its
 * cluster:
 *
 *   dial ──> negotiate versions ──> Metadata for no topic ──> the same id, or none ──> ready
 *                                                       └──> another ──> refused; metadata decides
 *
 * Nobody is asked as long as the connection by which the cluster was learnt has not been lost, nor
 * any other: while one stands, the cluster has not been wiped. So the first connections of a
 * producer cost no round trip.
 *
 * Not a decision: an answer to metadata.ts alone says that the cluster is another one now.
 *
 * Neighbours: metadata.ts learns the id; broker-link.ts and control-plane.ts ask; handshake.ts comes
 * before.
 */
import { ConnectionError } from '../../errors.js'
import { metadata } from '../../protocol/messages/metadata.js'
import { formatAddress } from '../address.js'
import type { ApiVersionTable } from '../connection/api-version-table.js'
import type { Connection } from '../connection/connection.js'

/** First version of Metadata whose answer has the cluster's id. */
const FIRST_VERSION_WITH_CLUSTER_ID = 2

/** A question about no topic. */
const NO_TOPICS = {
  topics: [],
  allowAutoTopicCreation: true,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}

/** One for a producer. */
export class ClusterIdentity {
  /** Null until an answer has named it, and where answers do not. */
  #id: string | null = null
  #mayHaveChanged = false
  /** Connections that are known to lead there. */
  #checked = new WeakSet<Connection>()

  get id(): string | null {
    return this.#id
  }

  /** An answer names the cluster: true where it is another one than before, which it is from now on. */
  learn(connection: Connection, id: string | null): boolean {
    if (id === null) return false
    const isAnother = this.#id !== null && this.#id !== id
    if (isAnother) this.#checked = new WeakSet()
    this.#mayHaveChanged ||= isAnother
    this.#id = id
    this.#checked.add(connection)
    return isAnother
  }

  /** A connection was lost: what is dialled from now on may lead to another cluster. */
  connectionLost(): void {
    this.#mayHaveChanged = true
  }

  /**
   * Sees to it that a connection leads to this cluster; asks it only where there may be a doubt.
   * `versions` are those of the connection, which may still be in its handshake. Rejects with
   * ConnectionError, retriable, where it leads to another one.
   */
  async check(
    connection: Connection,
    versions: ApiVersionTable,
    timeoutMs: number | undefined,
  ): Promise<void> {
    if (this.#id === null || !this.#mayHaveChanged || this.#checked.has(connection)) return
    const version = metadataVersion(versions)
    if (version < FIRST_VERSION_WITH_CLUSTER_ID) return
    const options = timeoutMs === undefined ? {} : { timeoutMs }
    const { clusterId } = await connection.exchange(
      metadata,
      version,
      NO_TOPICS,
      options,
      (reader) => metadata.decodeResponse(reader, version),
    )
    if (clusterId !== null && clusterId !== this.#id) throw anotherCluster(connection, this.#id)
    this.#checked.add(connection)
  }
}

/** -1 where there is none in common: such a server is asked nothing. */
function metadataVersion(versions: ApiVersionTable): number {
  try {
    return versions.version(metadata)
  } catch {
    return -1
  }
}

function anotherCluster(connection: Connection, id: string | null): ConnectionError {
  const { host, port } = connection
  const message = `${formatAddress(connection)} no longer leads to the cluster ${id}: another one stands there`
  return new ConnectionError(message, { host, port, phase: 'connect' })
}
