/**
 * Who is called with what metadata learns.
 *
 * Neighbours: metadata.ts calls; the producer's cluster-news.ts listens.
 */
import type { BrokerError, OttlaError, ProtocolError } from '../../errors.js'
import type { Broker } from '../brokers/broker.js'
import type { PartitionMetadata, TopicMetadata } from './topic-metadata.js'

/** Called with what is learnt. Must not throw. */
export interface MetadataListener {
  /** A topic is known now, or has changed. Called after `onBrokers` has named its leaders. */
  onTopic(topic: TopicMetadata): void
  /**
   * An answer has an error for a wanted topic, or leaves out some of it (ProtocolError); called for each
   * such answer. Where it is not
   * retriable (INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED) and nothing else is known of the
   * topic, the topic is forgotten: `want` asks anew.
   */
  onTopicError(name: string, error: BrokerError | ProtocolError): void
  /** A hint has named another leader: what `onTopic` would say, of one partition. */
  onLeader(name: string, partition: PartitionMetadata): void
  /** The cluster's brokers have changed; all of them. For `BrokerPool.updateBrokers`. */
  onBrokers(brokers: readonly Broker[]): void
  /** The cluster asked its clients to start over (KIP-1102). For `BrokerPool.dropAll`. */
  onRebootstrap(reason: OttlaError): void
  /**
   * Another cluster stands at these addresses: whatever the old one has given, and is asked, is void.
   * Called after `onTopic` has announced each topic's partitions without leader, and before the new
   * cluster's brokers and topics are announced.
   */
  onAnotherCluster?(reason: OttlaError): void
  /**
   * No broker has answered yet, and every address has failed in a way that no retry fixes: what
   * listens there is not Kafka, or has no version in common. It is tried again all the same.
   */
  onFatal?(error: OttlaError): void
  /** Some broker is being asked. */
  onAsking?(): void
  /** One has answered. */
  onAnswered?(): void
  /** The topic was unused for `metadataMaxIdleMs`, and is not asked for any more. */
  onIdle?(name: string): void
  /** Somebody waits for news of the topic, however long ago it was last wanted. Default: nobody. */
  isInUse?(name: string): boolean
}
