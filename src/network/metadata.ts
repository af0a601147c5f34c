import type { BrokerError, OttlaError } from '../errors.js'
import type { Broker } from './broker.js'
import type { Connection } from './connection.js'
import type { NetworkContext } from './options.js'
import type { LeaderHint, TopicMetadata } from './topic-metadata.js'

export interface MetadataListener {
  onTopic(topic: TopicMetadata): void
  onTopicError(name: string, error: BrokerError): void
  /** Give these to `BrokerPool.updateBrokers`. */
  onBrokers(brokers: readonly Broker[]): void
  /** Give this to `BrokerPool.dropAll`. */
  onRebootstrap(reason: OttlaError): void
  onFatal?(error: OttlaError): void
}
export declare class MetadataCache {
  constructor(context: NetworkContext & { readonly listener: MetadataListener })
  topic(name: string): TopicMetadata | undefined
  want(name: string): void
  forget(name: string): void
  requestRefresh(): void
  applyLeaderHint(hint: LeaderHint): boolean
  connect(timeoutMs: number): Promise<void>
  controlConnection(): Promise<Connection>
  close(): void
}
