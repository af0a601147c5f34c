/**
 * The books on records that wait before they can be placed, whatever for: until when each may wait,
 * the bytes it holds, who holds none, and who wants to know where it went.
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
 * Before: admission.ts and group-feeder.ts. After: serving.ts.
 */
import { queueJob, type Clock, type Timer } from '../../clock.js'
import type { DeliveryError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { recordSizeUpperBound } from '../../protocol/record-batch.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { CallbackRunner } from '../batching/batch-waiters.js'
import { Deque } from '../collections/deque.js'
import { Line } from '../collections/line.js'
import type { MemoryBudget } from '../batching/memory-budget.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import { GroupRest } from './group-rest.js'
import { ParkedRecord } from './parked-record.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/**
 * What a parked record costs besides its bytes: the object, its place in line, its two times. No less
 * than what a batch takes around its first record, so that a taken one can pay for a batch of its own.
 */
export const PARKED_RECORD_BYTES = 200

/** What came of an attempt to serve one who waits. */
export const Served = {
  yes: 0,
  /** There is no room for it, nor for anybody behind it. */
  noRoom: 1,
  /** Its topic holds as much as it may; others may go on. */
  heldBack: 2,
} as const
export type Served = (typeof Served)[keyof typeof Served]

export interface ParkingLotOptions {
  readonly maxBlockMs: number
  readonly maxWaitingSends: number
  readonly maxRequestSizeBytes: number
}

export interface ParkingLotParts {
  readonly clock: Clock
  readonly budget: MemoryBudget
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
  timeout(waiting: ParkedRecord | GroupRest): DeliveryError
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
  /** Every record, in the order of arrival, and so of the deadlines. */
  readonly #all = new Line<ParkedRecord>((parked) => !parked.isSettled)
  /** Groups, each with a deadline of its own that moves. */
  readonly #rests = new Set<GroupRest>()
  /** Topics with somebody who waits for room: the first is served next. */
  readonly #turns = new Deque<ProducerTopic>()
  /** Topics with somebody who waits until his own topic holds less. */
  readonly #heldBack = new Set<ProducerTopic>()
  #waitingCount = 0
  /** Those of them that `send` gave. */
  #waitingSends = 0
  #refusedBytes = 0
  #isHeldBack = false
  #timer: Timer | null = null
  #keeper: LineKeeper | null = null

  constructor(options: ParkingLotOptions, parts: ParkingLotParts) {
    this.#options = options
    this.#parts = parts
  }

  /** Who is told that a line has moved. To be called once. */
  attach(keeper: LineKeeper): void {
    this.#keeper = keeper
  }

  /** How many wait without bytes. */
  get waitingCount(): number {
    let count = this.#waitingCount
    for (const rest of this.#rests) count += rest.count
    return count
  }

  /** Somebody waits, for whatever. */
  get hasWaiting(): boolean {
    return this.#turns.length + this.#heldBack.size > 0
  }

  /** Somebody waits for room, whatever his topic. */
  get isCrowded(): boolean {
    return this.#turns.length > 0
  }

  /** Who comes now for this topic has to stand behind others. */
  mustWait(topic: ProducerTopic): boolean {
    return this.#turns.length > 0 || topic.waiting.length > 0
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

  /** Lets what is left of a group wait. */
  parkRest(rest: GroupRest): void {
    const { topic } = rest
    this.#rests.add(rest)
    rest.line = topic.waiting
    topic.waiting.push(rest)
    this.#lineUp(topic)
    this.movedOn(rest)
    this.#armTimer()
  }

  /** A record of the group found room (and its topic is known): its time begins anew. */
  movedOn(rest: GroupRest): void {
    rest.deadlineMs = this.#parts.clock.monotonicMs() + this.#options.maxBlockMs
  }

  /** A record of the group was fed: where it was the last, the group leaves. */
  fed(rest: GroupRest): void {
    if (rest.count === 0) this.#leaveRest(rest)
  }

  #add(record: PreparedRecord, isSerialized: boolean): ParkedRecord {
    const deadlineMs = this.#parts.clock.monotonicMs() + this.#options.maxBlockMs
    const parked = new ParkedRecord(record, isSerialized, deadlineMs)
    this.#all.push(parked)
    this.#armTimer()
    return parked
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
    this.#lineUp(parked.topic, isHeldBack)
  }

  #lineUp(topic: ProducerTopic, isHeldBack = false): void {
    if (topic.isLinedUp) return
    topic.isLinedUp = true
    if (isHeldBack) this.#heldBack.add(topic)
    else this.#turns.push(topic)
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
    for (const topic of this.#heldBack) this.#turns.push(topic)
    this.#heldBack.clear()
    for (let topic = this.#turns.peek(); topic !== undefined; topic = this.#turns.peek()) {
      const first = topic.waiting.first()
      const served = first === undefined ? Served.yes : this.#serveOne(topic, first, server)
      if (served === Served.noRoom) return
      this.#turns.shift()
      if (served === Served.heldBack) this.#heldBack.add(topic)
      else if (topic.waiting.length > 0) this.#turns.push(topic)
      else topic.isLinedUp = false
    }
  }

  #serveOne(topic: ProducerTopic, first: ParkedRecord | GroupRest, server: Server): Served {
    if (first instanceof GroupRest) {
      server.feed(first)
      return Served.yes
    }
    const isReady = topic.isKnown && first.isSerialized && topic.taken.length === 0
    return isReady ? server.place(first) : this.take(first, topic.taken)
  }

  /** It was appended, to `batch`. */
  placed(parked: ParkedRecord, batch: ProducerBatch | null): void {
    const { placedListeners, rest } = parked
    if (rest !== null) this.movedOn(rest)
    parked.wasPlaced = true
    this.#leave(parked)
    placedListeners?.forEach((listener) => listener(batch))
  }

  /** It will not be appended: whoever waits for it is told, later. Idempotent. */
  settle(parked: ParkedRecord, error: DeliveryError): void {
    if (parked.isSettled) return
    this.#tell(parked, error)
    this.#keeper?.settled(parked.topic)
  }

  #tell(parked: ParkedRecord, error: DeliveryError): void {
    const { callback, resolve, placedListeners } = parked
    this.#leave(parked)
    if (resolve !== null) resolve(Promise.reject(error))
    else if (callback !== null) queueJob(() => this.#parts.runCallback(callback, error, null))
    else this.#tellUnheard(parked, error)
    placedListeners?.forEach((listener) => listener(null))
    this.#parts.onFailed?.(error, resolve !== null || callback !== null, 1)
  }

  #tellUnheard({ topic: { name: topic } }: ParkedRecord, err: DeliveryError): void {
    this.#parts.logger.error({ topic, err }, 'records without a callback were not delivered')
  }

  /** Settles everybody that `which` names. */
  settleAll(
    which: (waiting: ParkedRecord | GroupRest) => boolean,
    error: (waiting: ParkedRecord | GroupRest) => DeliveryError,
  ): void {
    const topics = new Set<ProducerTopic>()
    for (const waiting of [...this.#all, ...this.#rests].filter(which)) {
      const isGone = waiting instanceof GroupRest ? waiting.line === null : waiting.isSettled
      if (isGone) continue // what was told of one of them has settled others
      topics.add(waiting.topic)
      if (waiting instanceof GroupRest) this.#failRest(waiting, error(waiting))
      else this.#tell(waiting, error(waiting))
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
    const { line, emptiedListeners } = rest
    this.#rests.delete(rest)
    rest.line = null
    line?.left()
    this.#stopIfEmpty()
    emptiedListeners?.forEach((listener) => listener())
  }

  /** Every record that is not settled. */
  [Symbol.iterator](): Iterator<ParkedRecord> {
    return this.#all[Symbol.iterator]()
  }

  /** Every group of which something is left. */
  get rests(): readonly GroupRest[] {
    return [...this.#rests]
  }

  close(): void {
    this.#timer?.clear()
    this.#timer = null
  }

  /** What it held is free at once, wherever it stood. */
  #leave(parked: ParkedRecord): void {
    this.#parts.budget.give(parked.reservedBytes, parked.topic.share)
    parked.reservedBytes = 0
    this.#leaveLine(parked)
    parked.isSettled = true
    parked.letGo()
    this.#all.left()
    this.#stopIfEmpty()
  }

  #stopIfEmpty(): void {
    if (this.#all.length === 0 && this.#rests.size === 0) this.close()
  }

  get #nextDeadlineMs(): number {
    let nextMs = this.#all.first()?.deadlineMs ?? Infinity
    for (const { deadlineMs } of this.#rests) nextMs = Math.min(nextMs, deadlineMs)
    return nextMs
  }

  /** One timer, for the first deadline; whose it was may have been settled when it fires. */
  #armTimer(): void {
    if (this.#timer !== null) return
    const nextMs = this.#nextDeadlineMs
    if (nextMs === Infinity) return
    const delayMs = nextMs - this.#parts.clock.monotonicMs()
    this.#timer = this.#parts.clock.setTimer(this.#onTimer, delayMs)
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    const readUntilMs = this.#parts.clock.readUntilMs()
    // Groups first: the one of theirs that waits would make place for the next.
    for (const rest of this.rests) {
      if (rest.deadlineMs > readUntilMs) continue
      this.#failRest(rest, this.#parts.errors.timeout(rest))
      this.#keeper?.settled(rest.topic)
    }
    for (
      let first = this.#all.first();
      first && first.deadlineMs <= readUntilMs;
      first = this.#all.first()
    ) {
      this.settle(first, this.#parts.errors.timeout(first))
    }
    this.#armTimer()
  }
}
