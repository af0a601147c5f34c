/**
 * The seam between the test cluster and whatever carries its bytes: real loopback TCP
 * (tcp-network.ts), or a simulated network on a virtual clock (virtual-network.ts).
 *
 * The mirror of network/transport/transport.ts, which is the client's side of the same stream.
 *
 * Neighbours: server-connection.ts speaks over a ServerStream; cluster.ts lets brokers listen.
 */
import type { Clock } from '../clock.js'
import type { Address } from '../network/transport/transport.js'

/** The broker's end of one stream. */
export interface ServerStream {
  /** Sends bytes, in order; nobody may change them afterwards. */
  write(bytes: Uint8Array): void
  /** Closes once everything written has left. Idempotent. */
  end(): void
  /** Cuts at once, unsent bytes included. Idempotent. */
  destroy(): void
}

/** Who is told what a broker's stream hears. */
export interface ServerStreamHandlers {
  onData(chunk: Uint8Array): void
  /** Called once, whoever closed it. */
  onClose(): void
}

/** Takes a new stream. */
export type AcceptStream = (stream: ServerStream) => ServerStreamHandlers

/** What carries the cluster's bytes. */
export interface ClusterNetwork {
  /** The time that the cluster lives by. */
  readonly clock: Clock
  /**
   * Starts to listen for a broker: at `address`, or at a new one where that is null. Resolves with
   * the address; what can be done at once is done before it returns.
   */
  listen(address: Address | null, accept: AcceptStream): Promise<Address>
  /** Takes no more streams at an address; those that are open stay. */
  unlisten(address: Address): Promise<void>
  /** Stops listening everywhere. */
  close(): Promise<void>
}
