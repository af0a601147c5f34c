/**
 * A broker as metadata describes it.
 *
 * Not a connection: broker-pool.ts holds those.
 *
 * Neighbours: metadata.ts learns brokers, broker-pool.ts connects to them.
 */
import { hostFault } from '../../host-fault.js'
import type { Address } from '../transport/transport.js'

/** One machine of the cluster (Kafka: Node). The id stays, host and port may change. */
export interface Broker extends Address {
  readonly nodeId: number
  readonly rack: string | null
}

/** The node id of an address whose id no metadata has named yet: a bootstrap address. */
export const UNKNOWN_NODE_ID = -1

/** The same broker, at the same place. */
export function isSameBroker(a: Broker, b: Broker): boolean {
  return a.nodeId === b.nodeId && a.host === b.host && a.port === b.port && a.rack === b.rack
}

const MAX_PORT = 65_535

/** What is wrong with an id that a broker has given; else undefined. -1 says elsewhere that there is none. */
export function nodeIdFault(nodeId: number): string | undefined {
  return nodeId < 0 ? `the id ${nodeId}, and ids are 0 and up` : undefined
}

/**
 * What is wrong with an address that a broker has given, in words without its bytes; else
 * undefined.
 */
export function addressFault({ host, port }: Pick<Broker, 'host' | 'port'>): string | undefined {
  if (!(port >= 1 && port <= MAX_PORT)) return `port ${port}, and ports are 1 to ${MAX_PORT}`
  return hostFault(host)
}
