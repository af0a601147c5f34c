/**
 * Whether a record still belongs where it was given. Between a call and its record's place in a batch the
 * user's code runs (an iterator, an interceptor, a getter, a serializer, a partitioner), and may end the
 * transaction, or close the producer: what that call gives is refused then, or it would be part of the next
 * one, or given up in the midst of being sent.
 *
 *   call: turn 4 ── the user's code: commit, or abort ──> turn 5 ── admission: 4 is over, refused
 *
 * Without transactions the turn is the same until the end.
 *
 * Before: pipeline.ts, for transaction-manager.ts, and producer-life.ts. After: intake.ts and admission.ts ask.
 */
import type { DeliveryError } from '../../errors.js'

export class Gathering {
  /** Another one whenever a transaction has ended: records of a later call are not its. */
  turn = 0
  /** The records of this turn, and of those before, are cancelled: also those that wait. */
  #cancelledTurn = -1
  #reason: DeliveryError | null = null
  #cancelListener: ((reason: DeliveryError) => void) | null = null

  /** The transaction takes no more records; those that wait are sent still. */
  end(reason: DeliveryError): void {
    this.#reason = reason
    this.turn++
  }

  /** The same, and those that wait are never sent. */
  cancel(reason: DeliveryError): void {
    this.close(reason)
    this.#cancelListener?.(reason)
  }

  /** The producer takes no more records, not even those of a group that is fed. */
  close(reason: DeliveryError): void {
    this.#cancelledTurn = this.turn
    this.end(reason)
  }

  /** Calls `listener` with each reason of `cancel`. To be called once. */
  onCancelled(listener: (reason: DeliveryError) => void): void {
    this.#cancelListener = listener
  }

  /**
   * Throws where the turn in which a record was given is over. One that is fed was given, and waited, before:
   * a commit waits for it, so that only `cancel` refuses it.
   */
  check(givenTurn: number, isFed: boolean): void {
    if (givenTurn === this.turn || (isFed && givenTurn > this.#cancelledTurn)) return
    if (this.#reason !== null) throw this.#reason
  }

  /** `assertOpen` of a call that gives several records, in this turn. */
  guarded<T>(assertOpen: (record: T) => void, givenTurn: number): (record: T) => void {
    return (record) => {
      assertOpen(record)
      this.check(givenTurn, false)
    }
  }
}
