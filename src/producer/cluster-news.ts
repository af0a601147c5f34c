/**
 * Passes on what the cluster says, and what happens to its connections, to the parts that it
 * concerns. One class each for the cluster and for topics; no rule lives here.
 *
 *   metadata ─┐                ┌─> directory (topics, leaders), pool (brokers)
 *             ├─> ClusterNews ─┼─> sender (may go on), sequencer (another cluster)
 *   pool ─────┘                └─> notice, observer
 *   directory ──> TopicNews ─────> serving, parking lot
 *
 * Before: network/ and partitioning/topic-directory.ts call. The parts are looked up when something
 * happens, since they are made one after another (pipeline.ts).
 */
import type { BrokerError, DeliveryError, OttlaError, ProtocolError } from '../errors.js'
import type { Broker } from '../network/brokers/broker.js'
import type { BrokerPool } from '../network/brokers/broker-pool.js'
import type { PoolListener } from '../network/brokers/pool-listener.js'
import type { ControlListener } from '../network/control/control-plane.js'
import type { MetadataCache } from '../network/metadata/metadata.js'
import type { MetadataListener } from '../network/metadata/metadata-listener.js'
import type { PartitionMetadata, TopicMetadata } from '../network/metadata/topic-metadata.js'
import type { Observer } from './observer.js'
import type { OutageNotice } from './outage-notice.js'
import type { ProducerTopic } from './partitioning/topic.js'
import type { DirectoryListener, TopicDirectory } from './partitioning/topic-directory.js'
import type { Sequencer } from './sequencing/sequencer.js'
import type { OfferedConnection, TelemetryReporter } from './telemetry/telemetry-reporter.js'
import type { ParkingLot } from './waiting/parking-lot.js'

/** The parts that are concerned. */
export interface ConcernedRooms {
  readonly pool: BrokerPool
  readonly metadata: MetadataCache
  readonly directory: TopicDirectory
  readonly sequencer: Sequencer
  readonly sender: { wake(): void; brokersChanged(ids: ReadonlySet<number>): void }
  readonly observer: Observer
  /** null with a logger, which logs outages anyway. */
  readonly notice: OutageNotice | null
  /** null where metrics are not pushed. */
  readonly telemetry: TelemetryReporter | null
  readonly isClosed: boolean
  /** A rule of our own does not hold: nothing can be relied on any more. */
  onBroken(error: unknown): void
}

export class ClusterNews implements MetadataListener, PoolListener, ControlListener {
  readonly #rooms: ConcernedRooms

  constructor(rooms: ConcernedRooms) {
    this.#rooms = rooms
  }

  /** What is thrown here is a defect of ours, whoever calls and whatever he makes of errors. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#rooms.onBroken(error)
    }
  }

  // Metadata

  onTopic(topic: TopicMetadata): void {
    this.#guard(() => this.#rooms.directory.onTopic(topic))
  }

  onLeader(name: string, partition: PartitionMetadata): void {
    this.#guard(() => this.#rooms.directory.onLeader(name, partition))
  }

  onTopicError(name: string, error: BrokerError | ProtocolError): void {
    this.#guard(() => this.#rooms.directory.onTopicError(name, error))
  }

  onBrokers(brokers: readonly Broker[]): void {
    this.#guard(() => {
      this.#rooms.pool.updateBrokers(brokers)
      this.#rooms.sender.brokersChanged(new Set(brokers.map(({ nodeId }) => nodeId)))
    })
  }

  onRebootstrap(reason: OttlaError): void {
    this.#guard(() => this.#rooms.pool.dropAll(reason))
  }

  /** What the old cluster has given is void; answers that it owes are lost. */
  onAnotherCluster(reason: OttlaError): void {
    const { pool, sequencer, directory } = this.#rooms
    this.#guard(() => {
      pool.dropAll(reason)
      sequencer.forget()
      for (const { partitions } of directory.topics.values()) {
        for (const queue of partitions) queue.renounceNumbers()
      }
    })
  }

  onFatal(error: OttlaError): void {
    this.#guard(() => this.#rooms.directory.onFatal(error))
  }

  onAsking(): void {
    const { notice, metadata } = this.#rooms
    notice?.attempted('metadata', () => metadata.failure())
  }

  onAnswered(): void {
    this.#rooms.notice?.succeeded('metadata')
  }

  onIdle(name: string): void {
    this.#rooms.directory.onIdle(name)
  }

  isInUse(name: string): boolean {
    return this.#rooms.directory.isInUse(name)
  }

  /** A broker could not be asked. */
  onFailure(): void {
    this.#rooms.metadata.requestRefresh([])
  }

  // Connections

  /** One of the control plane. */
  onOpened(connection: OfferedConnection): void {
    this.#guard(() => this.#rooms.telemetry?.opened(connection))
  }

  onDialling(): void {
    const { notice, pool } = this.#rooms
    notice?.attempted('leaders', () => pool.whyNoneReachable())
  }

  onReady(nodeId: number): void {
    const { notice, sender, observer } = this.#rooms
    notice?.succeeded('leaders')
    observer.connectionOpened(nodeId)
    sender.wake()
  }

  onWritable(): void {
    this.#rooms.sender.wake()
  }

  onLost(nodeId: number, error: OttlaError): void {
    const { isClosed, metadata, sender, observer } = this.#rooms
    if (isClosed) return
    observer.connectionLost(nodeId, error)
    metadata.requestRefreshOf(nodeId)
    sender.wake()
  }
}

/** The parts that topics concern. */
export interface TopicRooms {
  readonly lot: ParkingLot
  readonly intake: { readonly serving: { moveOn(topic: ProducerTopic): void; roomFreed(): void } }
}

export class TopicNews implements DirectoryListener {
  readonly #rooms: TopicRooms

  constructor(rooms: TopicRooms) {
    this.#rooms = rooms
  }

  onKnown(topic: ProducerTopic): void {
    this.#rooms.intake.serving.moveOn(topic)
  }

  onUnavailable(topic: ProducerTopic, error: DeliveryError): void {
    this.#rooms.lot.settleTopic(topic, error)
  }

  onLost(topic: ProducerTopic): void {
    this.#rooms.intake.serving.moveOn(topic)
  }

  /** The next topic of this name begins with new queues, and so with new numbers. */
  onDropped({ partitions }: ProducerTopic): void {
    for (const queue of partitions) queue.retire()
    this.#rooms.intake.serving.roomFreed() // fewer topics share the memory
  }
}
