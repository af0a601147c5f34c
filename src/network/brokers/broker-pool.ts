/**
 * The connections for producing: one per broker, dialled when first needed.
 *
 *            ensure                    handshake over
 *   IDLE ───────────────> DIALLING ───────────────────> OPEN
 *    ^  <── backoff over ──┐  │ failed                    │ closed
 *    └───────────────── WAITING <─────────────────────────┘
 *
 * One connection per broker, not several: Kafka keeps a partition's requests in order only on one.
 * A broker is dialled again only if somebody still asks for it (`ensure`); the wait before it grows
 * with every failure and is forgotten at a success, and when the broker is elected somewhere.
 *
 * Not for metadata or other control requests: those have connections of their own
 * (control-plane.ts), since a produce connection may be blocked for as long as acks take.
 *
 * Neighbours: metadata.ts says where brokers are; the producer's sender asks for connections.
 */
import { ConnectionError } from '../../errors.js'
import type { OttlaError } from '../../errors.js'
import { formatAddress } from '../address.js'
import type { Broker } from './broker.js'
import { BrokerLink } from './broker-link.js'
import type { PoolListener } from './pool-listener.js'
import type { ProducePort } from './produce-port.js'
import type { Connection } from '../connection/connection.js'
import type { NetworkContext } from '../context.js'

/** One connection to each broker that is produced to. */
export class BrokerPool implements ProducePort {
  readonly #context: NetworkContext
  readonly #listener: PoolListener
  readonly #links = new Map<number, BrokerLink>()
  /** Brokers gone from metadata whose last answers are awaited. */
  readonly #retired = new Set<BrokerLink>()

  constructor({ listener, ...context }: NetworkContext & { readonly listener: PoolListener }) {
    this.#context = context
    this.#listener = listener
  }

  /**
   * Takes the cluster's present brokers, all of them. A broker at a new address loses its old
   * connection at once; one that is no longer listed, as soon as no request is on it.
   */
  updateBrokers(brokers: readonly Broker[]): void {
    const listed = new Map(brokers.map((broker) => [broker.nodeId, broker]))
    for (const [nodeId, link] of this.#links) {
      const broker = listed.get(nodeId)
      if (broker === undefined) this.#retire(link)
      else if (formatAddress(broker) !== formatAddress(link.broker)) this.#replace(link, broker)
    }
    for (const broker of listed.values()) {
      if (!this.#links.has(broker.nodeId)) this.#add(broker)
    }
  }

  /** The open connection to that broker, if there is one. */
  connection(nodeId: number): Connection | undefined {
    return this.#links.get(nodeId)?.connection
  }

  /** The cluster lists that broker. */
  knows(nodeId: number): boolean {
    return this.#links.has(nodeId)
  }

  /** Why no request can be sent to that broker; null while one can, or where none was to be. */
  whyUnreachable(nodeId: number): ConnectionError | null {
    return this.#links.get(nodeId)?.whyUnreachable() ?? null
  }

  /** Why no request can be sent to any broker; null while one can, or where none was to be. */
  whyNoneReachable(): ConnectionError | null {
    const links = [...this.#links.values()]
    if (links.some(({ connection }) => connection !== undefined)) return null
    return links.map((link) => link.whyUnreachable()).find((error) => error !== null) ?? null
  }

  /** As `connection`; if there is none, it is dialled in the background, once backoff allows. */
  ensure(nodeId: number): Connection | undefined {
    return this.#links.get(nodeId)?.ensure()
  }

  /**
   * The cluster has just elected that broker, so that it is there: dialled at once when next asked
   * for, or now where somebody waits. Elections are few; backoff begins anew with the next failure.
   */
  forgiveFailures(nodeId: number): void {
    this.#links.get(nodeId)?.forgiveFailures()
  }

  /**
   * Closes that broker's connection, or gives up dialling it, now; also one that the cluster no
   * longer lists and that only waited for its last answers.
   */
  drop(nodeId: number, reason: OttlaError): void {
    this.#links.get(nodeId)?.drop(reason)
    for (const link of this.#retired) if (link.broker.nodeId === nodeId) link.drop(reason)
  }

  /** Closes every connection and forgets every broker: the cluster is looked for anew (KIP-1102). */
  dropAll(reason: OttlaError): void {
    const links = [...this.#links.values(), ...this.#retired]
    this.#links.clear()
    this.#retired.clear()
    for (const link of links) link.close(reason)
  }

  /** Closes everything; leaves no socket and no timer. */
  close(): void {
    for (const link of [...this.#links.values(), ...this.#retired]) {
      const { host, port } = link.broker
      link.close(new ConnectionError('the producer is closed', { host, port, phase: 'close' }))
    }
    this.#links.clear()
    this.#retired.clear()
  }

  #add(broker: Broker): void {
    this.#links.set(broker.nodeId, new BrokerLink(this.#context, broker, this.#listener))
  }

  #replace(link: BrokerLink, broker: Broker): void {
    this.#add(broker) // before the old one is closed: whoever learns of that finds the new one
    link.close(gone(link.broker, `broker ${broker.nodeId} is now at ${formatAddress(broker)}`))
  }

  #retire(link: BrokerLink): void {
    this.#links.delete(link.broker.nodeId)
    this.#retired.add(link)
    link.closeWhenIdle(
      gone(link.broker, `the cluster no longer lists broker ${link.broker.nodeId}`),
      () => this.#retired.delete(link),
    )
  }
}

function gone({ host, port }: Broker, why: string): ConnectionError {
  const message = `the connection to ${formatAddress({ host, port })} is closed: ${why}`
  return new ConnectionError(message, { host, port, phase: 'close' })
}
