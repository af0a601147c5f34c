/**
 * The sequencer of a transactional producer, beside the idempotent one (sequencer.ts): one identity for
 * all partitions, which the transaction's end replaces, and who waits until the transaction may send.
 *
 * Before: partitions are made by topics. After: transactional-numbering.ts, one for each partition.
 */
import type { OttlaError } from '../../errors.js'
import type { Numbering, NumberedPartition } from './numbering.js'
import type { PartitionSequence, ProducerIdentity } from './partition-sequence.js'
import type { Sequencer } from './sequencer.js'
import {
  TransactionalNumbering,
  type TransactionalNumberings,
  type TransactionGate,
} from './transactional-numbering.js'

/** The gate, and who knows why it is shut. */
export interface SequencedTransactions extends TransactionGate {
  /** Why the coordinator has not answered; null where nothing is amiss. */
  readonly lastError: OttlaError | null
  /** The cluster that has the transactions is gone. */
  clusterGone(): void
}

export class TransactionalSequencer implements Sequencer, TransactionalNumberings {
  readonly isIdempotent = true
  readonly gate: SequencedTransactions
  readonly #waiting = new Set<NumberedPartition>()
  readonly #sequences = new Map<string, PartitionSequence>()
  /** Those of them whose queue is retired: kept for as long as their identity is the present one. */
  readonly #retired = new Set<string>()
  /** Under which nothing is left of an earlier one among them. */
  #identity: ProducerIdentity | null = null
  readonly #partitions = new Set<NumberedPartition>()

  constructor(gate: SequencedTransactions) {
    this.gate = gate
  }

  numberingOf(partition: NumberedPartition): Numbering {
    this.#partitions.add(partition)
    return new TransactionalNumbering(partition, this)
  }

  /** Some broker may still be writing a batch. */
  get owesAnswers(): boolean {
    for (const partition of this.#partitions) if (partition.owesAnswers) return true
    return false
  }

  sequenceOf(partition: NumberedPartition): PartitionSequence | undefined {
    return this.#sequences.get(keyOf(partition))
  }

  keep(partition: NumberedPartition, sequence: PartitionSequence): void {
    const key = keyOf(partition)
    this.#sequences.set(key, sequence)
    this.#retired.delete(key)
    this.#dropOld()
  }

  /** Under another identity the numbers of a retired queue begin anew: it needs no sequence. */
  #dropOld(): void {
    const { identity } = this.gate
    if (identity === this.#identity) return
    this.#identity = identity
    for (const key of this.#retired) {
      if (this.#sequences.get(key)?.identity === identity) continue
      this.#sequences.delete(key)
      this.#retired.delete(key)
    }
  }

  wait(partition: NumberedPartition): void {
    this.#waiting.add(partition)
  }

  /** The transaction may send, or partitions were added: who waited looks again. */
  goOn(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const partition of waiting) partition.mayGoOn()
  }

  /** The partition is forgotten. */
  retired(partition: NumberedPartition): void {
    this.#partitions.delete(partition)
    this.#waiting.delete(partition)
    const key = keyOf(partition)
    if (this.#sequences.get(key)?.identity === this.gate.identity) this.#retired.add(key)
    else this.#sequences.delete(key)
  }

  whyNoIdentity(): OttlaError | null {
    return this.gate.lastError
  }

  forget(): void {
    this.#sequences.clear()
    this.#retired.clear()
    this.gate.clusterGone()
  }

  close(): void {}
}

function keyOf({ topic, partition }: NumberedPartition): string {
  return `${topic.name} ${partition}`
}
