/**
 * One topic of the test cluster: name, id, settings and partitions. Deleting a topic and making one
 * of the same name gives it another id, as in Kafka.
 *
 * Neighbours: cluster-state.ts holds them; partition.ts does the work.
 */
import { crc32c } from '../protocol/crc32c.js'
import { uuidFromBytes } from '../protocol/uuid.js'
import { Partition, type PartitionParts } from './partition.js'
import { readTopicConfig, type TopicConfig, type TopicSettings } from './topic-config.js'

/** What a topic is made of. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: TopicSettings
}

/** One topic. */
export class Topic {
  readonly name: string
  /** Kafka's base64url text. */
  readonly id: string
  readonly settings: TopicSettings
  readonly config: TopicConfig
  readonly partitions: Partition[] = []
  readonly #replicationFactor: number
  readonly #parts: PartitionParts

  /** `number` is unique in the cluster; the id is made of both. Throws RangeError for bad settings. */
  constructor(clusterId: string, number: number, plan: TopicPlan, parts: PartitionParts) {
    this.name = plan.name
    this.id = topicId(clusterId, number)
    this.settings = plan.settings
    this.config = readTopicConfig(plan.settings)
    this.#replicationFactor = plan.replicationFactor
    this.#parts = parts
  }

  /** Adds partitions, their leaders in turn over `brokerIds`. */
  addPartitions(count: number, brokerIds: readonly number[]): void {
    for (let added = 0; added < count; added++) {
      const index = this.partitions.length
      const replicas = Array.from(
        { length: Math.min(this.#replicationFactor, brokerIds.length) },
        (_, place) => brokerIds[(index + place) % brokerIds.length] as number, // % keeps it in range
      )
      this.partitions.push(new Partition(index, replicas, this.#parts))
    }
  }

  /** Replicas that must be in sync for acks=all: no more than there are. */
  get minInSyncReplicas(): number {
    return Math.min(this.config.minInSyncReplicas, this.#replicationFactor)
  }
}

/** Looks like one of Kafka's, and is the same in every run with the same cluster id. */
function topicId(clusterId: string, number: number): string {
  const bytes = Buffer.from('ottla-tes\0\0\0\0\0\0\0', 'latin1')
  bytes.writeUInt32BE(crc32c(Buffer.from(clusterId)), 9)
  bytes.writeUIntBE(number, bytes.length - 3, 3)
  return uuidFromBytes(bytes)
}
