/**
 * `enqueue` where interceptors look on. They see a record once: so one that has found no room is either
 * accepted all the same, and waits (`enqueue`), or kept here with what they made of it, until it is offered
 * again (`offer`, for streams and sources, which wait for as long as it takes). Those that come after it for
 * its topic are refused unseen; other topics go on, as they do without interceptors.
 *
 * Before: producer.ts. After: intercepting/interception.ts, then intake.ts.
 */
import { queueJob } from '../../clock.js'
import type { DeliveryError } from '../../errors.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import { topicOf, type ProducerRecord } from '../records/record.js'
import type { ParkedRecord } from '../waiting/parked-record.js'
import { NOT_ITS_TURN, type Refused } from '../waiting/room-watch.js'
import type { Told } from './abortable-sends.js'
import { notTaken } from './call-checks.js'
import type { Gathering } from './gathering.js'
import type { Intake } from './intake.js'

/** So many names are kept, of topics in which nobody waits any more, before they are swept out. */
const LEAST_SWEPT = 64

/** A record that interceptors have seen. */
interface Seen extends Told {
  /** What they made of it. */
  readonly toSend: ProducerRecord<unknown, unknown>
  /** Tells the interceptors, then `next`. */
  callback(next: DeliveryCallback): DeliveryCallback
}

/** A record that has found no room, and is to be offered again. */
interface Held {
  readonly seen: Seen
  /** Under which it was given, and which it has now. */
  readonly names: readonly string[]
  /** What it waits for. */
  readonly refused: Refused
  isWaiting: boolean
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
  /**
   * Who has been seen, and waits for room: the last of each topic, by the name under which it was given and,
   * of those that are held, by the one that interceptors have given it. (Of the others the lot knows that.)
   */
  readonly #ahead = new Map<string, Held | ParkedRecord>()
  #sweptFrom = LEAST_SWEPT
  /** Offered records that have found no room, and what interceptors made of them. */
  readonly #held = new Map<unknown, Held>()

  constructor(parts: InterceptedEnqueueParts<K, V>) {
    this.#parts = parts
    parts.gathering.onCancelled((reason) => this.#drop(reason))
  }

  /** Some record was seen by interceptors, and is to be offered again. */
  get isHolding(): boolean {
    return this.#held.size > 0
  }

  /** As `Producer.enqueue`: one at a time waits for room in a topic, and those after it are refused unseen. */
  enqueue(record: ProducerRecord<K, V>, callback: DeliveryCallback | null): boolean {
    const { turn } = this.#parts.gathering
    const topic = topicOf(record)
    if (this.#isFull(topic)) return false
    return this.#see(record, (seen) => {
      this.#submit(record, seen, callback, { withoutRoom: 'wait in group', turn, topic })
      return true
    })
  }

  /** As `RecordSink.offer`. */
  offer(record: ProducerRecord<K, V>, callback: DeliveryCallback | null): boolean {
    const held = this.#held.get(record)
    const { turn } = this.#parts.gathering
    if (held !== undefined) {
      this.#letGo(record, held)
      return this.#offer(record, held.seen, callback, turn)
    }
    if (this.#isFull(topicOf(record))) return false
    return this.#see(record, (seen) => this.#offer(record, seen, callback, turn))
  }

  /** As `RecordSink.withdraw`. */
  withdraw(record: unknown, error: DeliveryError): void {
    const held = this.#held.get(record)
    if (held === undefined) return
    this.#letGo(record, held)
    held.seen.settle(error, null)
  }

  /** What is held is of a transaction that is cancelled. Told later: an interceptor may call the producer. */
  #drop(reason: DeliveryError): void {
    for (const [record, held] of this.#held) {
      this.#letGo(record, held)
      queueJob(() => held.seen.settle(reason, null))
    }
  }

  /** Others are before a record that is given for this topic. */
  #isFull(topic: string): boolean {
    const { intake, isOpen } = this.#parts
    const ahead = this.#ahead.get(topic)
    const isBehind = ahead?.isWaiting === true
    if (isBehind) this.#refuseBehind(ahead)
    return (isBehind || intake.isBehindOthers(topic)) && isOpen()
  }

  /** `writable` waits for what the one before it waits for. */
  #refuseBehind(ahead: Held | ParkedRecord): void {
    const { room } = this.#parts.intake
    if ('refused' in ahead) room.refused(ahead.refused.topic, ahead.refused)
    else room.refused(ahead.topic, NOT_ITS_TURN)
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
    const isTaken = this.#submit(record, seen, callback, { withoutRoom: 'refuse', turn })
    if (!isTaken) this.#hold(record, seen)
    return isTaken
  }

  #hold(record: ProducerRecord<K, V>, seen: Seen): void {
    const names = [topicOf(record), topicOf(seen.toSend)]
    const held: Held = { seen, names, refused: this.#parts.intake.room.last, isWaiting: true }
    this.#held.set(record, held)
    for (const name of names) this.#goesAhead(name, held)
  }

  #letGo(record: unknown, held: Held): void {
    held.isWaiting = false
    this.#held.delete(record)
    for (const name of held.names) {
      if (this.#ahead.get(name) === held) this.#ahead.delete(name)
    }
  }

  /** An `enqueue` has given it for this topic: it waits for room. */
  #waits(topic: string, parked: ParkedRecord): void {
    this.#goesAhead(topic, parked)
    this.#refuseBehind(parked)
  }

  #goesAhead(topic: string, one: Held | ParkedRecord): void {
    const ahead = this.#ahead.set(topic, one)
    if (ahead.size < this.#sweptFrom) return
    for (const [name, { isWaiting }] of ahead) if (!isWaiting) ahead.delete(name)
    this.#sweptFrom = Math.max(LEAST_SWEPT, 2 * ahead.size)
  }

  #submit(
    record: ProducerRecord<K, V>,
    seen: Seen,
    callback: DeliveryCallback | null,
    { withoutRoom, turn, topic = '' }: Manner,
  ): boolean {
    const { intake, runCallback, assertOpen, unheard } = this.#parts
    const told = seen.callback(callback ?? unheard)
    try {
      assertOpen(record)
      const toSend = seen.toSend as ProducerRecord<K, V> // it is said to be one
      const submitted = intake.submit(toSend, told, withoutRoom, undefined, turn)
      if (typeof submitted === 'object' && submitted.isWaiting) this.#waits(topic, submitted)
      return submitted !== 'full'
    } catch (error) {
      const reason = notTaken(error)
      queueJob(() => runCallback(told, reason, null))
      return true
    }
  }
}

/** How a record that was seen is submitted. */
interface Manner {
  readonly withoutRoom: 'refuse' | 'wait in group'
  readonly turn: number
  /** Under whose name it was given, where it may wait. */
  readonly topic?: string
}
