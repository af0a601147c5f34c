/**
 * What is known of one topic: who leads which partition.
 *
 * Pure values and the rules for replacing an old value by a new one; no time, no socket. The rules
 * are those of Kafka's `Metadata` class (KIP-320, KIP-516, KIP-951).
 *
 * Neighbours: metadata.ts keeps one per topic; the producer's partitioner and sender read it.
 */
/** One partition and its leader. */
export interface PartitionMetadata {
  readonly partition: number
  /** Node id of the leader; -1 while there is none. */
  readonly leaderId: number
  /** Rises with each election; -1 where the broker does not tell. */
  readonly leaderEpoch: number
}

/** One topic and its partitions. Immutable: a change makes a new object. */
export interface TopicMetadata {
  readonly name: string
  /** `ZERO_UUID` where the broker has no topic ids (before Kafka 2.8). */
  readonly topicId: string
  /** Dense: the index is the partition's number. */
  readonly partitions: readonly PartitionMetadata[]
}

/** News of a leader from a Produce response (KIP-951). */
export interface LeaderHint {
  readonly topic: string
  readonly partition: number
  readonly leaderId: number
  readonly leaderEpoch: number
  /** Where that leader listens, if the response says so. */
  readonly endpoint?: {
    readonly nodeId: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }
}
