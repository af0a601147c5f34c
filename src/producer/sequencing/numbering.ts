/**
 * The sequence numbers of one partition over its whole life (KIP-98, KIP-360): whether a batch may be
 * numbered now, and what happens when the numbers are refused, have a gap, or are used up.
 *
 *   no identity ── producer id known ──> counting ── numbers refused, or a gap ──> restarting
 *        ^                                  ^                                          │ no answer owed
 *        └── renounce: another cluster      ├── next epoch, sequence 0 <───────────────┤
 *                                           └── another producer id <── renewing <─────┘ epochs used up, or id refused
 *
 * A restart waits until no answer is owed: a batch in flight under the old numbers may still be written,
 * and under new ones it would be written twice. What may be in the log is then failed as *unknown*;
 * the other batches get new numbers, in their order.
 *
 * Before: queueing/partition-queue.ts, which has one. After: producer-id.ts, partition-sequence.ts.
 */
import { assert } from '../../assert.js'
import type { NumberedBatch } from '../batching/queued-batch.js'
import { PartitionSequence, type ProducerIdentity } from './partition-sequence.js'

/** Why no new batch, or none at all, may be numbered. */
export type NumberingHold = 'identity' | 'transaction' | 'partition' | 'restart' | 'gap'

/** What the numbers need of their partition. */
export interface NumberedPartition {
  readonly topic: { readonly name: string }
  readonly partition: number
  /** A broker may still be writing a batch. */
  readonly owesAnswers: boolean
  /** Some batch that was sent is not resolved. */
  readonly hasSent: boolean
  /** Fails every batch that may be in the log: it cannot go again under other numbers. */
  failDoubtful(): void
  /** Every batch that was sent, oldest first. */
  sentBatches(): Iterable<NumberedBatch>
  /** Batches may go on, to a leader that must acknowledge one first. */
  numbersBeganAnew(): void
  /** Its leader must acknowledge a batch, alone, before others follow. */
  forgetProof(): void
  /** A hold of its numbers has ended. */
  mayGoOn(): void
}

/** Where a partition's numbers come from. */
export interface Identities {
  readonly identity: ProducerIdentity | null
  /** Numbers must begin at 0: a broker may know an earlier epoch of this id. */
  readonly mustBeginAtZero: boolean
  acquire(): void
  renew(used: ProducerIdentity, onIdentity: (identity: ProducerIdentity | null) => void): void
  retire(used: ProducerIdentity): void
}

/** The numbers of one partition. */
export interface Numbering {
  /** Batches carry a producer id and a sequence number, so that a retry cannot double them. */
  readonly isNumbered: boolean
  /** Batches are part of a transaction: what they lack they never get within it. */
  readonly isTransactional: boolean
  /** Why no batch may be sent; null: one may. A gap holds back only batches not sent before. */
  readonly hold: NumberingHold | null
  /** Some batch waits for a producer id, or will, before it can go again. */
  readonly needsIdentity: boolean
  /** Batches will want numbers soon. */
  want(): void
  /** Goes on as far as possible: asks for an identity, or carries out a restart that had to wait. */
  proceed(): void
  /**
   * Numbers for a batch that is sent for the first time; one that has numbers keeps them. Given
   * earlier, a batch that expires unsent would leave a gap; given anew, a retry could be stored
   * twice.
   */
  stamp(batch: NumberedBatch): void
  acknowledged(batch: NumberedBatch): void
  /** A batch failed for good: where it had numbers it leaves a gap. */
  failed(batch: NumberedBatch): void
  /** A later batch is in the log: one that was refused can have no place before it. */
  isOvertaken(batch: NumberedBatch): boolean
  /** A broker does not take them, or their producer id: where they begin anew they must differ in that. */
  refused(what: 'numbers' | 'producer'): void
  /** The numbers have to begin anew, as soon as no answer is owed. */
  restart(): void
  /** A batch has left: where it left a gap and no other is unresolved, the numbers begin anew. */
  closeGap(): void
  /** The cluster that knew the numbers is gone. */
  renounce(): void
  /** The partition is forgotten; who writes to it next begins under a later epoch. */
  retire(): void
}

/** Without idempotence: batches carry no numbers, and nothing waits for any. */
export const UNNUMBERED: Numbering = {
  isNumbered: false,
  isTransactional: false,
  hold: null,
  needsIdentity: false,
  want() {},
  proceed() {},
  stamp() {},
  acknowledged() {},
  failed() {},
  isOvertaken: () => false,
  refused() {},
  restart() {},
  closeGap() {},
  renounce() {},
  retire() {},
}

