/**
 * A question to the cluster that is no Produce: to whom it goes, how, and what comes back.
 *
 * Neighbours: control-plane.ts asks.
 */
import type { Connection, ConnectionTarget } from '../connection/connection.js'

/** The broker that keeps a group or a transactional id. */
export interface CoordinatorTarget {
  readonly coordinator: string
  readonly type: 'group' | 'transaction'
}

/** The broker at an address, such as that of a connection, whether or not the cluster lists it. */
export interface AddressTarget {
  readonly address: ConnectionTarget
}

/**
 * Whom to ask: any broker that answers; or the one that alone can answer, by its id, by its address or as
 * a coordinator.
 */
export type ControlTarget = 'any' | { readonly broker: number } | AddressTarget | CoordinatorTarget

/** How to ask. */
export interface AskOptions<Response> {
  /** For the answer of each broker that is asked, in ms. Default `requestTimeoutMs`. */
  readonly timeoutMs?: number
  /** Throws what makes an answer useless. Default: BrokerError where it has an error code. */
  readonly check?: (response: Response, connection: Connection) => void
  /**
   * The question by which the cluster itself is found: the answer of another cluster counts, each error
   * is that of the broker which gave it, and the caller says by `turnFrom` or `rest` whether the answer
   * has helped. Default false: only the known cluster's answers count, and a refusal for good ends it.
   */
  readonly isDiscovery?: boolean
}

/** An answer, and where it came from. */
export interface ControlAnswer<Response> {
  readonly connection: Connection
  readonly response: Response
  /** How long the broker took. */
  readonly tookMs: number
}
