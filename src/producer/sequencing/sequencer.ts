/**
 * Who gives batches their producer id, epoch and sequence numbers: the only part of a producer that
 * knows any of them. Each partition has a numbering of its own (numbering.ts); here is what they share:
 * where the producer id comes from, and which partitions wait for it.
 *
 *   partition ── numbering: wants an identity ──> Sequencer ──> ProducerIdSource ──> any broker
 *       ^                                             │
 *       └──────────── identityCame <──────────────────┘
 *
 * Before: partitions are made by topics. After: producer-id.ts.
 */
import type { OttlaError } from '../../errors.js'
import {
  IdempotentNumbering,
  UNNUMBERED,
  type Identities,
  type Numbering,
  type NumberedPartition,
} from './numbering.js'

/** Makes the numbering of each partition. */
export interface Sequencer {
  /** Batches carry numbers, so that a retry cannot double them. */
  readonly isIdempotent: boolean
  numberingOf(partition: NumberedPartition): Numbering
  /** Why there is no producer id; null where there is one, or none is asked for. */
  whyNoIdentity(): OttlaError | null
  /** The cluster that gave the producer id is gone. */
  forget(): void
  close(): void
}

/** Without idempotence. */
export const NO_SEQUENCER: Sequencer = {
  isIdempotent: false,
  numberingOf: () => UNNUMBERED,
  whyNoIdentity: () => null,
  forget() {},
  close() {},
}

/** Where the producer id comes from; producer-id.ts is one. */
export interface IdentitySource extends Identities {
  /** Why there is none; null where there is one. */
  whyNone(): OttlaError | null
  forget(): void
  close(): void
}

/** One producer id for all partitions (KIP-98). */
export class IdempotentSequencer implements Sequencer {
  readonly isIdempotent = true
  readonly #identities: IdentitySource
  readonly #firstSequence: number
  readonly #waiting = new Set<IdempotentNumbering>()

  /** `firstSequence`: where a partition's numbers begin; a test's near 2^31. */
  constructor(identities: IdentitySource, firstSequence = 0) {
    this.#identities = identities
    this.#firstSequence = firstSequence
  }

  numberingOf(partition: NumberedPartition): Numbering {
    return new IdempotentNumbering(partition, this.#identities, this.#firstSequence, (numbering) =>
      this.#waiting.add(numbering),
    )
  }

  whyNoIdentity(): OttlaError | null {
    return this.#identities.whyNone()
  }

  /** The producer id is there: the partitions that waited for it go on. */
  identityCame(): void {
    for (const numbering of this.#stopWaiting()) numbering.identityCame()
  }

  /** The producer id is refused: nobody waits for it any more. To be called once their batches are known. */
  identityRefused(): void {
    for (const numbering of this.#stopWaiting()) numbering.stopWaiting()
  }

  #stopWaiting(): Iterable<IdempotentNumbering> {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    return waiting
  }

  forget(): void {
    this.#identities.forget()
  }

  close(): void {
    this.#identities.close()
  }
}
