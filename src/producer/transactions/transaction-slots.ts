/**
 * What a transactional producer's parts have in common: its state, its identity, the transaction that may
 * send, and the one that gathers records behind it. And what the partitions' numbers see of that
 * (sequencing/transactional-numbering.ts), the gate.
 *
 *   current: sends, or is ending   <── next: gathers records until it may send
 *
 * Before and after: transaction-manager.ts, which alone changes it, and transaction-ending.ts.
 */
import type { OttlaError } from '../../errors.js'
import type { ApiIdentity } from '../../network/connection/api-version-table.js'
import { produce } from '../../protocol/messages/produce.js'
import type { ProducerIdentity } from '../sequencing/partition-sequence.js'
import type { SequencedTransactions } from '../sequencing/transactional-sequencer.js'
import type { AddablePartition } from '../sequencing/transactional-numbering.js'
import type { TransactionJob } from './transaction-job.js'
import type { MarkerWait } from './marker-wait.js'
import { TransactionState } from './transaction-state.js'
import type { TransactionalIdentity } from '../coordinating/transactional-identity.js'

/** By its version a leader knows the level: from 12 on it adds the partition itself (KIP-890). */
const PRODUCE_OF_LEVEL = {
  1: { ...produce, maxVersion: 11 },
  2: { ...produce, minVersion: 12 },
} as const

const NO_TRANSACTION = -1

export class TransactionSlots {
  readonly state = new TransactionState()
  readonly identity: TransactionalIdentity
  current: TransactionJob | null = null
  next: TransactionJob | null = null

  constructor(identity: TransactionalIdentity) {
    this.identity = identity
  }

  /** The one that records belong to. */
  get gathering(): TransactionJob | null {
    return this.next ?? this.current
  }

  /** Neither is there any more; gives those that were. */
  clear(): TransactionJob[] {
    const jobs = [this.current, this.next].filter((job) => job !== null)
    this.current = null
    this.next = null
    return jobs
  }
}

/** Of the manager. */
interface GateParts {
  readonly lastError: OttlaError | null
  clusterGone(): void
}

/** The partitions' view. */
export class Gate implements SequencedTransactions {
  readonly #slots: TransactionSlots
  readonly #markers: MarkerWait
  readonly #parts: GateParts

  constructor(slots: TransactionSlots, markers: MarkerWait, parts: GateParts) {
    this.#slots = slots
    this.#markers = markers
    this.#parts = parts
  }

  get identity(): ProducerIdentity | null {
    return this.#slots.identity.current
  }

  get isSending(): boolean {
    return this.#slots.state.isSending && !this.#markers.isPausing
  }

  get mustAdd(): boolean {
    return this.#slots.current?.run.level === 1
  }

  get sendingTransaction(): number {
    return this.#slots.current?.run.number ?? NO_TRANSACTION
  }

  get gatheringTransaction(): number {
    return this.#slots.gathering?.run.number ?? NO_TRANSACTION
  }

  /** The versions of Produce in which the transaction's batches may travel. */
  get produceApi(): ApiIdentity {
    return PRODUCE_OF_LEVEL[this.#slots.current?.run.level ?? 1]
  }

  get lastError(): OttlaError | null {
    return this.#parts.lastError
  }

  add(partition: AddablePartition): void {
    this.#slots.gathering?.want(partition)
  }

  numbered(): void {
    const { current } = this.#slots
    if (current?.run.isBegun === false) this.#markers.sent()
    current?.begun()
  }

  numbersLost(): void {
    const { current } = this.#slots
    if (current !== null) current.run.needsBump = true
  }

  clusterGone(): void {
    this.#parts.clusterGone()
  }
}
