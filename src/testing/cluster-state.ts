/**
 * The cluster itself: brokers, topics, leaders, and the small decisions of a controller. Pure and
 * synchronous: it knows no socket, and no time but its `Clock`.
 *
 * Every change is visible to all brokers at once, which Kafka does not promise; a lag is a thing to
 * script (`heldView`, and the faults).
 *
 * Spec: what a producer can see of Kafka's controller. Neighbours: handlers/ answer requests from
 * it; cluster.ts is its door.
 */
import type { Clock } from '../clock.js'
import { type Broker } from './broker.js'
import { FaultScript } from './fault-script.js'
import type { MetadataView, PartitionView } from './metadata-view.js'
import { NO_LEADER, type Partition, type ReplicationDelay, type TailFate } from './partition.js'
import { RequestLog } from './request-log.js'
import type { TestSasl } from './sasl/test-sasl.js'
import type { TestTelemetry } from './telemetry/test-telemetry.js'
import { topicFault, type TopicFault } from './topic-fault.js'
import { Topic, type TopicPlan } from './topic.js'
import { ConsumerGroups } from './transactions/consumer-groups.js'
import { TransactionCoordinator } from './transactions/coordinator.js'
import type { TransactionKnobs } from './transactions/environment.js'
import { CoordinatorPlacement } from './transactions/placement.js'
import type { TransactionLevel } from './transactions/transaction-level.js'
import { VerificationQueues } from './transactions/verification-queue.js'

/** How the cluster behaves; everything has been given its default. */
export interface ClusterSettings {
  readonly clock: Clock
  readonly autoCreateTopics: boolean
  /** Of topics that are created without a number. */
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  readonly replicationDelayMs: ReplicationDelay
  /** The first id that InitProducerId gives. */
  readonly firstProducerId: bigint
  /** The first one. */
  readonly clusterId: string
  /** Null where clients need not log in. */
  readonly sasl: TestSasl | null
  /** Null where the brokers have no telemetry plug-in. */
  readonly telemetry: TestTelemetry | null
  readonly transactionLevel: TransactionLevel
  readonly transactionKnobs: TransactionKnobs
}

export class ClusterState {
  /** Another one after each `wipe`. */
  clusterId: string
  readonly settings: ClusterSettings
  readonly brokers = new Map<number, Broker>()
  readonly topics = new Map<string, Topic>()
  readonly faults = new FaultScript()
  readonly requests = new RequestLog()
  readonly groups = new ConsumerGroups()
  readonly placement = new CoordinatorPlacement(this.brokers)
  readonly transactions: TransactionCoordinator
  readonly verifications = new VerificationQueues()
  /** Set while brokers tell old metadata. */
  heldView: MetadataView | null = null
  /** Quota of each client id at each broker, in bytes a second; null: none, `Infinity`: lifted. */
  producerByteRate: number | null = null
  #wipes = 0
  #topicsMade = 0
  #nextProducerId: bigint

  constructor(settings: ClusterSettings) {
    this.settings = settings
    this.#nextProducerId = settings.firstProducerId
    this.clusterId = settings.clusterId
    this.transactions = new TransactionCoordinator({
      clock: settings.clock,
      brokers: this.brokers,
      topics: this.topics,
      placement: this.placement,
      groups: this.groups,
      knobs: settings.transactionKnobs,
      transactionVersion: () => settings.transactionLevel.level,
      newProducerId: () => this.newProducerId(),
    })
  }

  get sasl(): TestSasl | null {
    return this.settings.sasl
  }

  /** The broker. Throws RangeError for an id that the cluster does not have. */
  broker(id: number): Broker {
    const broker = this.brokers.get(id)
    if (broker !== undefined) return broker
    const known = [...this.brokers.keys()].join(', ')
    throw new RangeError(`the test cluster has no broker ${id}: it has ${known}`)
  }

  /** The topic. Throws RangeError for a name that the cluster does not have. */
  topic(name: string): Topic {
    const topic = this.topics.get(name)
    if (topic !== undefined) return topic
    const known = [...this.topics.keys()].join(', ') || 'none'
    throw new RangeError(`the test cluster has no topic "${name}": it has ${known}`)
  }

  /** The partition. Throws RangeError for one that the cluster does not have. */
  partition(name: string, index: number): Partition {
    const { partitions } = this.topic(name)
    const partition = partitions[index]
    if (partition !== undefined) return partition
    throw new RangeError(`topic "${name}" has no partition ${index}: it has ${partitions.length}`)
  }

  topicById(id: string): Topic | undefined {
    return [...this.topics.values()].find((topic) => topic.id === id)
  }

  /** Replicas of topics that are created without a number: no more than there are brokers. */
  get defaultReplicationFactor(): number {
    return Math.min(this.settings.defaultReplicationFactor, this.brokers.size)
  }

  /** Why Kafka would not make this topic; null where it would. */
  topicFault(plan: TopicPlan): TopicFault | null {
    return topicFault(plan, this.topics.keys(), this.brokers.size)
  }

