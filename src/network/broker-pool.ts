import type { OttlaError } from '../errors.js'
import type { Broker } from './broker.js'
import type { Connection } from './connection.js'
import type { NetworkContext } from './options.js'

export interface PoolListener {
  onReady(nodeId: number): void
  onLost(nodeId: number, error: OttlaError): void
  onWritable(nodeId: number): void
}
export declare class BrokerPool {
  constructor(context: NetworkContext & { readonly listener: PoolListener })
  updateBrokers(brokers: readonly Broker[]): void
  connection(nodeId: number): Connection | undefined
  ensure(nodeId: number): Connection | undefined
  drop(nodeId: number, reason: OttlaError): void
  dropAll(reason: OttlaError): void
  close(): void
}