type State = 'counting' | 'restarting' | 'renewing'

export class IdempotentNumbering implements Numbering {
  readonly isTransactional = false
  readonly #partition: NumberedPartition
  readonly #identities: Identities
  readonly #firstSequence: number
  readonly #onWaiting: (numbering: IdempotentNumbering) => void
  /** null until the producer id is known. */
  #sequence: PartitionSequence | null = null
  #state: State = 'counting'
  #isWaiting = false

  /** `onWaiting` is called once the partition waits for the producer id; see `identityCame`. */
  constructor(
    partition: NumberedPartition,
    identities: Identities,
    firstSequence: number,
    onWaiting: (numbering: IdempotentNumbering) => void,
  ) {
    this.#partition = partition
    this.#identities = identities
    this.#firstSequence = firstSequence
    this.#onWaiting = onWaiting
  }

  get isNumbered(): boolean {
    return this.#sequence !== null
  }

  get hold(): NumberingHold | null {
    if (this.#sequence === null || this.#state === 'renewing') return 'identity'
    if (this.#state === 'restarting') return 'restart'
    return this.#sequence.hasGap ? 'gap' : null
  }

  get needsIdentity(): boolean {
    return this.#isWaiting || this.#state !== 'counting'
  }

  want(): void {
    if (this.#sequence === null) this.#identities.acquire()
  }

  proceed(): void {
    if (this.#sequence === null) this.#begin()
    else this.#resume()
  }

  #begin(): void {
    const { identity, mustBeginAtZero } = this.#identities
    if (identity === null) {
      this.#isWaiting = true
      this.#onWaiting(this)
      this.#identities.acquire()
      return
    }
    this.#sequence = new PartitionSequence(identity, mustBeginAtZero ? 0 : this.#firstSequence)
    this.#renumber(this.#sequence) // those that had another cluster's: before anything is sent
  }

  /** The producer id is there, or refused: the partition waits no longer. */
  stopWaiting(): void {
    this.#isWaiting = false
  }

  /** The producer id is there: batches may go. */
  identityCame(): void {
    this.stopWaiting()
    this.#partition.numbersBeganAnew()
  }

  stamp(batch: NumberedBatch): void {
    if (batch.ordinal >= 0) return
    assert(this.#sequence !== null, 'a batch is sent once its numbers are known')
    batch.number(this.#sequence.take(batch.recordCount))
  }

  acknowledged({ ordinal }: NumberedBatch): void {
    this.#sequence?.acknowledged(ordinal)
  }

  failed({ ordinal }: NumberedBatch): void {
    if (ordinal >= 0) this.#sequence?.lost(ordinal)
  }

  isOvertaken({ ordinal }: NumberedBatch): boolean {
    return this.#sequence?.isOvertaken(ordinal) === true
  }

  refused(what: 'numbers' | 'producer'): void {
    this.#sequence?.refused(what)
  }

  restart(): void {
    if (this.#sequence === null) return
    if (this.#state === 'counting') this.#state = 'restarting'
    this.#resume()
  }

  closeGap(): void {
    const isIdle = this.#state === 'counting' && !this.#partition.hasSent
    if (isIdle && this.#sequence?.hasGap === true) this.restart()
  }

  #resume(): void {
    const sequence = this.#sequence
    if (sequence === null || this.#state !== 'restarting' || this.#partition.owesAnswers) return
    this.#partition.failDoubtful()
    if (sequence.restart()) this.#began(sequence)
    else this.#renew(sequence)
  }

  /** The epochs are used up, or the id is refused: another producer id. Refused, it is asked for again at the next look. */
  #renew(sequence: PartitionSequence): void {
    this.#state = 'renewing'
    this.#identities.renew(sequence.identity, (identity) => {
      if (this.#sequence !== sequence) return
      this.#state = 'restarting'
      if (identity === null) return
      sequence.adopt(identity)
      this.#began(sequence)
    })
  }

  #began(sequence: PartitionSequence): void {
    this.#state = 'counting'
    this.#renumber(sequence)
    this.#partition.numbersBeganAnew()
  }

  #renumber(sequence: PartitionSequence): void {
    for (const batch of this.#partition.sentBatches()) {
      batch.renumber(sequence.take(batch.recordCount))
    }
  }

  renounce(): void {
    if (this.#sequence === null) return
    this.#sequence = null
    this.#state = 'counting'
    this.#partition.failDoubtful()
  }

  retire(): void {
    if (this.#sequence !== null) this.#identities.retire(this.#sequence.identity)
  }
}
