/**
 * What is known of one topic: who leads which partition, and how an old value gives way to a newer.
 *
 * Pure: no time, no socket. The rules are those of Kafka's `Metadata` class (KIP-320 leader epochs,
 * KIP-516 topic ids, KIP-951 hints). Brokers learn of elections one after the other, so that an
 * answer may well be older than what another broker has already said: the leader epoch says which. (Of a
 * topic without id it says so only for as long as nobody makes it anew: former-life.ts.)
 *
 * Neighbours: metadata.ts keeps one per topic; the producer's partitioner and sender read it.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  MetadataResponsePartition,
  MetadataResponseTopic,
} from '../../protocol/messages/metadata.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { Broker } from '../brokers/broker.js'

const NO_LEADER = -1
const NO_EPOCH = -1

/** First version whose leader epochs are right: before Kafka 2.4 they lag during a reassignment. */
const RELIABLE_EPOCHS_FROM = 9

/** One partition and its leader. */
export interface PartitionMetadata {
  readonly partition: number
  /** Node id of the leader; -1 while there is none. */
  readonly leaderId: number
  /** Rises with each election; -1 where the broker does not say. */
  readonly leaderEpoch: number
}

/** One topic and its partitions. An answer that changes it makes a new object; a hint changes a partition in place. */
export interface TopicMetadata {
  readonly name: string
  /** `ZERO_UUID` where the broker has no topic ids (before Kafka 2.8). */
  readonly topicId: string
  /** Dense: the index is the partition's number. */
  readonly partitions: PartitionMetadata[]
}

/** News of a leader from a Produce response (KIP-951). */
export interface LeaderHint {
  readonly topic: string
  /** The topic's id when the request was made: of another topic by the same name it says nothing. */
  readonly topicId: string
  readonly partition: number
  readonly leaderId: number
  readonly leaderEpoch: number
  /** Where that leader listens, if the response says so. */
  readonly endpoint?: Broker
}

/** An answer without error about one topic. */
export interface TopicAnswer {
  readonly topic: MetadataResponseTopic
  /** Version of Metadata that it came in. */
  readonly version: number
  /** Ids of the brokers that the same answer lists: a leader not among them cannot be reached. */
  readonly brokerIds: ReadonlySet<number>
}

/**
 * The topic as it is known after an answer: `known` itself where nothing has changed; undefined
 * where the answer does not list exactly the partitions 0 to n-1 and has to be asked for again.
 */
export function mergeTopic(
  known: TopicMetadata | undefined,
  { topic, version, brokerIds }: TopicAnswer,
): TopicMetadata | undefined {
  const { name, topicId } = topic
  const answered = sortDense(topic.partitions)
  if (name === null || answered === undefined) return undefined
  const previous = isSameIncarnation(known, topicId) ? known.partitions : []
  const partitions = answered.map((partition, index) => {
    return newer(previous[index], asPartition(partition, version, brokerIds))
  })
  const merged = { name, topicId, partitions }
  return known !== undefined && isEqual(known, merged) ? known : merged
}

/**
 * The partition as a hint has it; undefined where the hint is no news. Epochs of a topic that was made
 * anew begin again: an old one's, taken for its own, would outrank every true answer.
 */
export function newsOf(known: TopicMetadata, hint: LeaderHint): PartitionMetadata | undefined {
  const old = known.partitions[hint.partition]
  const { partition, leaderId, leaderEpoch } = hint
  if (old === undefined || hint.topicId !== known.topicId) return undefined
  if (leaderId < 0 || leaderEpoch <= old.leaderEpoch) return undefined
  return { partition, leaderId, leaderEpoch }
}

/** The topic without what was known of its leaders, so that whatever comes is news. */
export function forgetLeaders(known: TopicMetadata): TopicMetadata {
  const partitions = known.partitions.map(({ partition }) => {
    return { partition, leaderId: NO_LEADER, leaderEpoch: NO_EPOCH }
  })
  return { ...known, partitions }
}

/** The same without its epochs: whatever an answer says of its leaders is believed. */
export function forgetEpochs(known: TopicMetadata): TopicMetadata {
  const partitions = known.partitions.map((it) => ({ ...it, leaderEpoch: NO_EPOCH }))
  return { ...known, partitions }
}

/** Without ids an answer of lower epochs is older, or of a topic that was made anew. */
export function goesBack(known: TopicMetadata, { topic, version }: TopicAnswer): boolean {
  if (known.topicId !== ZERO_UUID || topic.topicId !== ZERO_UUID) return false
  return topic.partitions.some(({ partitionIndex, leaderEpoch }) => {
    const epoch = version >= RELIABLE_EPOCHS_FROM ? leaderEpoch : NO_EPOCH
    return isOlder(known.partitions[partitionIndex], epoch)
  })
}

/** True where some partition has no leader at present, or one that is none of `brokerIds`. */
export function lacksLeader(topic: TopicMetadata, brokerIds: ReadonlySet<number>): boolean {
  return topic.partitions.some(({ leaderId }) => !brokerIds.has(leaderId))
}

/** False for a topic deleted and made anew: its epochs begin again, and old ones mean nothing. */
function isSameIncarnation(
  known: TopicMetadata | undefined,
  topicId: string,
): known is TopicMetadata {
  if (known === undefined) return false
  return known.topicId === topicId || known.topicId === ZERO_UUID || topicId === ZERO_UUID
}

function sortDense(
  partitions: readonly MetadataResponsePartition[],
): readonly MetadataResponsePartition[] | undefined {
  if (partitions.length === 0) return undefined
  const sorted = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)
  const isDense = sorted.every(({ partitionIndex }, index) => partitionIndex === index)
  return isDense ? sorted : undefined
}

function asPartition(
  { errorCode, partitionIndex, leaderId, leaderEpoch }: MetadataResponsePartition,
  version: number,
  brokerIds: ReadonlySet<number>,
): PartitionMetadata {
  const isReachable =
    errorCode !== ErrorCodes.LEADER_NOT_AVAILABLE &&
    errorCode !== ErrorCodes.LISTENER_NOT_FOUND &&
    brokerIds.has(leaderId)
  return {
    partition: partitionIndex,
    leaderId: isReachable ? leaderId : NO_LEADER,
    leaderEpoch: version >= RELIABLE_EPOCHS_FROM ? leaderEpoch : NO_EPOCH,
  }
}

function newer(old: PartitionMetadata | undefined, answer: PartitionMetadata): PartitionMetadata {
  return old !== undefined && isOlder(old, answer.leaderEpoch) ? old : answer
}

function isOlder(known: PartitionMetadata | undefined, leaderEpoch: number): boolean {
  return known !== undefined && leaderEpoch !== NO_EPOCH && leaderEpoch < known.leaderEpoch
}

function isEqual(a: TopicMetadata, b: TopicMetadata): boolean {
  return (
    a.topicId === b.topicId &&
    a.partitions.length === b.partitions.length &&
    a.partitions.every(({ leaderId, leaderEpoch }, index) => {
      const other = b.partitions[index]
      return leaderId === other?.leaderId && leaderEpoch === other.leaderEpoch
    })
  )
}
