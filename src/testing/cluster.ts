/**
 * `ottla/testing`: a Kafka cluster within the process, for unit tests of code that produces.
 *
 * It accepts what Kafka accepts and refuses what Kafka refuses (checksums, sizes, sequences, epochs,
 * timestamps), speaks every version that Ottla speaks, on real TCP ports of the loopback interface,
 * and does on request what real brokers do at the worst moment.
 *
 *   import { Producer } from 'ottla'
 *   import { ErrorCodes, TestCluster } from 'ottla/testing'
 *
 *   test('an order is sent once, although its broker has just lost the leadership', async () => {
 *     await using cluster = await TestCluster.start({ topics: { orders: { partitions: 3 } } })
 *     cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_LEADER_OR_FOLLOWER, times: 2 })
 *
 *     await using producer = new Producer({ brokers: cluster.bootstrap })
 *     await placeOrder(producer, { id: 7 })          // the code under test
 *
 *     const [record, ...others] = cluster.records('orders')
 *     assert.equal(record.value.toString(), '{"id":7}')
 *     assert.equal(others.length, 0)
 *   })
 *
 * Not a broker to run anything on: no consumers, no transactions, no disk; one process, one test.
 *
 * Neighbours: cluster-state.ts is the cluster; a ClusterNetwork carries its bytes.
 */
import { formatAddress } from '../network/address.js'
import { Broker } from './broker.js'
import type { ClusterNetwork } from './cluster-network.js'
import { ClusterState } from './cluster-state.js'
import type { Fault } from './fault-script.js'
import type { ApiName } from './handlers/services.js'
import { resolveOptions, type TestClusterOptions, type TopicOptions } from './options.js'
import type { TailFate } from './partition.js'
import type { SeenRequest } from './request-log.js'
import { ServerConnection } from './server-connection.js'
import { TcpNetwork } from './tcp-network.js'

export { ErrorCodes } from '../protocol/error-codes.js'
export type { ClusterNetwork } from './cluster-network.js'
export type { Fault, FaultEffect, FaultScope } from './fault-script.js'
export type { ApiName } from './handlers/services.js'
export type { TestClusterOptions, TopicOptions } from './options.js'
export type { SeenRequest } from './request-log.js'

/** A record in a partition's log, as a consumer would get it. */
export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Milliseconds. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[]
}

/** What happens around the loss of a broker. */
export interface LossOptions {
  /**
   * Records that only this leader had (see `pauseReplication`): `keep` as if its followers had just
   * fetched them, `lose` as if not. Default 'keep'.
   */
  readonly tail?: TailFate
  /** False: nobody notices; its partitions keep it as leader until you move them. Default true. */
  readonly failover?: boolean
}

/** A Kafka cluster of this process. */
export class TestCluster implements AsyncDisposable {
  readonly #state: ClusterState
  readonly #network: ClusterNetwork

  private constructor(state: ClusterState, network: ClusterNetwork) {
    this.#state = state
    this.#network = network
  }

  /** Starts a cluster: one broker and no topics unless `options` say otherwise. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const network = options.network ?? new TcpNetwork()
    const resolved = resolveOptions(options, network.clock)
    const state = new ClusterState(resolved.settings)
    const cluster = new TestCluster(state, network)
    for (let id = 1; id <= resolved.brokers; id++) {
      state.brokers.set(id, new Broker(id, resolved.versionCaps))
    }
    for (const id of state.brokers.keys()) await cluster.startBroker(id)
    for (const [name, topic] of Object.entries(resolved.topics)) cluster.createTopic(name, topic)
    return cluster
  }

  /** `host:port` of each broker that is up: what a producer's `brokers` takes. */
  get bootstrap(): string[] {
    return [...this.#state.brokers.values()].filter((it) => it.isRunning).map(formatAddress)
  }

  /** What the brokers were asked, oldest first (the newest 10,000). */
  get requests(): readonly SeenRequest[] {
    return this.#state.requests.all
  }

  /** Open connections, to one broker or to all. */
  connectionCount(brokerId?: number): number {
    return this.#brokers(brokerId).reduce((count, it) => count + it.connections.size, 0)
  }

  /**
   * The records of a partition, or of all partitions of a topic in turn: those that every in-sync
   * replica has, decompressed. Throws RangeError for a topic or partition that there is not.
   */
  records(topic: string, partition?: number): StoredRecord[] {
    const partitions =
      partition === undefined
        ? this.#state.topic(topic).partitions
        : [this.#state.partition(topic, partition)]
    return partitions.flatMap(({ index, log, highWatermark }) =>
      log.records(highWatermark).map((record) => ({ topic, partition: index, ...record })),
    )
  }

  /** Scripts a fault for the next requests of an API; faults wait in line in the order scripted. */
  failNext(api: ApiName, fault: Fault): void {
    this.#state.faults.add(api, fault)
  }

  /** Drops every fault that has not happened yet. */
  clearFaults(): void {
    this.#state.faults.clear()
  }

  /** Makes a topic; one partition, and a replica on up to three brokers, by default. */
  createTopic(name: string, options: TopicOptions = {}): void {
    const { settings } = this.#state
    this.#state.createTopic({
      name,
      partitions: options.partitions ?? settings.defaultPartitions,
      replicationFactor: options.replicationFactor ?? settings.defaultReplicationFactor,
      settings: options.config ?? {},
    })
  }

  /** Deletes a topic with its records; one made anew under the name has another id. */
  deleteTopic(name: string): void {
    this.#state.deleteTopic(name)
  }

  /** Adds partitions to a topic. */
  addPartitions(topic: string, count: number): void {
    this.#state.addPartitions(topic, count)
  }

  /** Node id of the partition's leader; -1 without one. */
  leader(topic: string, partition: number): number {
    return this.#state.partition(topic, partition).leaderId
  }

  /** Starts a broker that was stopped, at the address that it had. */
  async startBroker(id: number): Promise<void> {
    const broker = this.#state.broker(id)
    const address = broker.port === 0 ? null : { host: broker.host, port: broker.port }
    const bound = await this.#network.listen(
      address,
      (stream) => new ServerConnection(this.#state, broker, stream),
    )
    broker.host = bound.host
    broker.port = bound.port
    this.#state.brokerStarted(id)
  }

  /** Stops a broker: its connections are cut, its port is closed, others lead its partitions. */
  async stopBroker(id: number, options: LossOptions = {}): Promise<void> {
    const broker = this.#state.broker(id)
    broker.disconnectAll()
    this.#state.brokerStopped(id, options.tail ?? 'keep', options.failover ?? true)
    await this.#network.unlisten(broker)
  }

  /** Closes every connection and port. */
  async close(): Promise<void> {
    for (const broker of this.#state.brokers.values()) {
      broker.disconnectAll()
      broker.isRunning = false
    }
    await this.#network.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #brokers(id: number | undefined): Broker[] {
    return id === undefined ? [...this.#state.brokers.values()] : [this.#state.broker(id)]
  }
}
