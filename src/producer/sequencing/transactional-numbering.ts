/**
 * The sequence numbers of one partition of a transactional producer. They are those of its transaction:
 * a batch may be numbered while the transaction may send, and the coordinator knows the partition;
 * numbers that are refused, or have a gap, end the transaction, and begin anew only under the identity
 * that the producer has after it. No epoch is ever raised here, in the middle of a transaction: what was
 * sent before would not be part of it any more.
 *
 *   no identity ─> transaction ended, or the next not begun ─> partition not added ─> counting
 *
 * Before: queueing/partition-queue.ts, which has one. After: partition-sequence.ts counts; the gate is
 * transactions/transaction-manager.ts.
 */
import { assert } from '../../assert.js'
import type { NumberedBatch } from '../batching/queued-batch.js'
import type { Numbering, NumberedPartition, NumberingHold } from './numbering.js'
import { PartitionSequence, type ProducerIdentity } from './partition-sequence.js'

/** What the numbers need of the transaction. */
export interface TransactionGate {
  /** Another object whenever id or epoch is another one; null until they are known. */
  readonly identity: ProducerIdentity | null
  /** Batches of the current transaction may be sent. */
  readonly isSending: boolean
  /** The coordinator has to add a partition before anything is sent to it (levels 0 and 1). */
  readonly mustAdd: boolean
  /** Counts the transactions: the one that may send. */
  readonly sendingTransaction: number
  /** The one that records belong to now: the same, or the next. */
  readonly gatheringTransaction: number
  /** The partition will have batches of the gathering transaction. */
  add(partition: AddablePartition): void
  /** A batch gets its numbers: the transaction has begun. */
  numbered(): void
  /** A batch that had numbers will never be stored: the next transaction needs another epoch. */
  numbersLost(): void
}

/** A partition as the coordinator is told of it. */
export interface AddablePartition {
  readonly topic: string
  readonly partition: number
  /** The coordinator has added it to this transaction. */
  added(transaction: number): void
}

/** What the numberings of a producer share. */
export interface TransactionalNumberings {
  readonly gate: TransactionGate
  /** The sequence of that partition, which outlives its queue: under one identity it never begins twice. */
  sequenceOf(partition: NumberedPartition): PartitionSequence | undefined
  keep(partition: NumberedPartition, sequence: PartitionSequence): void
  /** It waits until `mayGoOn`. */
  wait(partition: NumberedPartition): void
  /** Nobody will use it again. */
  retired(partition: NumberedPartition): void
}

const NO_TRANSACTION = -1

export class TransactionalNumbering implements Numbering, AddablePartition {
  readonly isTransactional = true
  readonly #partition: NumberedPartition
  readonly #shared: TransactionalNumberings
  #sequence: PartitionSequence | null = null
  #addedTo = NO_TRANSACTION
  #wantedBy = NO_TRANSACTION

  constructor(partition: NumberedPartition, shared: TransactionalNumberings) {
    this.#partition = partition
    this.#shared = shared
  }

  get topic(): string {
    return this.#partition.topic.name
  }

  get partition(): number {
    return this.#partition.partition
  }

  get isNumbered(): boolean {
    return this.#sequence !== null
  }

  get hold(): NumberingHold | null {
    const { gate } = this.#shared
    if (gate.identity === null) return 'identity'
    if (!gate.isSending) return 'transaction'
    if (gate.mustAdd && this.#addedTo !== gate.sendingTransaction) return 'partition'
    // A gap in the numbers of an earlier identity is none: they begin anew under this one.
    const isCurrent = this.#sequence?.identity === gate.identity
    return isCurrent && this.#sequence?.hasGap === true ? 'gap' : null
  }

  get needsIdentity(): boolean {
    return this.#shared.gate.identity === null
  }

  /** A batch was opened: the coordinator hears of the partition while it fills. */
  want(): void {
    const { gate } = this.#shared
    if (this.#wantedBy === gate.gatheringTransaction) return
    this.#wantedBy = gate.gatheringTransaction
    gate.add(this)
  }

  added(transaction: number): void {
    this.#addedTo = transaction
  }

  proceed(): void {
    const { hold } = this
    if (hold === null) this.#takeIdentity()
    else if (hold !== 'gap') this.#shared.wait(this.#partition)
  }

  /** Under another identity the numbers begin anew, to a leader who must take the first one alone. */
  #takeIdentity(): void {
    const { gate } = this.#shared
    const { identity } = gate
    if (identity === null || this.#sequence?.identity === identity) return
    const sequence = this.#sequence ?? this.#known() ?? new PartitionSequence(identity, 0, true)
    if (sequence.identity !== identity) sequence.adopt(identity)
    this.#sequence = sequence
    this.#shared.keep(this.#partition, sequence)
    this.#partition.forgetProof()
  }

  /** The sequence of an earlier queue of the partition. */
  #known(): PartitionSequence | undefined {
    const known = this.#shared.sequenceOf(this.#partition)
    known?.beginOrdinals()
    return known
  }

  stamp(batch: NumberedBatch): void {
    if (batch.ordinal >= 0) return
    assert(this.hold === null && this.#sequence !== null, 'a batch is sent within its transaction')
    this.#shared.gate.numbered()
    batch.number(this.#sequence.take(batch.recordCount))
  }

  acknowledged({ ordinal }: NumberedBatch): void {
    this.#sequence?.acknowledged(ordinal)
  }

  failed({ ordinal }: NumberedBatch): void {
    if (ordinal < 0) return
    this.#sequence?.lost(ordinal)
    this.#shared.gate.numbersLost()
  }

  isOvertaken({ ordinal }: NumberedBatch): boolean {
    return this.#sequence?.isOvertaken(ordinal) === true
  }

  /** The transaction's end decides which identity is next. */
  refused(): void {}

  /** Nothing is ever renumbered within a transaction: what would need it has failed. */
  restart(): void {}

  closeGap(): void {}

  renounce(): void {
    this.#sequence = null
    this.#partition.failDoubtful()
  }

  retire(): void {
    this.#shared.retired(this.#partition)
  }
}
