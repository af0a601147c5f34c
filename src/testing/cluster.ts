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
 *     assert.equal(record?.value?.toString(), '{"id":7}')
 *     assert.equal(others.length, 0)
 *   })
 *
 * Not a broker to run anything on: no consumers, no disk; one process, one test.
 *
 * Neighbours: cluster-state.ts is the cluster; a ClusterNetwork carries its bytes.
 */
import '../globals.js'
import { formatAddress } from '../network/address.js'
import { Broker } from './broker.js'
import type { ClusterNetwork } from './cluster-network.js'
import { ClusterState } from './cluster-state.js'
import type { Fault } from './fault-script.js'
import { servicesOf, type ApiName } from './handlers/services.js'
import {
  checkOptions,
  checkTopicOptions,
  resolveOptions,
  resolveTls,
  type TestClusterOptions,
  type TopicOptions,
} from './options.js'
import type { SeenRequest } from './request-log.js'
import type { TestSasl } from './sasl/test-sasl.js'
import { forbid, type Forbidden } from './forbid.js'
import { TcpNetwork } from './tcp-network.js'
import type { TestTelemetry } from './telemetry/test-telemetry.js'
import { TestBroker } from './test-broker.js'
import { TestPartition, type RecordsOptions, type StoredRecord } from './test-partition.js'
import type { CertificateOptions, IssuedCertificate } from './tls/certificate-authority.js'
import type { ServerTls, TlsSession } from './tls/server-tls.js'
import type { ConsumerGroupOptions } from './transactions/consumer-groups.js'
import type { CommittedOffset } from './transactions/offsets-partition.js'
import { TestConsumerGroup } from './transactions/test-consumer-group.js'
import { TestTransactions } from './transactions/test-transactions.js'
import type { TransactionVersion } from './transactions/transaction-options.js'

export { ErrorCodes } from '../protocol/error-codes.js'
export type { ClusterNetwork } from './cluster-network.js'
export type { Fault, FaultEffect, FaultScope } from './fault-script.js'
export type { Forbidden } from './forbid.js'
export type { ApiName } from './handlers/services.js'
export type { TestClusterOptions, TopicOptions } from './options.js'
export type { SeenRequest } from './request-log.js'
export type {
  DelegationToken,
  SaslMechanismName,
  TestSaslOptions,
  TokenJudge,
  TokenVerdict,
} from './sasl/sasl-options.js'
export type { SeenLogin, TestSasl } from './sasl/test-sasl.js'
export type { SeenPush, TestTelemetry, TestTelemetryOptions } from './telemetry/test-telemetry.js'
export type { LossOptions, TestBroker } from './test-broker.js'
export type { StoredBytes } from './stored-bytes.js'
export type { IsolationLevel } from './isolation-level.js'
export type {
  AbortedTransaction,
  MoveOptions,
  RecordsOptions,
  StoredRecord,
  TestPartition,
} from './test-partition.js'
export { CertificateAuthority } from './tls/certificate-authority.js'
export type { CertificateOptions, IssuedCertificate } from './tls/certificate-authority.js'
export type { ClientAuth, TestTlsOptions, TlsSession, TlsVersion } from './tls/server-tls.js'
export type { ConsumerGroupOptions, GroupMember } from './transactions/consumer-groups.js'
export type { CommittedOffset } from './transactions/offsets-partition.js'
export type { TestConsumerGroup } from './transactions/test-consumer-group.js'
export type {
  CoordinatorMoveOptions,
  TestTransactions,
  TransactionDescription,
} from './transactions/test-transactions.js'
export type {
  Delay,
  TransactionOptions,
  TransactionVersion,
  WriteFate,
} from './transactions/transaction-options.js'
export type { TransactionPartition, TransactionState } from './transactions/transaction-metadata.js'

/** What `quota` takes. */
export interface QuotaOptions {
  /** Bytes a second of each client id at each broker: Kafka's `producer_byte_rate`. */
  readonly producerByteRate: number
}

/** What `records` takes. */
export interface TopicRecordsOptions extends RecordsOptions {
  /** Default all. */
  readonly partition?: number | undefined
}

/** A Kafka cluster of this process. */
export class TestCluster implements AsyncDisposable {
  readonly #state: ClusterState
  readonly #network: ClusterNetwork
  readonly #tls: ServerTls | null
  readonly #versionCaps: Readonly<Record<string, number>>

  private constructor(
    state: ClusterState,
    network: ClusterNetwork,
    tls: ServerTls | null,
    versionCaps: Readonly<Record<string, number>>,
  ) {
    this.#state = state
    this.#network = network
    this.#tls = tls
    this.#versionCaps = versionCaps
  }

