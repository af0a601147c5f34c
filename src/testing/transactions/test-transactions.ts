/**
 * A handle on the coordinator of transactions: what a test sees of it and does to it. Got by
 * `cluster.transactions`.
 *
 * Neighbours: cluster.ts gives it; coordinator.ts and placement.ts hold the state.
 */
import type { ClusterState } from '../cluster-state.js'
import { delayOf } from './environment.js'
import type {
  TransactionMetadata,
  TransactionPartition,
  TransactionState,
} from './transaction-metadata.js'
import type { Delay, WriteFate } from './transaction-options.js'

/** How a transactional id stands with its coordinator. */
export interface TransactionDescription {
  readonly transactionalId: string
  readonly state: TransactionState
  /** The state that is being written to the coordinator's log, or waits for markers; null: none. */
  readonly pendingState: TransactionState | null
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1: none. */
  readonly lastProducerEpoch: number
  /** Of the open transaction, or those that have no marker yet; groups as partitions of `__consumer_offsets`. */
  readonly partitions: readonly TransactionPartition[]
  readonly timeoutMs: number
  /** Milliseconds since its first partition; null while none is open. */
  readonly openForMs: number | null
  /** Node id of its coordinator; -1 while there is none. */
  readonly coordinator: number
}

/** How a coordinator changes. */
export interface CoordinatorMoveOptions {
  /** A step that is being written: `keep` as if the log had it, `lose` as if not. Default 'keep'. */
  readonly write?: WriteFate | undefined
}

/** The coordinator of transactions, of all brokers. */
export class TestTransactions {
  readonly #cluster: ClusterState

  /** @internal */
  constructor(cluster: ClusterState) {
    this.#cluster = cluster
  }

  /** Every transactional id that was initialized and has not expired. */
  get all(): TransactionDescription[] {
    return this.#cluster.transactions.all.map((it) => this.#describe(it))
  }

  /** One transactional id; undefined where it never came or has expired. */
  get(transactionalId: string): TransactionDescription | undefined {
    const metadata = this.#cluster.transactions.get(transactionalId)
    return metadata && this.#describe(metadata)
  }

  /** How long, in ms, a step takes to be in the coordinator's log: nobody is answered before. */
  set logWriteDelayMs(delay: Delay) {
    this.#cluster.settings.transactionKnobs.logWriteDelayMs = delayOf(delay)
  }

  /** How long, in ms, from the answer of EndTxn to the markers: the next step is refused with 51 until then. */
  set markerDelayMs(delay: Delay) {
    this.#cluster.settings.transactionKnobs.markerDelayMs = delayOf(delay)
  }

  /** From now on no marker is written. Returns how to end it. */
  holdMarkers(): () => void {
    const knobs = this.#cluster.settings.transactionKnobs
    knobs.areMarkersHeld = true
    return () => {
      knobs.areMarkersHeld = false
    }
  }

  /** Node id of the broker that coordinates the transactional id; -1 while none does. */
  coordinatorOf(transactionalId: string): number {
    return this.#cluster.placement.of('transaction', transactionalId)?.id ?? -1
  }

  /**
   * Another broker coordinates the transactional id from now on: the old one refuses with
   * NOT_COORDINATOR, and the new one goes on with what its log has. Throws RangeError for a broker that
   * the cluster does not have.
   */
  moveCoordinator(
    transactionalId: string,
    to: number,
    { write = 'keep' }: CoordinatorMoveOptions = {},
  ): void {
    this.#cluster.broker(to)
    this.#cluster.placement.move('transaction', transactionalId, to)
    this.#cluster.transactions.brokersChanged(write)
  }

  /** Aborts now what has been open for longer than its producer's `transaction.timeout.ms`. */
  abortTimedOut(): void {
    this.#cluster.transactions.abortTimedOut()
  }

  /**
   * Forgets a transactional id, as Kafka does seven days after its last transaction: its producer is
   * told INVALID_PRODUCER_ID_MAPPING. Throws RangeError while a transaction is open or ending.
   */
  expire(transactionalId: string): void {
    if (this.#cluster.transactions.expire(transactionalId)) return
    throw new RangeError(`"${transactionalId}" has a transaction that is open or ending`)
  }

  #describe(metadata: TransactionMetadata): TransactionDescription {
    const { transactionalId, state, pending, producerId, producerEpoch, lastProducerEpoch } =
      metadata
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    return {
      transactionalId,
      state,
      pendingState: pending?.state ?? null,
      producerId,
      producerEpoch,
      lastProducerEpoch,
      partitions: [...metadata.partitions],
      timeoutMs: metadata.timeoutMs,
      openForMs: state === 'Ongoing' ? nowMs - metadata.startMs : null,
      coordinator: this.coordinatorOf(transactionalId),
    }
  }
}
