/**
 * Who may be the first of a transaction in a partition: a request for which the coordinator was asked.
 * A marker that comes between the question and the append takes the guard away, and so the append is
 * refused. A guard remembers the lowest sequence that asked: what comes behind it waits for that one.
 *
 * Spec: Kafka's VerificationGuard and VerificationStateEntry; KIP-890, KAFKA-18202. Neighbours:
 * producer-state.ts owns them; leader-verification.ts asks for them.
 */

/** Of one producer, until its transaction is open in the partition, or a marker comes. */
export interface AppendGuard {
  lowestSequence: number
  epoch: number
  /** Made by Produce v12 or later. */
  readonly raisesEpochs: boolean
}

/** One per partition. */
export class AppendGuards {
  readonly #guards = new Map<bigint, AppendGuard>()

  /** The request that holds `guard` may append. */
  isHeld(producerId: bigint, guard: AppendGuard | null): boolean {
    return guard !== null && this.#guards.get(producerId) === guard
  }

  /** The producer's guard, for a batch that would begin its transaction. */
  ask(producerId: bigint, { lowestSequence, epoch, raisesEpochs }: AppendGuard): AppendGuard {
    const known = this.#guards.get(producerId)
    if (known === undefined) {
      const guard = { lowestSequence, epoch, raisesEpochs }
      this.#guards.set(producerId, guard)
      return guard
    }
    if (epoch > known.epoch || (epoch === known.epoch && lowestSequence < known.lowestSequence)) {
      known.lowestSequence = lowestSequence
    }
    known.epoch = Math.max(epoch, known.epoch)
    return known
  }

  /** False for a sequence behind one that was refused, and for another than 0 where `isFirst`. */
  takes(producerId: bigint, baseSequence: number, isFirst: boolean): boolean {
    const guard = this.#guards.get(producerId)
    if (guard === undefined) return true
    if (guard.raisesEpochs && isFirst && baseSequence !== 0) return false
    return baseSequence <= guard.lowestSequence
  }

  drop(producerId: bigint): void {
    this.#guards.delete(producerId)
  }

  clear(): void {
    this.#guards.clear()
  }
}
