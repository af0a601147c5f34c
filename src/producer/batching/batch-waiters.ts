/**
 * Who waits for the records of one batch, and how each is told: a callback, a promise, or nobody.
 *
 * Both ways in are made so that a record costs as little as it can (measured: bench/micro, and the
 * allocations of bench/cases/memory.ts):
 *
 *   enqueue  one callback, used for record after record, is kept once; an array of them exists only
 *            where there are several
 *   send     each promise hangs on one promise of the whole batch by `then` (96 bytes), where a
 *            promise of its own with its resolving functions takes 232. Reactions run in the order
 *            in which they were registered, so that a count says whose turn it is
 *   sendAll  the whole group is one object; a batch keeps runs of its records, whose places follow one
 *            another as their indexes do
 *
 * Neighbours: batch.ts, whose every record has an index; intake.ts asks for the promises.
 */
import type { DeliveryError } from '../../errors.js'
import type { RecordGroup } from '../records/record-group.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { RecordMetadata } from '../../record-metadata.js'

/** Settles a promise: with the metadata, or with a promise to adopt. */
export type Resolve = (value: RecordMetadata | Promise<RecordMetadata>) => void

/** Calls a user's callback so that what it throws harms nobody. */
export type CallbackRunner = (
  callback: DeliveryCallback,
  error: DeliveryError | null,
  metadata: RecordMetadata | null,
) => void

/** The same; and where there is no callback (null), a failure is logged as unheard. */
export type OutcomeTeller = (
  callback: DeliveryCallback | null,
  error: DeliveryError | null,
  metadata: RecordMetadata | null,
) => void

/** What becomes of record `index`; throws its error. */
type Outcome = (index: number) => RecordMetadata | Promise<RecordMetadata>

/** Who waits for one record. */
export interface Waiter {
  readonly callback: DeliveryCallback | null
  readonly resolve: Resolve | null
}

export class BatchWaiters {
  /** Records 0 to `#commonCount` - 1 have this callback (or none, with null). */
  #common: DeliveryCallback | null = null
  #commonCount = 0
  /** Callbacks by index, once there is more than one. */
  #callbacks: (DeliveryCallback | null)[] | null = null
  /** Promises that were made before their record came to a batch. */
  #resolves: Map<number, Resolve> | null = null
  #promised: PromisedRecords | null = null
  /** By group: most batches have records of one, or of none; some of thousands. The last one joined last. */
  #grouped: Map<RecordGroup, GroupedRecords> | null = null
  #lastGrouped: GroupedRecords | null = null

