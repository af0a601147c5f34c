/**
 * `enqueue` where interceptors look on. They see a record once: so one that has found no room is either
 * accepted all the same, and waits (`enqueue`), or kept here with what they made of it, until it is offered
 * again (`offer`, for streams and sources, which wait for as long as it takes).
 *
 * Before: producer.ts. After: intercepting/interception.ts, then intake.ts.
 */
import { queueJob } from '../../clock.js'
import type { DeliveryError } from '../../errors.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { ProducerRecord } from '../records/record.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import { NOT_ITS_TURN } from '../waiting/room-watch.js'
import type { Told } from './abortable-sends.js'
import { notTaken } from './call-checks.js'
import type { Gathering } from './gathering.js'
import type { Intake } from './intake.js'

/** A record that interceptors have seen. */
interface Seen extends Told {
  /** What they made of it. */
  readonly toSend: ProducerRecord<unknown, unknown>
  /** Tells the interceptors, then `next`. */
  callback(next: DeliveryCallback): DeliveryCallback
}

/** Shows records to interceptors. */
interface Interception {
  intercept(
    record: ProducerRecord<unknown, unknown>,
    call: { readonly kind: 'enqueue'; readonly recordCount: number },
    index: number,
    submit: (seen: Seen) => boolean,
  ): boolean
}

export interface InterceptedEnqueueParts<K, V> {
  readonly interception: Interception
  readonly intake: Intake<K, V>
  readonly gathering: Gathering
  readonly runCallback: CallbackRunner
  /** Throws where no records are accepted any more. */
  readonly assertOpen: (record: { readonly topic?: string } | null) => void
  readonly isOpen: () => boolean
  /** The callback of a record without one. */
  readonly unheard: DeliveryCallback
}

export class InterceptedEnqueue<K, V> {
  readonly #parts: InterceptedEnqueueParts<K, V>
  /** The record of an `enqueue` that waits for room; null where none does. */
  #waiting: ParkedRecord | null = null
  /** Offered records that have found no room, and what interceptors made of them. */
  readonly #held = new Map<unknown, Seen>()

  constructor(parts: InterceptedEnqueueParts<K, V>) {
    this.#parts = parts
    parts.gathering.onCancelled((reason) => this.#drop(reason))
  }

  /** Some record was seen by interceptors, and is to be offered again. */
  get isHolding(): boolean {
    return this.#held.size > 0
  }

  /** As `Producer.enqueue`: one at a time waits for room, and those after it are refused unseen. */
  enqueue(record: ProducerRecord<K, V>, callback: DeliveryCallback | null): boolean {
    if (this.#isFull) return false
    this.#waiting = null
    const { turn } = this.#parts.gathering
    return this.#see(record, (seen) => {
      this.#submit(record, seen, callback, { withoutRoom: 'wait in group', turn })
      return true
    })
  }

  /** As `RecordSink.offer`. */
  offer(record: ProducerRecord<K, V>, callback: DeliveryCallback | null): boolean {
    const held = this.#held.get(record)
    const { turn } = this.#parts.gathering
    if (held !== undefined) return this.#offer(record, held, callback, turn)
    if (this.#isFull) return false
    return this.#see(record, (seen) => this.#offer(record, seen, callback, turn))
  }

  /** As `RecordSink.withdraw`. */
  withdraw(record: unknown, error: DeliveryError): void {
    const held = this.#held.get(record)
    this.#held.delete(record)
    held?.settle(error, null)
  }

  /** What is held is of a transaction that is cancelled. Told later: an interceptor may call the producer. */
  #drop(reason: DeliveryError): void {
    for (const held of this.#held.values()) queueJob(() => held.settle(reason, null))
    this.#held.clear()
  }

  get #isFull(): boolean {
    const { intake, isOpen } = this.#parts
    const isFull = this.isHolding || this.#waiting?.isWaiting === true || !intake.room.isWritable
    return isFull && isOpen()
  }

  #see(record: ProducerRecord<K, V>, submit: (seen: Seen) => boolean): boolean {
    const call = { kind: 'enqueue', recordCount: 1 } as const
    return this.#parts.interception.intercept(record, call, 0, submit)
  }

  #offer(
    record: ProducerRecord<K, V>,
    seen: Seen,
    callback: DeliveryCallback | null,
    turn: number,
  ): boolean {
    this.#held.delete(record)
    const isTaken = this.#submit(record, seen, callback, { withoutRoom: 'refuse', turn })
    if (!isTaken) this.#held.set(record, seen)
    return isTaken
  }

  #submit(
    record: ProducerRecord<K, V>,
    seen: Seen,
    callback: DeliveryCallback | null,
    {
      withoutRoom,
      turn,
    }: { readonly withoutRoom: 'refuse' | 'wait in group'; readonly turn: number },
  ): boolean {
    const { intake, runCallback, assertOpen, unheard } = this.#parts
    const told = seen.callback(callback ?? unheard)
    try {
      assertOpen(record)
      const toSend = seen.toSend as ProducerRecord<K, V> // it is said to be one
      const submitted = intake.submit(toSend, told, withoutRoom, undefined, turn)
      if (typeof submitted === 'object' && submitted.isWaiting) this.#waitsForRoom(submitted)
      return submitted !== 'full'
    } catch (error) {
      const reason = notTaken(error)
      queueJob(() => runCallback(told, reason, null))
      return true
    }
  }

  #waitsForRoom(parked: ParkedRecord): void {
    this.#waiting = parked
    this.#parts.intake.room.refused(parked.topic, NOT_ITS_TURN) // what `writable` waits for
  }
}
