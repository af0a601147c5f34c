/**
 * The log of one partition: batches as they came, with the offset and leader epoch that the broker
 * writes into their headers, and what follows from them about producers.
 *
 *   start ────────────── high watermark ────────────── end
 *     | on every in-sync replica | on the leader alone    |
 *
 * Where the watermark stands is the partition's business (partition.ts); the log can lose its tail.
 *
 * A consumer that reads what is committed reads up to the last stable offset, and leaves out what was
 * aborted; nobody is shown markers.
 *
 * Spec: Kafka's UnifiedLog; KIP-98. Neighbours: batch-check.ts has checked what is appended.
 */
import { COMPRESSION_NAMES, type Codec } from '../compression/codec.js'
import { createCodec } from '../compression/create-codec.js'
import { crc32c } from '../protocol/crc32c.js'
import {
  decodeBatch,
  decodeRecords,
  type DecodedBatch,
  type DecodedRecord,
} from '../protocol/record-batch-reader.js'
import type { IsolationLevel } from './isolation-level.js'
import { ProducerStates, type EndedTransaction } from './producer-state.js'
import { decodeMarker } from './transactions/markers.js'

const PARTITION_LEADER_EPOCH_AT = 12
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const MAX_TIMESTAMP_AT = 35
const LOG_APPEND_TIME_BIT = 0x08

/** A batch in the log. */
export interface StoredBatch {
  readonly header: DecodedBatch
  readonly baseOffset: number
  /** Offset behind its last record. */
  readonly nextOffset: number
}

/** How the leader signs what it appends. */
export interface AppendStamp {
  readonly leaderEpoch: number
  /** Milliseconds; undefined where the topic has CreateTime. */
  readonly logAppendTimeMs?: number | undefined
}

/** The log of one partition. */
export class PartitionLog {
  /** Offset of the first record that is left. */
  readonly startOffset = 0
  readonly producers = new ProducerStates()
  readonly #batches: StoredBatch[] = []
  #ended: EndedTransaction[] = []
  /** By producer id: what was before this offset says nothing of it any more. */
  readonly #forgottenBefore = new Map<bigint, number>()

  /** Offset that the next record gets. */
  get endOffset(): number {
    return this.#batches.at(-1)?.nextOffset ?? this.startOffset
  }

  get batches(): readonly StoredBatch[] {
    return this.#batches
  }

  /** Appends a sound batch; copies `bytes`, which stay the caller's. */
  append(bytes: Uint8Array, stamp: AppendStamp): StoredBatch {
    const baseOffset = this.endOffset
    const header = decodeBatch(signed(bytes, baseOffset, stamp))
    const batch = { header, baseOffset, nextOffset: baseOffset + header.recordCount }
    this.#batches.push(batch)
    this.#remember(batch)
    return batch
  }

  /** Drops every batch from `offset` on, and what it said of its producer. */
  truncateTo(offset: number): void {
    while (this.endOffset > offset) this.#batches.pop()
    this.producers.clear()
    this.#ended = []
    for (const batch of this.#batches) this.#remember(batch)
  }

  /** Forgets producers that have not produced for so long, by their records' timestamps. */
  expireProducers(nowMs: number, expirationMs: number): void {
    for (const id of this.producers.expire(nowMs, expirationMs)) {
      this.#forgottenBefore.set(id, this.endOffset)
    }
  }

  /**
   * Where a consumer that reads what is committed stops: the first record of a transaction whose marker
   * not every in-sync replica has, or the high watermark.
   */
  lastStableOffset(highWatermark: number): number {
    const unreplicated = this.#ended.filter(({ lastOffset }) => lastOffset >= highWatermark)
    const first = unreplicated.map(({ firstOffset }) => firstOffset)
    return Math.min(highWatermark, ...this.producers.openSince, ...first)
  }

  /** Those that were aborted, in the order of their first offsets. */
  get abortedTransactions(): EndedTransaction[] {
    const aborted = this.#ended.filter(({ committed }) => !committed)
    return aborted.sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** The records below the high watermark that a consumer gets, decompressed. */
  records(highWatermark: number, isolation: IsolationLevel): DecodedRecord[] {
    const isCommitted = isolation === 'read_committed'
    const endOffset = isCommitted ? this.lastStableOffset(highWatermark) : highWatermark
    return this.#batches
      .filter(({ nextOffset, header }) => nextOffset <= endOffset && !header.isControl)
      .filter((batch) => !isCommitted || !this.#isAborted(batch))
      .flatMap(({ header }) => decodeRecords(header, decompress))
  }

  #isAborted({ header, baseOffset }: StoredBatch): boolean {
    if (!header.isTransactional) return false
    return this.#ended.some(
      ({ producerId, firstOffset, lastOffset, committed }) =>
        !committed &&
        producerId === header.producerId &&
        firstOffset <= baseOffset &&
        baseOffset < lastOffset,
    )
  }

  #remember({ header, baseOffset }: StoredBatch): void {
    if (header.isControl) {
      const ended = this.producers.end(decodeMarker(header), baseOffset, header.maxTimestamp)
      if (ended !== null) this.#ended.push(ended)
      return
    }
    if (baseOffset < (this.#forgottenBefore.get(header.producerId) ?? 0)) return
    this.producers.remember(header, baseOffset, header.maxTimestamp)
  }
}

/** A copy with offset, epoch and, where the topic wants it, the broker's time. */
function signed(bytes: Uint8Array, baseOffset: number, stamp: AppendStamp): Buffer {
  const batch = Buffer.from(bytes)
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeInt32BE(stamp.leaderEpoch, PARTITION_LEADER_EPOCH_AT)
  if (stamp.logAppendTimeMs === undefined) return batch // offset and epoch lie outside the checksum
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME_BIT, ATTRIBUTES_AT)
  batch.writeBigInt64BE(BigInt(stamp.logAppendTimeMs), MAX_TIMESTAMP_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

const codecs = new Map<number, Codec>()

/** Undoes the compression of a batch's records. Throws where the bytes or the codec are not sound. */
export function decompress(bytes: Buffer, codecId: number): Uint8Array {
  let codec = codecs.get(codecId)
  if (codec === undefined) {
    const name = COMPRESSION_NAMES[codecId]
    if (name === undefined) throw new RangeError(`there is no codec ${codecId}`)
    codec = createCodec(name)
    codecs.set(codecId, codec)
  }
  return codec.decompress(bytes)
}