  /** Record `index`, the next in order, has one of the two, or nobody who waits. */
  add(index: number, callback: DeliveryCallback | null, resolve: Resolve | null): void {
    if (this.#callbacks !== null) this.#callbacks.push(callback)
    else if (index === 0 || callback === this.#common) this.#addCommon(callback)
    else this.#callbacks = [...this.#commonCallbacks(), callback]
    if (resolve !== null) (this.#resolves ??= new Map()).set(index, resolve)
  }

  #addCommon(callback: DeliveryCallback | null): void {
    this.#common = callback
    this.#commonCount++
  }

  #commonCallbacks(): (DeliveryCallback | null)[] {
    return new Array<DeliveryCallback | null>(this.#commonCount).fill(this.#common)
  }

  /** A promise of what becomes of record `index`, which is later than any that was promised. */
  promise(index: number): Promise<RecordMetadata> {
    this.#promised ??= new PromisedRecords()
    return this.#promised.add(index)
  }

  /** Records that were added, whether somebody waits for them or not. */
  get count(): number {
    return this.#callbacks?.length ?? this.#commonCount
  }

  /** Record `index`, which is later than any that was given, is at `place` of the group. */
  join(group: RecordGroup, place: number, index: number): void {
    const last = this.#lastGrouped
    const records = last?.group === group ? last : this.#groupOf(group)
    records.add(place, index)
  }

  /** Its records, from now on the last ones of the list. */
  #groupOf(group: RecordGroup): GroupedRecords {
    const grouped = (this.#grouped ??= new Map<RecordGroup, GroupedRecords>())
    const records = grouped.get(group) ?? new GroupedRecords(group)
    grouped.delete(group)
    grouped.set(group, records)
    this.#lastGrouped = records
    return records
  }

  /** Records that somebody waits for. */
  get heardCount(): number {
    const common = this.#common === null ? 0 : this.#commonCount
    const called = this.#callbacks?.filter((callback) => callback !== null).length ?? common
    let grouped = 0
    for (const { count } of this.#groupedRecords) grouped += count
    return called + (this.#resolves?.size ?? 0) + (this.#promised?.count ?? 0) + grouped
  }

  get #groupedRecords(): Iterable<GroupedRecords> {
    return this.#grouped?.values() ?? []
  }

  #callbackOf(index: number): DeliveryCallback | null {
    return this.#callbacks === null ? this.#common : (this.#callbacks[index] ?? null)
  }

  /** Every record lies where `metadataOf` says. Tells everybody once; callbacks before this returns. */
  acknowledge(
    recordCount: number,
    metadataOf: (index: number) => RecordMetadata,
    run: CallbackRunner,
  ): void {
    this.#promised?.settle(metadataOf)
    for (const [index, resolve] of this.#resolves ?? []) resolve(metadataOf(index))
    for (const records of this.#groupedRecords) records.acknowledge(metadataOf)
    if (this.#callbacks === null && this.#common === null) return
    for (let index = 0; index < recordCount; index++) {
      const callback = this.#callbackOf(index)
      if (callback !== null) run(callback, null, metadataOf(index))
    }
  }

  /** No record is acknowledged. `errorOf` is asked before this returns, not later. */
  fail(recordCount: number, errorOf: (index: number) => Error, run: CallbackRunner): void {
    this.#promised?.settle(this.#failures(errorOf))
    for (const [index, resolve] of this.#resolves ?? []) resolve(Promise.reject(errorOf(index)))
    for (const records of this.#groupedRecords) records.fail(errorOf)
    for (let index = 0; index < recordCount; index++) {
      const callback = this.#callbackOf(index)
      // Every error that settles a record is one.
      if (callback !== null) run(callback, errorOf(index) as DeliveryError, null)
    }
  }

  #failures(errorOf: (index: number) => Error): Outcome {
    const errors = new Map(this.#promised?.indexes().map((index) => [index, errorOf(index)]))
    return (index) => {
      throw errors.get(index) as Error // each that was promised has one
    }
  }

  /** Hands everybody over, by index: their records go on in other batches. To be called once. */
  handOver(recordCount: number): Waiter[] {
    const promised = new Set(this.#promised?.indexes())
    const adopted = new Map<number, Promise<RecordMetadata>>()
    const grouped = new Map([...this.#groupedRecords].flatMap((records) => records.callbacks()))
    const waiters = Array.from({ length: recordCount }, (_, index): Waiter => {
      let resolve = this.#resolves?.get(index) ?? null
      if (promised.has(index)) adopted.set(index, new Promise((capture) => (resolve = capture)))
      return { callback: grouped.get(index) ?? this.#callbackOf(index), resolve }
    })
    this.#promised?.settle((index) => adopted.get(index) as Promise<RecordMetadata>)
    return waiters
  }
}

/** Records of a batch that stand in their group one after another, too. */
interface Run {
  /** Of the first one, in the batch. */
  readonly index: number
  /** Of the first one, in the group. */
  readonly place: number
  count: number
}

/** The records of a batch that belong to one group. */
class GroupedRecords {
  readonly group: RecordGroup
  readonly #runs: Run[] = []
  #lastRun: Run | null = null
  count = 0

  constructor(group: RecordGroup) {
    this.group = group
  }

  add(place: number, index: number): void {
    this.count++
    const last = this.#lastRun
    if (last !== null && place - last.place === last.count && index - last.index === last.count) {
      last.count++
    } else {
      this.#lastRun = { index, place, count: 1 }
      this.#runs.push(this.#lastRun)
    }
  }

  acknowledge(metadataOf: (index: number) => RecordMetadata): void {
    this.#forEach((place, index) => this.group.acknowledged(place, metadataOf(index)))
  }

  fail(errorOf: (index: number) => Error): void {
    this.#forEach((place, index) => this.group.failed(place, errorOf(index)))
  }

  /** By index: what tells the group, wherever the record goes on. */
  callbacks(): [index: number, callback: DeliveryCallback][] {
    const callbacks: [index: number, callback: DeliveryCallback][] = []
    this.#forEach((place, index) => callbacks.push([index, this.group.callbackFor(place)]))
    return callbacks
  }

  #forEach(act: (place: number, index: number) => void): void {
    for (const { index, place, count } of this.#runs) {
      for (let i = 0; i < count; i++) act(place + i, index + i)
    }
  }
}

/** The records of a batch whose promises hang on one promise. */
class PromisedRecords {
  /** Never rejects: each record's error is thrown in its own reaction. */
  readonly #whole: Promise<Outcome>
  #settle!: (outcome: Outcome) => void
  /** Their indexes, in order; null while these are 0, 1, 2 … */
  #indexes: number[] | null = null
  count = 0
  #toldCount = 0

  constructor() {
    this.#whole = new Promise((resolve) => (this.#settle = resolve))
  }

  add(index: number): Promise<RecordMetadata> {
    if (this.#indexes === null && index !== this.count) this.#indexes = this.indexes()
    this.#indexes?.push(index)
    this.count++
    return this.#whole.then(this.#tellNext)
  }

  /** The reaction of every record. */
  readonly #tellNext = (outcome: Outcome): RecordMetadata | Promise<RecordMetadata> => {
    const place = this.#toldCount++
    return outcome(this.#indexes === null ? place : (this.#indexes[place] as number))
  }

  indexes(): number[] {
    return this.#indexes?.slice() ?? Array.from({ length: this.count }, (_, index) => index)
  }

  /** Tells all of them, soon. */
  settle(outcome: Outcome): void {
    this.#settle(outcome)
  }
}
