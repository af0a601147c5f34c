/**
 * A handle on one broker of the test cluster: what a test does to it. Got by `cluster.broker(id)`.
 *
 * Neighbours: cluster.ts gives it; broker.ts and cluster-state.ts hold the state.
 */
import { formatAddress } from '../network/address.js'
import type { Address } from '../network/transport/transport.js'
import { Broker } from './broker.js'
import type { ClusterNetwork } from './cluster-network.js'
import type { ClusterState } from './cluster-state.js'
import type { TailFate } from './partition.js'
import { ServerConnection } from './server-connection.js'

/** What the loss of a broker means to its partitions. */
export interface LossOptions {
  /**
   * Records that only this leader had (`pauseReplication`, `replicationDelayMs`): `keep` as if its
   * followers had just fetched them, `lose` as if not. Default 'keep'.
   */
  readonly tail?: TailFate | undefined
  /** False: nobody notices; metadata goes on naming it until you move its partitions. Default true. */
  readonly failover?: boolean | undefined
}

/** One broker. */
export class TestBroker {
  readonly id: number
  readonly #cluster: ClusterState
  readonly #network: ClusterNetwork

  /** @internal */
  constructor(id: number, cluster: ClusterState, network: ClusterNetwork) {
    this.id = id
    this.#cluster = cluster
    this.#network = network
  }

  /** `host:port`, also while it is down. */
  get address(): string {
    return formatAddress(this.#broker)
  }

  get isRunning(): boolean {
    return this.#broker.isRunning
  }

  /** Connections open to it. */
  get connectionCount(): number {
    return this.#broker.connections.size
  }

  /** Starts it again where it was; it is in sync at once, and leads what nobody led. */
  async start(): Promise<void> {
    const { host, port } = this.#broker
    await this.#listen(port === 0 ? null : { host, port })
  }

  /** Stops it, as `kill -9` does: connections are cut, its port is closed, others lead. */
  async stop(options: LossOptions = {}): Promise<void> {
    const broker = this.#broker
    broker.disconnectAll()
    broker.setFrozen(false)
    this.#cluster.brokerStopped(this.id, options.tail ?? 'keep', options.failover ?? true)
    await this.#network.unlisten(broker)
  }

  /** Starts it, running or not, under the same id at another port. */
  async startElsewhere(): Promise<void> {
    if (this.isRunning) await this.stop()
    await this.#listen(null)
  }

  /**
   * Puts another broker in its place: same address, same records, another id. This handle is of no
   * use afterwards.
   */
  async replaceWith(id: number): Promise<TestBroker> {
    const { host, port, versionCaps, rack } = this.#broker
    if (this.isRunning) await this.stop({ failover: false })
    this.#cluster.replaceBroker(this.id, new Broker(id, versionCaps, rack))
    const successor = new TestBroker(id, this.#cluster, this.#network)
    await successor.#listen({ host, port })
    return successor
  }

  /**
   * Takes it out of the cluster for good, as an operator does who has moved its partitions before:
   * others lead them, with all their records. This handle is of no use afterwards. Throws RangeError
   * where no other broker is up.
   */
  async remove(): Promise<void> {
    const broker = this.#broker
    this.#cluster.removeBroker(this.id)
    broker.isRunning = false
    broker.disconnectAll()
    await this.#network.unlisten(broker)
  }

  /**
   * Stops it in the middle of everything, as SIGSTOP does: connections stay open and new ones are
   * taken, but nothing is read or answered until `unfreeze`. Nobody notices unless `failover` is
   * true: then others lead, and metadata no longer names it.
   */
  freeze(options: LossOptions = {}): void {
    this.#broker.setFrozen(true)
    if (options.failover === true) this.#cluster.brokerFenced(this.id, options.tail ?? 'keep')
  }

  /** Lets it go on with what it was sent in the meantime. */
  unfreeze(): void {
    const broker = this.#broker
    if (broker.isRunning) this.#cluster.brokerStarted(this.id)
    broker.setFrozen(false)
  }

  /** Cuts every connection to it, now. */
  disconnect(): void {
    this.#broker.disconnectAll()
  }

  /**
   * From now on it tells the metadata of now, promptly, whatever happens and whatever the others tell: a
   * broker that has lost touch with the controller. Returns how to end it.
   */
  holdMetadata(): () => void {
    const broker = this.#broker
    const held = broker.heldView ?? this.#cluster.view()
    broker.heldView = held
    return () => {
      if (broker.heldView === held) broker.heldView = null
    }
  }

  /**
   * From now on it gives no producer ids: it refuses with this error code (a retriable one of Kafka's is
   * COORDINATOR_LOAD_IN_PROGRESS), or says nothing on a connection that asks. Returns how to end it.
   */
  withholdProducerIds(how: number | 'silent'): () => void {
    const broker = this.#broker
    broker.withoutProducerIds = how
    return () => {
      broker.withoutProducerIds = null
    }
  }

  /** Highest version it speaks from now on, by API name; an API at -1 it does not have at all. */
  limitVersions(caps: Readonly<Record<string, number>>): void {
    this.#broker.versionCaps = caps
  }

  async #listen(address: Address | null): Promise<void> {
    const broker = this.#broker
    const accept = (stream: ConstructorParameters<typeof ServerConnection>[2]): ServerConnection =>
      new ServerConnection(this.#cluster, broker, stream)
    const bound = await this.#network.listen(address, accept)
    broker.host = bound.host
    broker.port = bound.port
    this.#cluster.brokerStarted(this.id)
  }

  get #broker(): Broker {
    return this.#cluster.broker(this.id)
  }
}
