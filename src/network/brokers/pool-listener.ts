/**
 * Who is called with what happens to the connections for producing.
 *
 * Neighbours: broker-link.ts calls; the producer's cluster-news.ts listens.
 */
import type { OttlaError } from '../../errors.js'

/** Called with what happens to the brokers' connections. Must not throw. */
export interface PoolListener {
  /** It is being connected to. */
  onDialling?(nodeId: number): void
  /** A connection to this broker has come up; `connection(nodeId)` returns it. */
  onReady(nodeId: number): void
  /**
   * The connection was lost (its requests have been failed before this), or dialling failed. Also
   * called when metadata no longer lists the broker; its last answers may then still arrive.
   */
  onLost(nodeId: number, error: OttlaError): void
  /** All bytes are in the kernel, or a throttle has ended: the sender may send again. */
  onWritable(nodeId: number): void
}
