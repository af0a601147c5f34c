/**
 * A handle on a consumer group of the test cluster, as far as transactions have to do with one. Got by
 * `cluster.consumerGroup(groupId)`.
 *
 * Neighbours: cluster.ts gives it; consumer-groups.ts holds the state.
 */
import type { ClusterState } from '../cluster-state.js'
import type { ConsumerGroupOptions } from './consumer-groups.js'
import type { CommittedOffset, OffsetCommit } from './offsets-partition.js'

/** One group. */
export class TestConsumerGroup {
  readonly groupId: string
  readonly #cluster: ClusterState

  /** @internal */
  constructor(groupId: string, cluster: ClusterState) {
    this.groupId = groupId
    this.#cluster = cluster
  }

  /**
   * Says who its members are, and of which generation: others may not commit from now on (22, 25, 82).
   * What a rebalance does.
   */
  set(options: ConsumerGroupOptions): void {
    this.#cluster.groups.declare(this.groupId, options)
  }

  /** The group is no more, as after its last member left; what it has committed stays. */
  remove(): void {
    this.#cluster.groups.forget(this.groupId)
  }

  /** What it has committed; what a transaction has sent counts from its commit marker on. */
  get committedOffsets(): CommittedOffset[] {
    return withoutGroup(this.#cluster.groups.committed(this.groupId))
  }

  /** What transactions have sent that are not ended yet. */
  get pendingOffsets(): CommittedOffset[] {
    return withoutGroup(this.#cluster.groups.offsetsOf(this.groupId).pending(this.groupId))
  }

  /** Node id of the broker that coordinates it; -1 while none does. */
  get coordinator(): number {
    return this.#cluster.placement.of('group', this.groupId)?.id ?? -1
  }

  /** Another broker coordinates it from now on. Throws RangeError for one that the cluster does not have. */
  moveCoordinator(to: number): void {
    this.#cluster.broker(to)
    this.#cluster.placement.move('group', this.groupId, to)
  }
}

function withoutGroup(commits: readonly OffsetCommit[]): CommittedOffset[] {
  return commits.map(({ topic, partition, offset, leaderEpoch, metadata }) => {
    return { topic, partition, offset, leaderEpoch, metadata }
  })
}