  /** Starts a cluster: one broker and no topics unless `options` say otherwise. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    checkOptions(options)
    const tls = resolveTls(options)
    const network = options.network ?? new TcpNetwork(tls)
    const resolved = resolveOptions(options, network.clock)
    const state = new ClusterState(resolved.settings)
    const cluster = new TestCluster(state, network, tls, resolved.versionCaps)
    for (let id = 1; id <= resolved.brokers; id++) {
      state.brokers.set(id, new Broker(id, resolved.versionCaps))
    }
    for (const broker of cluster.brokers) await broker.start()
    for (const [name, topic] of Object.entries(resolved.topics)) cluster.createTopic(name, topic)
    return cluster
  }

  /** `host:port` of each broker that is up: what a producer's `brokers` takes. */
  get bootstrap(): string[] {
    return [...this.#state.brokers.values()].filter((it) => it.isRunning).map(formatAddress)
  }

  /**
   * PEM of the authority that has signed the brokers' certificate, for a client's `tls.ca`. Throws
   * where the cluster was started without `tls`.
   */
  get certificateAuthority(): string {
    return this.#secured.authority.certificate
  }

  /**
   * A certificate of that authority, such as a client shows as `tls.cert` and `tls.key`. Throws where
   * the cluster was started without `tls`.
   */
  issueCertificate(options: CertificateOptions = {}): IssuedCertificate {
    return this.#secured.authority.issue(options)
  }

  /**
   * Who may log in and who did, and how long a login lasts. Throws where the cluster was started
   * without `sasl`.
   */
  get sasl(): TestSasl {
    if (this.#state.sasl !== null) return this.#state.sasl
    throw new Error('this test cluster was started without `sasl`')
  }

  /**
   * What clients have pushed of their metrics, and what they are asked for. Throws where the cluster was
   * started without `telemetry`.
   */
  get telemetry(): TestTelemetry {
    const { telemetry } = this.#state.settings
    if (telemetry !== null) return telemetry
    throw new Error('this test cluster was started without `telemetry`')
  }

  /** The TLS handshakes that came to their end, oldest first; none without `tls`. */
  get tlsSessions(): readonly TlsSession[] {
    return this.#tls?.sessions ?? []
  }

  /** What the brokers were asked, oldest first (the newest 10,000). */
  get requests(): readonly SeenRequest[] {
    return this.#state.requests.all
  }

  /** Connections open, over all brokers. */
  get connectionCount(): number {
    return this.brokers.reduce((count, broker) => count + broker.connectionCount, 0)
  }

  /** A handle on each broker, in the order of their ids, those that are down included. */
  get brokers(): TestBroker[] {
    const ids = [...this.#state.brokers.keys()].sort((a, b) => a - b)
    return ids.map((id) => new TestBroker(id, this.#state, this.#network))
  }

  /** Adds a broker, by default with the next free id; topics and partitions made later may be on it. */
  async addBroker(id = Math.max(0, ...this.#state.brokers.keys()) + 1): Promise<TestBroker> {
    this.#state.addBroker(new Broker(id, this.#versionCaps))
    const broker = this.broker(id)
    await broker.start()
    return broker
  }

  /** A handle on one broker; its methods stop, freeze, move it. Throws RangeError without it. */
  broker(id: number): TestBroker {
    return new TestBroker(this.#state.broker(id).id, this.#state, this.#network)
  }

  /** The names of the topics that there are. */
  get topics(): string[] {
    return [...this.#state.topics.keys()]
  }

  /** A handle on each partition of a topic. Throws RangeError without the topic. */
  partitions(topic: string): TestPartition[] {
    const { partitions } = this.#state.topic(topic)
    return partitions.map(({ index }) => new TestPartition(topic, index, this.#state))
  }

  /** A handle on one partition; its methods move leaders. Throws RangeError without it. */
  partition(topic: string, index: number): TestPartition {
    this.#state.partition(topic, index)
    return new TestPartition(topic, index, this.#state)
  }

  /**
   * The records of a partition, or of all partitions of a topic in turn: those that every in-sync
   * replica has, decompressed. Those of transactions that are open or were aborted are among them, unless
   * `isolation` is `read_committed`. Throws RangeError for a topic or partition that there is not.
   */
  records(topic: string, options: number | TopicRecordsOptions = {}): StoredRecord[] {
    const { partitions } = this.#state.topic(topic)
    const { partition, isolation } = typeof options === 'number' ? { partition: options } : options
    const indexes = partition === undefined ? partitions.map(({ index }) => index) : [partition]
    return indexes.flatMap((index) => this.partition(topic, index).records({ isolation }))
  }

  /** The coordinator of transactions: what it knows of each transactional id, and how slow it is. */
  get transactions(): TestTransactions {
    return new TestTransactions(this.#state)
  }

  /** The finalized level of the feature `transaction.version`. */
  get transactionVersion(): TransactionVersion {
    return this.#state.settings.transactionLevel.level
  }

  /**
   * Finalizes another level of `transaction.version` (KIP-890), as an upgrade or downgrade of the cluster
   * does. Connections made from now on tell it to clients. Throws RangeError for a level that there is not.
   */
  setTransactionVersion(level: TransactionVersion): void {
    this.#state.settings.transactionLevel.level = level
  }

  /**
   * A handle on a consumer group. With `options`: says who its members are, of which generation; a group
   * that was never declared takes offsets from everybody who is in none.
   */
  consumerGroup(groupId: string, options?: ConsumerGroupOptions): TestConsumerGroup {
    const group = new TestConsumerGroup(groupId, this.#state)
    if (options !== undefined) group.set(options)
    return group
  }

  /** What a group has committed; what a transaction has sent counts from its commit marker on. */
  committedOffsets(groupId: string): CommittedOffset[] {
    return this.consumerGroup(groupId).committedOffsets
  }

  /**
   * Scripts a fault for the next requests of an API; faults wait in line in the order scripted.
   * Returns how to take this one back, where it has times left. Throws RangeError for an API that the brokers do not have, a broker that
   * there is not, or a fault that can never happen: a scope or an effect that the API does not have.
   */
  failNext(api: ApiName, fault: Fault): () => void {
    const names: readonly string[] = servicesOf(this.#state).map(({ name }) => name)
    if (!names.includes(api)) {
      throw new RangeError(`the test cluster has no API "${api}": it has ${names.join(', ')}`)
    }
    if (fault.broker !== undefined) this.#state.broker(fault.broker)
    return this.#state.faults.add(api, fault)
  }

  /**
   * From now on the cluster forbids producers something, as its ACLs do: a topic (29), to have a producer
   * id (31), a transactional id (53), a consumer group (30). Returns how to grant it; `clearFaults` grants
   * everything.
   */
  forbid(what: Forbidden): () => void {
    return forbid(this.#state.faults, what)
  }

  /** Drops every fault that has not happened yet. */
  clearFaults(): void {
    this.#state.faults.clear()
  }

  /**
   * Makes a topic; one partition, and a replica on up to three brokers, by default. Throws RangeError for
   * what Kafka refuses: such a name or setting, more replicas than brokers, a name that another topic has
   * with `.` for `_`.
   */
  createTopic(name: string, options: TopicOptions = {}): void {
    checkTopicOptions(name, options)
    const { settings } = this.#state
    this.#state.createTopic({
      name,
      partitions: options.partitions ?? settings.defaultPartitions,
      replicationFactor: options.replicationFactor ?? this.#state.defaultReplicationFactor,
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

  /**
   * From now on brokers tell the metadata of now, whatever happens to leaders, topics and brokers.
   * Returns how to end it.
   */
  holdMetadata(): () => void {
    const held = this.#state.view()
    this.#state.heldView = held
    return () => {
      if (this.#state.heldView === held) this.#state.heldView = null
    }
  }

  /**
   * From now on each client id may produce so many bytes a second at each broker, measured over ten
   * seconds and the current one as Kafka does (KIP-13): a request beyond that is carried out and
   * answered at once, with the pause that it costs, and for so long the broker reads nothing more
   * from its connection (KIP-219). Returns how to lift it; a second quota takes the place of the
   * first. Throws RangeError for a rate that is not above 0.
   */
  quota({ producerByteRate }: QuotaOptions): () => void {
    if (!(producerByteRate > 0)) {
      throw new RangeError(`a quota is above 0 bytes a second, not ${producerByteRate}`)
    }
    this.#state.producerByteRate = producerByteRate
    return () => {
      // Not null: what is produced meanwhile counts once there is a quota again, as in Kafka.
      if (this.#state.producerByteRate === producerByteRate) this.#state.producerByteRate = Infinity
    }
  }

  /**
   * Another cluster takes the place of this one, at the same addresses: no topics, another cluster
   * id, producer ids from `firstProducerId` again. Connections are cut; scripted faults and quotas
   * stay. What happens when a development cluster is set up anew while programs go on.
   */
  wipe(): void {
    for (const broker of this.#state.brokers.values()) broker.disconnectAll()
    this.#state.wipe()
  }

  /** Metadata's name of the cluster; another one after `wipe`. */
  get clusterId(): string {
    return this.#state.clusterId
  }

  get #secured(): ServerTls {
    if (this.#tls !== null) return this.#tls
    throw new Error('this test cluster was started without `tls`')
  }

  /** Closes every connection and port. */
  async close(): Promise<void> {
    for (const broker of this.#state.brokers.values()) {
      broker.disconnectAll()
      broker.isRunning = false
    }
    this.#state.transactions.clear()
    await this.#network.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
