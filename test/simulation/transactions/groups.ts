/**
 * The consumer groups whose offsets transactions commit: one of each transactional id, which rebalances
 * at times, and groups that only one call ever commits for.
 *
 * Neighbours: operations.ts sends; faults.ts rebalances; audit.ts looks.
 */
import type { ConsumerGroupMetadata } from '../../../src/producer/coordinating/consumer-group.js'
import type { TestCluster } from '../../../src/testing/cluster.js'
import type { Random } from '../random.js'

/** Who commits. */
export interface ChosenGroup {
  readonly groupId: string
  readonly isAlone: boolean
  readonly metadata: string | ConsumerGroupMetadata
}

const MEMBER = 'member-1'

export class Groups {
  readonly #cluster: TestCluster
  readonly #random: Random
  readonly #generations = new Map<string, number>()
  #made = 0

  constructor(cluster: TestCluster, random: Random) {
    this.#cluster = cluster
    this.#random = random
  }

  /** A group of one call. */
  own(): ChosenGroup {
    const groupId = `own-${this.#made++}`
    return { groupId, isAlone: true, metadata: groupId }
  }

  any(transactionalId: string): ChosenGroup {
    if (this.#random.chance(0.4)) return this.own()
    const groupId = this.sharedOf(transactionalId)
    if (this.#random.chance(0.3)) return { groupId, isAlone: false, metadata: groupId }
    const generationId = this.#generationOf(groupId)
    return { groupId, isAlone: false, metadata: { groupId, generationId, memberId: MEMBER } }
  }

  sharedOf(transactionalId: string): string {
    return `group-${transactionalId}`
  }

  rebalance(transactionalId: string): void {
    const groupId = this.sharedOf(transactionalId)
    this.#declare(groupId, this.#generationOf(groupId) + 1)
  }

  #generationOf(groupId: string): number {
    const known = this.#generations.get(groupId)
    if (known !== undefined) return known
    this.#declare(groupId, 1)
    return 1
  }

  #declare(groupId: string, generationId: number): void {
    this.#generations.set(groupId, generationId)
    this.#cluster.consumerGroup(groupId, { generationId, members: [{ memberId: MEMBER }] })
  }
}
