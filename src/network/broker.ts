/**
 * A broker as metadata describes it.
 *
 * Not a connection: broker-pool.ts holds those.
 *
 * Neighbours: metadata.ts learns brokers, broker-pool.ts connects to them.
 */
import type { Address } from './transport.js'

/** One machine of the cluster (Kafka: Node). The id stays, host and port may change. */
export interface Broker extends Address {
  readonly nodeId: number
  readonly rack: string | null
}

/** The node id of an address of which no metadata has told the id yet: a bootstrap address. */
export const UNKNOWN_NODE_ID = -1

/** The same broker, at the same place. */
export function isSameBroker(a: Broker, b: Broker): boolean {
  return a.nodeId === b.nodeId && a.host === b.host && a.port === b.port && a.rack === b.rack
}
