/**
 * What metadata tells of a cluster: the present, or a moment that was held.
 *
 * Neighbours: cluster-state.ts makes it; handlers/metadata.ts answers from it.
 */
import type { Partition } from './partition.js'

/** Brokers and topics, as they are told. */
export interface MetadataView {
  readonly brokers: readonly BrokerView[]
  readonly topics: ReadonlyMap<string, TopicView>
}

/** A broker as metadata tells it. */
export interface BrokerView {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** A topic as metadata tells it. */
export interface TopicView {
  readonly name: string
  readonly id: string
  readonly partitions: readonly PartitionView[]
}

/** A partition as metadata tells it. */
export type PartitionView = Readonly<
  Pick<Partition, 'index' | 'leaderId' | 'leaderEpoch' | 'replicas' | 'isr'>
>
