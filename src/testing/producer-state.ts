/**
 * What a partition remembers of the producers that write to it, and how it tells a new batch from a
 * repeated, a missing or an outdated one.
 *
 *   epoch lower than known                       INVALID_PRODUCER_EPOCH
 *   producer unknown here                        append, whatever the sequence
 *   epoch higher than known                      append if the sequence is 0
 *   one of the last five batches, same numbers   duplicate: success, with its old offset
 *   sequence follows the last one                append
 *   anything else                                OUT_OF_ORDER_SEQUENCE_NUMBER
 *
 * Kafka since 1.0 has no other word for a repetition older than five batches: it is out of order
 * too, and DUPLICATE_SEQUENCE_NUMBER is never answered (same-as-kafka.broker.test.ts).
 *
 * Spec: Kafka's ProducerStateManager, ProducerStateEntry and ProducerAppendInfo; KIP-98, KIP-360.
 * Neighbours: partition-log.ts owns one per partition.
 */
import { ErrorCodes } from '../protocol/error-codes.js'

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

interface ProducerEntry {
  epoch: number
  /** Oldest first. */
  batches: RememberedBatch[]
}

const APPEND: SequenceVerdict = { action: 'append' }

/** The last sequence of a batch: after 2^31-1 comes 0. */
export function lastSequence({ baseSequence, recordCount }: BatchIdentity): number {
  return (baseSequence + recordCount - 1) % (MAX_SEQUENCE + 1)
}

/** One per partition. */
export class ProducerStates {
  readonly #producers = new Map<bigint, ProducerEntry>()

  /** Judges a batch; changes nothing. */
  judge(batch: BatchIdentity): SequenceVerdict {
    const entry = this.#producers.get(batch.producerId)
    if (batch.producerId < 0n || entry === undefined) return APPEND
    if (batch.producerEpoch < entry.epoch) return refuse(ErrorCodes.INVALID_PRODUCER_EPOCH)
    if (batch.producerEpoch > entry.epoch) return appendIf(batch.baseSequence === 0)
    const original = entry.batches.find(
      (known) =>
        known.baseSequence === batch.baseSequence && known.lastSequence === lastSequence(batch),
    )
    if (original !== undefined) return { action: 'duplicate', original }
    return appendIf(follows(entry.batches.at(-1), batch.baseSequence))
  }

  /** Remembers a batch that was appended. */
  remember(batch: BatchIdentity, baseOffset: number, timestamp: number): void {
    if (batch.producerId < 0n) return
    let entry = this.#producers.get(batch.producerId)
    if (entry === undefined || entry.epoch !== batch.producerEpoch) {
      entry = { epoch: batch.producerEpoch, batches: [] }
      this.#producers.set(batch.producerId, entry)
    }
    entry.batches.push({
      baseSequence: batch.baseSequence,
      lastSequence: lastSequence(batch),
      baseOffset,
      nextOffset: baseOffset + batch.recordCount,
      timestamp,
    })
    if (entry.batches.length > BATCHES_REMEMBERED) entry.batches.shift()
  }

  /**
   * Forgets who has not produced for so long, by the largest timestamp of its last batch; the ids of
   * those. (Kafka's ProducerStateManager.removeExpiredProducers.)
   */
  expire(nowMs: number, expirationMs: number): bigint[] {
    const gone: bigint[] = []
    for (const [id, { batches }] of this.#producers) {
      const lastMs = batches.at(-1)?.timestamp ?? 0
      if (nowMs - lastMs >= expirationMs) gone.push(id)
    }
    for (const id of gone) this.#producers.delete(id)
    return gone
  }

  /** Forgets everybody: the log is read again from its start. */
  clear(): void {
    this.#producers.clear()
  }
}

function follows(last: RememberedBatch | undefined, baseSequence: number): boolean {
  if (last === undefined) return true
  return baseSequence === (last.lastSequence === MAX_SEQUENCE ? 0 : last.lastSequence + 1)
}

function appendIf(inSequence: boolean): SequenceVerdict {
  return inSequence ? APPEND : refuse(ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
}

function refuse(errorCode: number): SequenceVerdict {
  return { action: 'refuse', errorCode }
}
