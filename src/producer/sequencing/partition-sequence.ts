/**
 * The numbers that let a broker recognise a batch it has already seen (KIP-98, KIP-360), for one
 * partition: producer id, epoch, and a sequence number for each record.
 *
 *   sent, unresolved batches:   | 40..49 | 50..57 | 58..90 |     nextSequence = 91
 *
 * - A batch gets its numbers when it is first sent and keeps them: a retry under other numbers
 *   could be written twice.
 * - A batch that fails for good leaves a gap: the broker will refuse everything behind it. The gap
 *   closes when a batch behind it is acknowledged after all; else the partition begins again at
 *   sequence 0 under the next epoch, once no batch under the old numbers is unresolved.
 * - The epoch is raised here, without asking the broker, and for this partition alone: a broker
 *   keeps a producer's state by partition. After epoch 32767 only a new producer id helps; so it does
 *   where a service refuses the id, or an epoch that it has not given itself (Azure Event Hubs).
 */
import type { ProducerStamp } from '../../protocol/record-batch.js'

/** A producer id with the epoch it starts at. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

const SEQUENCE_MODULUS = 2 ** 31 // 2^31-1 is followed by 0
export const MAX_PRODUCER_EPOCH = 32767

/** The sequence `count` records after `sequence`. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCE_MODULUS
}

export class PartitionSequence {
  readonly #isTransactional: boolean
  #identity: ProducerIdentity
  #nextSequence: number
  /** Ordinal of the last batch that failed without having been acknowledged; -1 with no gap. */
  #gapOrdinal = -1
  /** The latest batch that was acknowledged, under whatever numbers; -1 before the first. */
  #acknowledgedOrdinal = -1
  /** The epoch was raised here, and nothing has been acknowledged under it. */
  #isEpochUnproven = false
  /** No other epoch of this producer id would help. */
  #isIdRefused = false

  /** A broker accepts any first number of a producer that it does not know; a test may use that. */
  constructor(identity: ProducerIdentity, firstSequence = 0, isTransactional = false) {
    this.#isTransactional = isTransactional
    this.#identity = identity
    this.#nextSequence = firstSequence
  }

  get identity(): ProducerIdentity {
    return this.#identity
  }

  get hasGap(): boolean {
    return this.#gapOrdinal >= 0
  }

  /** Another queue goes on with it, whose batches are counted from 0; a gap stays one. */
  beginOrdinals(): void {
    this.#acknowledgedOrdinal = -1
    if (this.hasGap) this.#gapOrdinal = Infinity
  }

  /** Numbers for the next `recordCount` records. */
  take(recordCount: number): ProducerStamp {
    const { producerId, producerEpoch } = this.#identity
    const numbers = { producerId, producerEpoch, baseSequence: this.#nextSequence }
    const stamp = this.#isTransactional ? { ...numbers, isTransactional: true } : numbers
    this.#nextSequence = sequenceAfter(this.#nextSequence, recordCount)
    return stamp
  }

  /** A batch was acknowledged: gaps before it are none, for the broker has gone past them. */
  acknowledged(ordinal: number): void {
    this.#acknowledgedOrdinal = Math.max(this.#acknowledgedOrdinal, ordinal)
    this.#isEpochUnproven = false
    if (ordinal >= this.#gapOrdinal) this.#gapOrdinal = -1
  }

  /** True where a later batch is in the log: one that was refused can have no place before it. */
  isOvertaken(ordinal: number): boolean {
    return ordinal < this.#acknowledgedOrdinal
  }

  /** A batch that had numbers failed for good. */
  lost(ordinal: number): void {
    this.#gapOrdinal = Math.max(this.#gapOrdinal, ordinal)
  }

  /**
   * A broker does not take the numbers, or the id. Kafka takes sequence 0 of any later epoch: who refuses
   * even that takes no epoch that was raised here.
   */
  refused(what: 'numbers' | 'producer'): void {
    if (what === 'producer' || this.#isEpochUnproven) this.#isIdRefused = true
  }

  /**
   * Begins again at sequence 0 under the next epoch; false where epochs are used up, or the id is
   * refused, and a new producer id is needed.
   */
  restart(): boolean {
    const { producerId, producerEpoch } = this.#identity
    if (producerEpoch >= MAX_PRODUCER_EPOCH || this.#isIdRefused) return false
    this.adopt({ producerId, producerEpoch: producerEpoch + 1 })
    this.#isEpochUnproven = true
    return true
  }

  /** Begins again at sequence 0 as another producer. */
  adopt(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#nextSequence = 0
    this.#gapOrdinal = -1
    this.#isEpochUnproven = false
    this.#isIdRefused = false
  }
}
