/**
 * What a partition remembers of the producers that write to it, and how it tells a new batch from a
 * repeated, a missing or an outdated one.
 *
 *   epoch lower than known                       INVALID_PRODUCER_EPOCH
 *   one of the last five batches, same numbers   duplicate: success, with its old offset
 *   transactional, and its transaction neither
 *   open here nor registered for this request    INVALID_TXN_STATE
 *   producer unknown here                        append, whatever the sequence
 *   epoch higher than known                      append if the sequence is 0
 *   sequence follows the last one                append (the first after a marker of the epoch: 0)
 *   anything else                                OUT_OF_ORDER_SEQUENCE_NUMBER
 *   not transactional, while one is open         INVALID_TXN_STATE
 *
 * Kafka since 1.0 has no other word for a repetition older than five batches: it is out of order
 * too, and DUPLICATE_SEQUENCE_NUMBER is never answered (same-as-kafka.broker.test.ts).
 *
 * Spec: Kafka's ProducerStateManager, ProducerStateEntry and ProducerAppendInfo; KIP-98, KIP-360,
 * KIP-890. Neighbours: partition-log.ts owns one per partition; transactions/append-guards.ts.
 */
import { ErrorCodes } from '../protocol/error-codes.js'
import { AppendGuards, type AppendGuard } from './transactions/append-guards.js'
import type { Marker } from './transactions/markers.js'

/** Batches remembered per producer (ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
const BATCHES_REMEMBERED = 5
const MAX_SEQUENCE = 0x7fffffff

/** The numbers in a batch's header that identify it. */
export interface BatchIdentity {
  /** -1n: no idempotence. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
  /** Default false. */
  readonly isTransactional?: boolean | undefined
}

/** A batch that was appended. */
export interface RememberedBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  /** Offset behind its last record. */
  readonly nextOffset: number
  /** Milliseconds: the batch's maximum, or when it was appended on a LogAppendTime topic. */
  readonly timestamp: number
}

/** What is to happen with a batch. */
export type SequenceVerdict =
  | { readonly action: 'append' }
  | { readonly action: 'duplicate'; readonly original: RememberedBatch }
  | { readonly action: 'refuse'; readonly errorCode: number }

/** A transaction that a marker has ended. */
export interface EndedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
  /** The marker's. */
  readonly lastOffset: number
  readonly committed: boolean
}

interface ProducerEntry {
  epoch: number
  /** Oldest first. */
  batches: RememberedBatch[]
  /** First offset of the open transaction; null: none is open. */
  openSince: number | null
  /** Milliseconds: of the last batch or marker. */
  timestamp: number
  coordinatorEpoch: number
}

const APPEND: SequenceVerdict = { action: 'append' }

/** The last sequence of a batch: after 2^31-1 comes 0. */
export function lastSequence({ baseSequence, recordCount }: BatchIdentity): number {
  return (baseSequence + recordCount - 1) % (MAX_SEQUENCE + 1)
}

/** One per partition. */
export class ProducerStates {
  /** For transactions that are not open here yet. */
  readonly guards = new AppendGuards()
  readonly #producers = new Map<bigint, ProducerEntry>()

