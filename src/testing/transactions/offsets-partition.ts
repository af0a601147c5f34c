/**
 * One partition of `__consumer_offsets`: what its groups have committed, and what transactions would
 * commit. As every partition it knows the epochs of producers, and which of them have a transaction
 * open here.
 *
 * Spec: Kafka's OffsetMetadataManager (pendingTransactionalOffsets). Neighbours: consumer-groups.ts.
 */
import type { ProducerIdentity } from './init-rules.js'

/** An offset that a group has committed. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  /** Offset of the next record to read. */
  readonly offset: bigint
  /** -1: none. */
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** An offset, and whose. */
export interface OffsetCommit extends CommittedOffset {
  readonly groupId: string
}

interface OffsetsProducer {
  epoch: number
  /** Of the open transaction; null: none is open. */
  pending: OffsetCommit[] | null
}

/** How a producer stands here. */
export type OffsetsStanding = 'open' | 'fenced' | 'not open'

/** One partition. */
export class OffsetsPartition {
  readonly #committed = new Map<string, OffsetCommit>()
  readonly #producers = new Map<bigint, OffsetsProducer>()

  standingOf({ producerId, producerEpoch }: ProducerIdentity): OffsetsStanding {
    const producer = this.#producers.get(producerId)
    if (producer === undefined) return 'not open'
    if (producerEpoch < producer.epoch) return 'fenced'
    return producer.epoch === producerEpoch && producer.pending !== null ? 'open' : 'not open'
  }

  /** Keeps offsets for the marker. */
  store({ producerId, producerEpoch }: ProducerIdentity, commits: readonly OffsetCommit[]): void {
    const pending = this.#producers.get(producerId)?.pending ?? []
    this.#producers.set(producerId, { epoch: producerEpoch, pending: [...pending, ...commits] })
  }

  /** The marker: what was kept is committed, or forgotten. */
  end({ producerId, producerEpoch }: ProducerIdentity, committed: boolean): void {
    const pending = this.#producers.get(producerId)?.pending ?? []
    for (const commit of committed ? pending : []) {
      this.#committed.set(`${commit.groupId} ${commit.topic} ${commit.partition}`, commit)
    }
    this.#producers.set(producerId, { epoch: producerEpoch, pending: null })
  }

  /** What a group has committed. */
  committed(groupId: string): OffsetCommit[] {
    return [...this.#committed.values()].filter((it) => it.groupId === groupId)
  }

  /** What open transactions would commit for a group. */
  pending(groupId: string): OffsetCommit[] {
    const all = [...this.#producers.values()].flatMap(({ pending }) => pending ?? [])
    return all.filter((it) => it.groupId === groupId)
  }
}
