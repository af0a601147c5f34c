/**
 * One broker of the test cluster: its id, its address, and in which state it is.
 *
 *   stopped ──listen──> running <──freeze / thaw──> frozen (as after SIGSTOP: it accepts
 *      ^                   │                                connections and says nothing)
 *      └───────stop────────┴───────────────────────────────────┘
 *
 * Neighbours: cluster-state.ts holds them; a network (tcp-network.ts, virtual-network.ts) gives them
 * addresses; server-connection.ts speaks for them.
 */
import type { MetadataView } from './metadata-view.js'
import { ProducedRate } from './produced-rate.js'

/** The broker's end of one connection. */
export interface BrokerConnection {
  /** Goes on with what waits. */
  resume(): void
  /** Cuts it. Idempotent. */
  close(): void
}

/** One broker. */
export class Broker {
  readonly id: number
  readonly rack: string | null
  host = ''
  /** 0 until it listened for the first time. */
  port = 0
  isRunning = false
  /** True while metadata names it; a broker that has died is named until somebody notices. */
  isListed = false
  /** Highest version it speaks, by API name; what is not named has Ottla's highest. */
  versionCaps: Readonly<Record<string, number>>
  /** Set while it tells old metadata, whatever the others tell. */
  heldView: MetadataView | null = null
  /** Set while it gives no producer ids: it answers with this error code, or not at all. */
  withoutProducerIds: number | 'silent' | null = null
  /** The open ones. */
  readonly connections = new Set<BrokerConnection>()
  /** By client id: what a quota is measured against. */
  readonly #producedRates = new Map<string, ProducedRate>()
  #isFrozen = false

  constructor(
    id: number,
    versionCaps: Readonly<Record<string, number>>,
    rack: string | null = null,
  ) {
    this.id = id
    this.versionCaps = versionCaps
    this.rack = rack
  }

  /** Connections stay open, and nothing is read or answered. */
  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** Freezes it, or lets it go on with what it was sent meanwhile. */
  setFrozen(isFrozen: boolean): void {
    this.#isFrozen = isFrozen
    if (isFrozen) return
    for (const connection of [...this.connections]) connection.resume()
  }

  /** What a client id has produced here lately. */
  producedRate(clientId: string): ProducedRate {
    const rate = this.#producedRates.get(clientId) ?? new ProducedRate()
    this.#producedRates.set(clientId, rate)
    return rate
  }

  /** Cuts every connection. */
  disconnectAll(): void {
    for (const connection of [...this.connections]) connection.close()
  }
}
