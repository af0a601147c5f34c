/**
 * Writes the markers of one transaction, each to the leader of its partition, and knows when every
 * in-sync replica has them. A partition without a leader that can is tried again; a marker that was
 * lost with the tail of a log is written again.
 *
 * Spec: Kafka's TransactionMarkerChannelManager, KafkaApis.handleWriteTxnMarkersRequest. Neighbours:
 * coordinator.ts asks; markers.ts has the bytes; partition.ts appends.
 */
import type { Partition } from '../partition.js'
import type { Topic } from '../topic.js'
import { OFFSETS_TOPIC } from './consumer-groups.js'
import type { CoordinatorEnvironment } from './environment.js'
import { encodeMarker } from './markers.js'
import type { TransactionMetadata, TransactionPartition } from './transaction-metadata.js'

/** A marker in a log. */
interface WrittenMarker {
  readonly nextOffset: number
  readonly tailsLost: number
}

/** The markers of one end of one transaction. */
export class MarkerWriter {
  readonly #environment: CoordinatorEnvironment
  readonly #metadata: TransactionMetadata
  readonly #coordinatorEpoch: number
  readonly #written = new Map<Partition, WrittenMarker>()
  #left: readonly TransactionPartition[]

  constructor(
    environment: CoordinatorEnvironment,
    metadata: TransactionMetadata,
    coordinatorEpoch: number,
  ) {
    this.#environment = environment
    this.#metadata = metadata
    this.#coordinatorEpoch = coordinatorEpoch
    this.#left = metadata.partitions
  }

  /** Writes what can be written; true when all of it is where it belongs. */
  write(): boolean {
    this.#left = this.#left.filter((it) => !this.#isDone(it))
    this.#metadata.partitions = this.#left
    return this.#left.length === 0
  }

  #isDone({ topic: name, partition: index }: TransactionPartition): boolean {
    const { groups, topics } = this.#environment
    if (name === OFFSETS_TOPIC) {
      groups.end(index, this.#metadata, this.#isCommit)
      return true
    }
    const topic = topics.get(name)
    const partition = topic?.partitions[index]
    if (topic === undefined || partition === undefined) return true // deleted meanwhile
    const written = this.#written.get(partition)
    if (written?.tailsLost === partition.tailsLost) {
      return partition.highWatermark >= written.nextOffset
    }
    return this.#writeTo(topic, partition)
  }

  #writeTo(topic: Topic, partition: Partition): boolean {
    const { brokers, clock } = this.#environment
    const leader = brokers.get(partition.leaderId)
    const isUp = leader !== undefined && leader.isRunning && !leader.isFrozen
    if (!isUp || partition.isr.length < topic.minInSyncReplicas) return false
    const { producerId, producerEpoch, clientVersion } = this.#metadata
    const marker = {
      producerId,
      producerEpoch,
      committed: this.#isCommit,
      coordinatorEpoch: this.#coordinatorEpoch,
    }
    // Refused: a newer epoch is known there, whose own marker ends what is open.
    if (!partition.log.producers.takesMarker(marker, clientVersion)) return true
    const { nextOffset } = partition.append(encodeMarker(marker, clock.now()), undefined)
    this.#written.set(partition, { nextOffset, tailsLost: partition.tailsLost })
    return partition.highWatermark >= nextOffset
  }

  get #isCommit(): boolean {
    return this.#metadata.state === 'PrepareCommit'
  }
}
