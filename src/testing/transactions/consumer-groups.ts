/**
 * The group side of transactions: offsets that are sent within one wait for its marker, and are then
 * the group's, or forgotten. A group that no test has declared begins with its first commit, and takes
 * those of generation -1 alone, as one without members does.
 *
 * Spec: Kafka's OffsetMetadataManager, ClassicGroup.validateOffsetCommit; KIP-447. Neighbours:
 * handlers/txn-offset-commit.ts stores; coordinator.ts ends.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import { javaHash } from './placement.js'
import type { ProducerIdentity } from './init-rules.js'
import { OffsetsPartition, type OffsetCommit } from './offsets-partition.js'
import type { TransactionPartition } from './transaction-metadata.js'

/** The topic of groups' offsets, as transactions name it. */
export const OFFSETS_TOPIC = '__consumer_offsets'
const OFFSETS_PARTITIONS = 50

/** A consumer of a group. */
export interface GroupMember {
  readonly memberId: string
  /** Of a static member (KIP-345). Default none. */
  readonly groupInstanceId?: string | null | undefined
}

/** How a group stands. */
export interface ConsumerGroupOptions {
  /** Default 1. */
  readonly generationId?: number | undefined
  /** Default none: then everybody of generation -1 may commit. */
  readonly members?: readonly GroupMember[] | undefined
}

/** Who commits, as the request says. */
export interface GroupMetadata {
  readonly groupId: string
  /** -1: none. */
  readonly generationId: number
  /** Empty: none. */
  readonly memberId: string
  readonly groupInstanceId: string | null
}

interface Group {
  readonly generationId: number
  readonly members: readonly GroupMember[]
}

/** The groups of a cluster. */
export class ConsumerGroups {
  readonly #groups = new Map<string, Group>()
  readonly #partitions = new Map<number, OffsetsPartition>()

  /** Says how a group stands from now on. */
  declare(groupId: string, options: ConsumerGroupOptions): void {
    const { generationId = 1, members = [] } = options
    this.#groups.set(groupId, { generationId, members })
  }

  /** The group is no more; what it has committed stays. */
  forget(groupId: string): void {
    this.#groups.delete(groupId)
  }

  /** The partition of `__consumer_offsets` that a transaction has a marker written to. */
  partitionOf(groupId: string): TransactionPartition {
    return { topic: OFFSETS_TOPIC, partition: javaHash(groupId) % OFFSETS_PARTITIONS }
  }

  /** Where the offsets of a group are. */
  offsetsOf(groupId: string): OffsetsPartition {
    return this.#at(this.partitionOf(groupId).partition)
  }

  /** NONE, or why a commit is refused. */
  check({ groupId, generationId, memberId, groupInstanceId }: GroupMetadata): number {
    const group = this.#groups.get(groupId)
    if (group === undefined) {
      if (generationId >= 0) return ErrorCodes.ILLEGAL_GENERATION
      this.#groups.set(groupId, { generationId: 0, members: [] })
      return ErrorCodes.NONE
    }
    const isAnonymous = generationId < 0 && memberId === '' && groupInstanceId === null
    if (isAnonymous || (generationId < 0 && group.members.length === 0)) return ErrorCodes.NONE
    const errorCode = checkMember(group.members, memberId, groupInstanceId)
    if (errorCode !== ErrorCodes.NONE) return errorCode
    return generationId === group.generationId ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION
  }

  /** The marker of a transaction in a partition of `__consumer_offsets`. */
  end(partition: number, producer: ProducerIdentity, committed: boolean): void {
    this.#at(partition).end(producer, committed)
  }

  /** What a group has committed. */
  committed(groupId: string): readonly OffsetCommit[] {
    return this.offsetsOf(groupId).committed(groupId)
  }

  clear(): void {
    this.#groups.clear()
    this.#partitions.clear()
  }

  #at(index: number): OffsetsPartition {
    const partition = this.#partitions.get(index) ?? new OffsetsPartition()
    this.#partitions.set(index, partition)
    return partition
  }
}

function checkMember(
  members: readonly GroupMember[],
  memberId: string,
  instanceId: string | null,
): number {
  if (instanceId !== null) {
    const owner = members.find(({ groupInstanceId }) => groupInstanceId === instanceId)
    if (owner === undefined) return ErrorCodes.UNKNOWN_MEMBER_ID
    if (owner.memberId !== memberId) return ErrorCodes.FENCED_INSTANCE_ID
  }
  const isKnown = members.some((it) => it.memberId === memberId)
  return isKnown ? ErrorCodes.NONE : ErrorCodes.UNKNOWN_MEMBER_ID
}
