/**
 * The books on records that wait before they can be placed, whatever for: the bytes that each holds, who
 * holds none, and who wants to know where it went.
 *
 *   taken:    holds its bytes of the memory budget; is placed as soon as its topic is known and it is
 *             serialized, and pays for its place with them: it never waits for room
 *   waiting:  found no bytes; gets them, or its place, when memory comes free. First come, first
 *             served within a topic; the topics take turns, so that none starves the others
 *
 * Within a topic the taken ones are older than the waiting ones: while any waits, none that comes
 * later is taken; and where a taken one turns out larger than what is held for it, the youngest of
 * them give way (`#makeRoom`). So no taken one ever stands behind a waiting one, which might need the
 * very memory that the taken one holds.
 *
 * Before: admission.ts and group-feeder.ts. After: serving.ts. Within: waiters.ts has everybody and until
 * when, turns.ts the order of the topics.
 */
import { queueJob, type Clock } from '../../clock.js'
import type { DeliveryError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { recordSizeUpperBound } from '../../protocol/record-batch.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import type { Line } from '../collections/line.js'
import { countIn, countOut } from '../collections/open-spans.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import { GroupRest } from './group-rest.js'
import type { ParkedRecord } from './parked-record.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import { Served, Turns } from './turns.js'
import { Waiters, type Waiter } from './waiters.js'

/**
 * What a parked record costs besides its bytes: the object, its place in line, its two times. No less
 * than what a batch takes around its first record, so that a taken one can pay for a batch of its own.
 */
export const PARKED_RECORD_BYTES = 200

export interface ParkingLotOptions {
  readonly maxBlockMs: number
  readonly maxWaitingSends: number
  readonly maxRequestSizeBytes: number
}

export interface ParkingLotParts {
  readonly clock: Clock
  readonly budget: MemoryBudget
  readonly accumulator: Pick<Accumulator, 'spans' | 'releaseLingering'>
  readonly runCallback: CallbackRunner
  readonly errors: ParkedErrors
  readonly logger: Pick<Log, 'error'>
  /** Somebody waited in vain. */
  readonly onFailed?:
    ((error: DeliveryError, isHeard: boolean, recordCount: number) => void) | undefined
}

/** What those are told who waited in vain. */
export interface ParkedErrors {
  /** They have waited too long. */
  timeout(waiter: Waiter): DeliveryError
  /** So many sends wait that none more may. */
  tooManySends(topic: string, waitingSends: number): DeliveryError
}

/** Goes on with a topic whose line has moved. */
export interface LineKeeper {
  /** Somebody of this topic gave his bytes back, or left the line. */
  settled(topic: ProducerTopic): void
}

/** How those who wait are served: placed in a batch, or (a group) fed. */
export interface Server {
  place(parked: ParkedRecord): Served
  feed(rest: GroupRest): void
}

export class ParkingLot {
  readonly #options: ParkingLotOptions
  readonly #parts: ParkingLotParts
  readonly #waiters: Waiters
  readonly #turns = new Turns()
  #waitingCount = 0
  /** Those of them that `send` gave. */
  #waitingSends = 0
  #refusedBytes = 0
  #isHeldBack = false
  #keeper: LineKeeper | null = null

  constructor(options: ParkingLotOptions, parts: ParkingLotParts) {
    this.#options = options
    this.#parts = parts
    this.#waiters = new Waiters(parts.clock, options.maxBlockMs, (waiter) =>
      this.#settleOne(waiter, parts.errors.timeout(waiter)),
    )
  }

  /** Who is told that a line has moved. To be called once. */
  attach(keeper: LineKeeper): void {
    this.#keeper = keeper
  }

  /** How many wait without bytes. */
  get waitingCount(): number {
    let count = this.#waitingCount
    for (const rest of this.#waiters.rests) count += rest.count
    return count
  }

  /** Somebody waits, for whatever. */
  get hasWaiting(): boolean {
    return this.#turns.hasWaiting
  }

  /** Somebody waits for room, whatever his topic. */
  get isCrowded(): boolean {
    return this.#turns.isCrowded
  }

  /** Who comes now for this topic has to stand behind others. */
  mustWait(topic: ProducerTopic): boolean {
    return this.isCrowded || topic.waiting.length > 0
  }

  /** What the last record would have needed that was not taken; 0 where others were before it. */
  get refusedBytes(): number {
    return this.#refusedBytes
  }

  /** It was not taken because its topic holds as much as it may. */
  get isHeldBack(): boolean {
    return this.#isHeldBack
  }

  /**
   * Takes a record with its bytes into a line of its topic; where there are none, or others wait for
   * some (before one that is not fed), it is not taken: null.
   */
  park(
    record: PreparedRecord,
    isSerialized: boolean,
    line: Line<ParkedRecord>,
    isFed = false,
  ): ParkedRecord | null {
    const { topic } = record
    const { budget } = this.#parts
    this.#refusedBytes = 0
    this.#isHeldBack = false
    if (this.mustWait(topic) && !isFed) return null
    const sizeBytes = this.#sizeBytes(record, isSerialized)
    this.#isHeldBack = !budget.mayRest(sizeBytes, topic.share)
    if (this.#isHeldBack || !budget.tryTake(sizeBytes, topic.share)) {
      this.#refusedBytes = sizeBytes
      return null
    }
    const parked = this.#add(record, isSerialized)
    parked.reservedBytes = sizeBytes
    parked.wasTaken = true
    this.#stand(parked, line)
    return parked
  }

  /**
   * Lets a record wait without any bytes: for room, or (`isHeldBack`) until its topic holds less.
   * Throws BufferFullError for one of `send` where too many of them wait already.
   */
  parkWaiting(
    record: PreparedRecord,
    isSerialized: boolean,
    { isHeldBack = false, isSend = true } = {},
  ): ParkedRecord {
    if (isSend) this.#checkSends(record.topic)
    const parked = this.#add(record, isSerialized)
    parked.isSend = isSend
    record.topic.waiting.push(parked)
    this.#waits(parked, isHeldBack)
    return parked
  }

  #checkSends({ name }: ProducerTopic): void {
    if (this.#waitingSends < this.#options.maxWaitingSends) return
    throw this.#parts.errors.tooManySends(name, this.#waitingSends)
  }

  /** Lets a record of a group wait, in front of the others that are still to be fed. */
  parkFed(record: PreparedRecord, isSerialized: boolean): ParkedRecord {
    const { topic } = record
    const parked = this.#add(record, isSerialized)
    topic.waiting.unshift(parked)
    this.#waits(parked)
    return parked
  }

  #add(record: PreparedRecord, isSerialized: boolean): ParkedRecord {
    const parked = this.#waiters.add(record, isSerialized)
    countIn(parked, this.#parts.accumulator.spans.present)
    return parked
  }

  /** Lets what is left of a group wait. */
  parkRest(rest: GroupRest): void {
    const { topic } = rest
    const span = this.#parts.accumulator.spans.present
    span.begin()
    rest.group.onSettled(() => span.end())
    rest.span = span
    rest.line = topic.waiting
    topic.waiting.push(rest)
    this.#turns.lineUp(topic)
    this.#waiters.addRest(rest)
  }

  /** A record of the group found room (and its topic is known): its time begins anew. */
  movedOn(rest: GroupRest): void {
    if (rest.line !== null) this.#waiters.movedOn(rest)
  }

  /** A record of the group was fed, and waits once more: it counts as open since the group does. */
  waitsOn(parked: ParkedRecord, rest: GroupRest): void {
    if (rest.span !== null && !parked.isSettled) countIn(parked, rest.span)
    if (parked.isWaiting) parked.rest = rest
  }

  /** A record of the group was fed: where it was the last, the group leaves. */
  fed(rest: GroupRest): void {
    if (rest.count === 0) this.#leaveRest(rest)
  }

  #stand(parked: ParkedRecord, line: Line<ParkedRecord>): void {
    this.#leaveLine(parked)
    parked.line = line
    line.push(parked)
  }

  #leaveLine(parked: ParkedRecord): void {
    const { line } = parked
    if (line === null) return
    if (parked.isWaiting) {
      this.#waitingCount--
      if (parked.isSend) this.#waitingSends--
    }
    parked.line = null
    line.left()
  }

  /** It stands in its topic's line of those who wait, now. */
  #waits(parked: ParkedRecord, isHeldBack = false): void {
    parked.line = parked.topic.waiting
    this.#waitingCount++
    if (parked.isSend) this.#waitingSends++
    this.#turns.lineUp(parked.topic, isHeldBack)
  }

  /** Its serializer is done: it holds what it really takes, or waits for it. */
  serialized(parked: ParkedRecord): void {
    const { topic } = parked
    const sizeBytes = this.#sizeBytes(parked, true)
    topic.recordSize.observed(sizeBytes)
    parked.isSerialized = true
    if (!parked.isWaiting && !this.#hold(parked, sizeBytes)) this.#makeRoom(parked, sizeBytes)
  }

  /** The youngest taken ones of its topic give way to it, or it does itself: they wait, first of all. */
  #makeRoom(parked: ParkedRecord, sizeBytes: number): void {
    const { topic } = parked
    for (let last = topic.taken.last(); last !== undefined; last = topic.taken.last()) {
      this.#leaveLine(last)
      this.#parts.budget.give(last.reservedBytes, topic.share)
      last.reservedBytes = 0
      topic.waiting.unshift(last)
      this.#waits(last)
      if (last === parked || this.#hold(parked, sizeBytes)) return
    }
  }

  /** Holds so many bytes, if they are there. */
  #hold(parked: ParkedRecord, sizeBytes: number): boolean {
    const moreBytes = sizeBytes - parked.reservedBytes
    if (!this.#parts.budget.tryTake(moreBytes, parked.topic.share)) return false
    parked.reservedBytes = sizeBytes
    return true
  }

  /** It waits for something else than room from now on, in `line`: with its bytes, if they are there. */
  take(parked: ParkedRecord, line: Line<ParkedRecord>): Served {
    if (parked.isWaiting) {
      const { budget } = this.#parts
      const sizeBytes = this.#sizeBytes(parked, parked.isSerialized)
      if (!budget.mayRest(sizeBytes, parked.topic.share)) return Served.heldBack
      if (!this.#hold(parked, sizeBytes)) return Served.noRoom
      parked.wasTaken = true
    }
    this.#stand(parked, line)
    return Served.yes
  }

  /** Never more than there is in all, so that one record can always be taken. */
  #sizeBytes(record: PreparedRecord, isSerialized: boolean): number {
    const sizeBytes = isSerialized
      ? recordSizeUpperBound(record)
      : record.topic.recordSize.estimateBytes(this.#options.maxRequestSizeBytes)
    return Math.min(sizeBytes + PARKED_RECORD_BYTES, this.#parts.budget.totalBytes)
  }

  /** Memory came free: serves those who wait, the topics in turn, until one finds no room. */
  serve(server: Server): void {
    this.#turns.serve((topic) => this.#serveFirst(topic, server))
  }

  #serveFirst(topic: ProducerTopic, server: Server): Served {
    const first = topic.waiting.first()
    if (first === undefined) return Served.yes
    if (first instanceof GroupRest) {
      server.feed(first)
      return Served.yes
    }
    const isReady = topic.isKnown && first.isSerialized && topic.taken.length === 0
    return isReady ? server.place(first) : this.take(first, topic.taken)
  }

  /** It was appended, to `batch`. */
  placed(parked: ParkedRecord, batch: ProducerBatch | null): void {
    const { rest, span } = parked
    if (rest !== null) this.movedOn(rest)
    parked.wasPlaced = true
    if (batch !== null && span !== null) countIn(batch, span)
    this.#leave(parked)
    if (batch !== null && span?.isAwaited === true) makeDue(batch)
  }

  /** It will not be appended: whoever waits for it is told, later. Idempotent. */
  settle(parked: ParkedRecord, error: DeliveryError): void {
    this.#settleOne(parked, error)
  }

  #settleOne(waiter: Waiter, error: DeliveryError): void {
    if (isGone(waiter)) return
    this.#fail(waiter, error)
    this.#keeper?.settled(waiter.topic)
  }

  #fail(waiter: Waiter, error: DeliveryError): void {
    if (waiter instanceof GroupRest) this.#failRest(waiter, error)
    else this.#tell(waiter, error)
  }

  #tell(parked: ParkedRecord, error: DeliveryError): void {
    const { callback, resolve } = parked
    this.#leave(parked)
    if (resolve !== null) resolve(Promise.reject(error))
    else if (callback !== null) queueJob(() => this.#parts.runCallback(callback, error, null))
    else this.#tellUnheard(parked, error)
    this.#parts.onFailed?.(error, resolve !== null || callback !== null, 1)
  }

  #tellUnheard({ topic: { name: topic } }: ParkedRecord, err: DeliveryError): void {
    this.#parts.logger.error({ topic, err }, 'records without a callback were not delivered')
  }

  /** Settles everybody that `which` names. */
  settleAll(which: (waiter: Waiter) => boolean, error: (waiter: Waiter) => DeliveryError): void {
    this.#settleEach([...this.#waiters.records, ...this.#waiters.rests].filter(which), error)
  }

  /** Settles everybody who waits for one topic, without a look at the others. */
  settleTopic({ beyond, taken, waiting }: ProducerTopic, error: DeliveryError): void {
    this.#settleEach([...beyond, ...taken, ...waiting], () => error)
  }

  #settleEach(waiters: readonly Waiter[], error: (waiter: Waiter) => DeliveryError): void {
    const topics = new Set<ProducerTopic>()
    for (const waiter of waiters) {
      if (isGone(waiter)) continue
      topics.add(waiter.topic)
      this.#fail(waiter, error(waiter))
    }
    for (const topic of topics) this.#keeper?.settled(topic)
  }

  /** Whoever waits for it is told later: an interceptor may call the producer, and must find this done. */
  #failRest(rest: GroupRest, error: DeliveryError): void {
    const { count } = rest
    this.#leaveRest(rest)
    queueJob(() => rest.fail(error))
    this.#parts.onFailed?.(error, true, count)
  }

  #leaveRest(rest: GroupRest): void {
    const { line, span } = rest
    if (line === null) return
    rest.line = null
    line.left()
    this.#waiters.restLeft(rest)
    if (span?.isAwaited === true) this.#parts.accumulator.releaseLingering(Infinity)
  }

  /** Every record that is not settled. */
  [Symbol.iterator](): Iterator<ParkedRecord> {
    return this.#waiters.records[Symbol.iterator]()
  }

  /** Every group of which something is left. */
  get rests(): Iterable<GroupRest> {
    return this.#waiters.rests
  }

  close(): void {
    this.#waiters.close()
  }

  /** What it held is free at once, wherever it stood. */
  #leave(parked: ParkedRecord): void {
    this.#parts.budget.give(parked.reservedBytes, parked.topic.share)
    parked.reservedBytes = 0
    this.#leaveLine(parked)
    parked.isSettled = true
    parked.letGo()
    this.#waiters.left()
    countOut(parked)
  }
}

/** Somebody flushes: the batch need not linger. */
function makeDue(batch: ProducerBatch): void {
  batch.makeDue()
  batch.queue.schedule()
}

/** What another one was told may have settled it: by an abort, or a close. */
function isGone(waiter: Waiter): boolean {
  return waiter instanceof GroupRest ? waiter.line === null : waiter.isSettled
}