  /** Makes a topic. Throws RangeError for a name or settings that Kafka refuses. */
  createTopic(plan: TopicPlan): Topic {
    const fault = this.topicFault(plan)
    if (fault !== null) throw new RangeError(fault.errorMessage)
    const parts = {
      clock: this.settings.clock,
      replicationDelayMs: this.settings.replicationDelayMs,
    }
    const topic = new Topic(this.clusterId, ++this.#topicsMade, plan, parts)
    topic.addPartitions(plan.partitions, [...this.brokers.keys()])
    this.topics.set(plan.name, topic)
    for (const partition of topic.partitions) this.#settle(partition)
    return topic
  }

  /** Forgets a topic with all its records. */
  deleteTopic(name: string): void {
    const topic = this.topic(name)
    this.topics.delete(name)
    for (const partition of topic.partitions) partition.delete()
  }

  /** Another cluster, with nothing in it, takes the place of this one, with its brokers' addresses. */
  wipe(): void {
    for (const name of [...this.topics.keys()]) this.deleteTopic(name)
    this.heldView = null
    for (const broker of this.brokers.values()) broker.heldView = null
    this.transactions.clear()
    this.verifications.clear()
    this.placement.clear()
    this.groups.clear()
    this.#nextProducerId = this.settings.firstProducerId
    this.clusterId = `${this.settings.clusterId}-${++this.#wipes}`
  }

  /** Adds partitions to a topic. */
  addPartitions(name: string, count: number): void {
    const topic = this.topic(name)
    topic.addPartitions(count, [...this.brokers.keys()])
    for (const partition of topic.partitions) this.#settle(partition)
  }

  /** A producer id that nobody has. */
  newProducerId(): bigint {
    return this.#nextProducerId++
  }

  /** A broker is up: it is in sync again, and leads what nobody leads. */
  brokerStarted(id: number): void {
    const broker = this.broker(id)
    broker.isRunning = true
    broker.isListed = true
    for (const partition of this.#partitions()) this.#comeBack(partition, id)
    this.transactions.brokersChanged()
  }

  /**
   * A broker is gone: others lead what it led, where any is in sync. With `failsOver` false nobody
   * notices, and metadata goes on naming it.
   */
  brokerStopped(id: number, tail: TailFate, failsOver: boolean): void {
    this.broker(id).isRunning = false
    if (failsOver) this.brokerFenced(id, tail)
  }

  /** A broker is taken for dead, whether it is or not. */
  brokerFenced(id: number, tail: TailFate): void {
    this.broker(id).isListed = false
    for (const partition of this.#partitions()) this.#failOver(partition, id, tail)
    this.transactions.brokersChanged(tail)
  }

  /** Takes a broker out of a partition, which gets another leader if that one led. */
  #failOver(partition: Partition, id: number, tail: TailFate): void {
    const others = partition.isr.filter((it) => it !== id && this.brokers.get(it)?.isListed)
    const next = others[0]
    if (partition.leaderId === id) {
      // The last one in sync keeps its place: nobody else may lead until it is back.
      partition.elect(next ?? NO_LEADER, next === undefined ? 'keep' : tail)
    }
    if (next !== undefined && partition.isr.includes(id)) partition.setIsr(others)
  }

  /** Puts another broker, which is not up yet, in the place of one that is down. */
  replaceBroker(gone: number, successor: Broker): void {
    this.addBroker(successor)
    this.brokers.delete(gone)
    for (const partition of this.#partitions()) partition.replaceReplica(gone, successor.id)
  }

  /** Takes a broker. Throws RangeError where there is one of that id. */
  addBroker(broker: Broker): void {
    if (!Number.isInteger(broker.id) || broker.id < 0) {
      throw new RangeError(`a broker's id is an integer from 0, not ${broker.id}`)
    }
    if (this.brokers.has(broker.id)) {
      throw new RangeError(`the test cluster has a broker ${broker.id} already`)
    }
    this.brokers.set(broker.id, broker)
  }

  /** Takes a broker out for good; others have its replicas from now on. Throws RangeError for the last. */
  removeBroker(id: number): void {
    this.broker(id)
    const others = [...this.brokers.values()].filter((it) => it.id !== id && it.isListed)
    if (others.length === 0) throw new RangeError('the last broker cannot be removed')
    this.brokers.delete(id)
    for (const partition of this.#partitions()) {
      const heir = others.find((it) => !partition.replicas.includes(it.id))
      if (heir === undefined) partition.dropReplica(id)
      else partition.replaceReplica(id, heir.id)
    }
    this.transactions.brokersChanged()
  }

  /** What metadata tells now. */
  view(): MetadataView {
    if (this.heldView !== null) return this.heldView
    const topics = [...this.topics.values()].map(
      ({ name, id, partitions }) =>
        [name, { name, id, partitions: partitions.map((it) => ({ ...viewOf(it) })) }] as const,
    )
    const listed = [...this.brokers.values()].filter((it) => it.isListed)
    const brokers = listed.map(({ id, host, port, rack }) => ({ id, host, port, rack }))
    return { brokers, topics: new Map(topics) }
  }

  /** A replica is up again. Without a leader only one that was in sync may lead, and then the rest catch up. */
  #comeBack(partition: Partition, id: number): void {
    const { replicas, isr, leaderId } = partition
    if (!replicas.includes(id)) return
    if (leaderId === NO_LEADER && !isr.includes(id)) return
    if (leaderId === NO_LEADER) partition.elect(id, 'keep')
    const caughtUp = replicas.filter((it) => !isr.includes(it) && this.brokers.get(it)?.isListed)
    if (caughtUp.length > 0) partition.setIsr([...isr, ...caughtUp])
  }

  /** A partition made while its preferred leader was down. */
  #settle(partition: Partition): void {
    for (const id of partition.isr) {
      if (!this.broker(id).isListed) this.#failOver(partition, id, 'keep')
    }
  }

  #partitions(): Partition[] {
    return [...this.topics.values()].flatMap((topic) => topic.partitions)
  }
}

function viewOf({ index, leaderId, leaderEpoch, replicas, isr }: Partition): PartitionView {
  return { index, leaderId, leaderEpoch, replicas, isr }
}