  /** Judges a batch; changes nothing. `guard`: of the request that has it, where its transaction is not open. */
  judge(batch: BatchIdentity, guard: AppendGuard | null = null): SequenceVerdict {
    const { producerId, producerEpoch, isTransactional = false } = batch
    if (producerId < 0n) return APPEND
    if (this.isFenced(producerId, producerEpoch)) return refuse(ErrorCodes.INVALID_PRODUCER_EPOCH)
    const entry = this.#producers.get(producerId)
    const original = findDuplicate(entry, batch)
    if (original !== undefined) return { action: 'duplicate', original }
    if (isTransactional && !this.#mayAppend(batch, guard)) {
      return refuse(ErrorCodes.INVALID_TXN_STATE)
    }
    if (!this.#isInSequence(batch, entry)) return refuse(ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
    const isMixed = !isTransactional && isOpen(entry)
    return isMixed ? refuse(ErrorCodes.INVALID_TXN_STATE) : APPEND
  }

  /** A lower one than is known: it was fenced. */
  isFenced(producerId: bigint, producerEpoch: number): boolean {
    return producerEpoch < (this.#producers.get(producerId)?.epoch ?? -1)
  }

  /** A transaction of this id and epoch has records here, and no marker yet. */
  isOpen(producerId: bigint, producerEpoch: number): boolean {
    const entry = this.#producers.get(producerId)
    return entry?.epoch === producerEpoch && isOpen(entry)
  }

  /** First offsets of the transactions that are open. */
  get openSince(): number[] {
    return [...this.#producers.values()].flatMap(({ openSince }) => openSince ?? [])
  }

  /** Remembers a batch that was appended. */
  remember(batch: BatchIdentity, baseOffset: number, timestamp: number): void {
    if (batch.producerId < 0n) return
    const entry = this.#entryOf(batch.producerId, batch.producerEpoch)
    entry.timestamp = timestamp
    entry.batches.push({
      baseSequence: batch.baseSequence,
      lastSequence: lastSequence(batch),
      baseOffset,
      nextOffset: baseOffset + batch.recordCount,
      timestamp,
    })
    if (entry.batches.length > BATCHES_REMEMBERED) entry.batches.shift()
    if (batch.isTransactional !== true) return
    entry.openSince ??= baseOffset
    this.guards.drop(batch.producerId)
  }

  /**
   * Whether a marker may be written: one with an epoch of its own (level 2) is newer than what is known,
   * or a repetition of what has ended; without one it is not older.
   */
  takesMarker(marker: Marker, clientVersion: 0 | 2): boolean {
    const entry = this.#producers.get(marker.producerId)
    if (entry === undefined) return true
    if (marker.coordinatorEpoch < entry.coordinatorEpoch) return false
    if (clientVersion < 2) return marker.producerEpoch >= entry.epoch
    const isRepeated = marker.producerEpoch === entry.epoch && entry.openSince === null
    return marker.producerEpoch > entry.epoch || isRepeated
  }

  /** A marker was written at `offset`: what was open is ended. Null where nothing was. */
  end(marker: Marker, offset: number, timestamp: number): EndedTransaction | null {
    const { producerId, committed } = marker
    const entry = this.#entryOf(producerId, marker.producerEpoch)
    const firstOffset = entry.openSince
    entry.openSince = null
    entry.timestamp = timestamp
    entry.coordinatorEpoch = marker.coordinatorEpoch
    this.guards.drop(producerId)
    return firstOffset === null ? null : { producerId, firstOffset, lastOffset: offset, committed }
  }

  /**
   * Forgets who has not produced for so long, by the largest timestamp of its last batch; the ids of
   * those. (Kafka's ProducerStateManager.removeExpiredProducers.)
   */
  expire(nowMs: number, expirationMs: number): bigint[] {
    const gone: bigint[] = []
    for (const [id, { openSince, timestamp }] of this.#producers) {
      if (openSince === null && nowMs - timestamp >= expirationMs) gone.push(id)
    }
    for (const id of gone) this.#producers.delete(id)
    return gone
  }

  /** Forgets everybody: the log is read again from its start. */
  clear(): void {
    this.#producers.clear()
    this.guards.clear()
  }

  /** Its transaction is open here, or the coordinator was asked for this request. */
  #mayAppend({ producerId, producerEpoch }: BatchIdentity, guard: AppendGuard | null): boolean {
    return this.isOpen(producerId, producerEpoch) || this.guards.isHeld(producerId, guard)
  }

  #isInSequence(batch: BatchIdentity, entry: ProducerEntry | undefined): boolean {
    const { producerId, producerEpoch, baseSequence } = batch
    const isFirst = entry === undefined || entry.batches.length === 0
    if (!this.guards.takes(producerId, baseSequence, isFirst)) return false
    if (entry === undefined) return true
    if (producerEpoch > entry.epoch) return baseSequence === 0
    return follows(entry.batches.at(-1), baseSequence)
  }

  /** Its entry under that epoch: another epoch begins without batches. */
  #entryOf(producerId: bigint, epoch: number): ProducerEntry {
    const known = this.#producers.get(producerId)
    if (known === undefined) {
      const entry = { epoch, batches: [], openSince: null, timestamp: 0, coordinatorEpoch: -1 }
      this.#producers.set(producerId, entry)
      return entry
    }
    if (known.epoch !== epoch) known.batches = []
    known.epoch = epoch
    return known
  }
}

function isOpen(entry: ProducerEntry | undefined): boolean {
  return entry !== undefined && entry.openSince !== null
}

function findDuplicate(
  entry: ProducerEntry | undefined,
  batch: BatchIdentity,
): RememberedBatch | undefined {
  if (entry === undefined || entry.epoch !== batch.producerEpoch) return undefined
  const { baseSequence } = batch
  const last = lastSequence(batch)
  return entry.batches.find(
    (known) => known.baseSequence === baseSequence && known.lastSequence === last,
  )
}

function follows(last: RememberedBatch | undefined, baseSequence: number): boolean {
  if (last === undefined) return baseSequence === 0 // after a marker
  return baseSequence === (last.lastSequence === MAX_SEQUENCE ? 0 : last.lastSequence + 1)
}

function refuse(errorCode: number): SequenceVerdict {
  return { action: 'refuse', errorCode }
}
