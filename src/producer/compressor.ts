/**
 * Compresses closed batches before they are sent: small ones at once, where the call costs less
 * than handing it over; larger ones beside the event loop, several at a time. Batches of one
 * partition keep their order because the partition's queue waits for its oldest.
 *
 *   closed batch --request--> waiting --> at work (at most 4) --> ready: onReady(queue)
 *                                                 |
 *                        compressed smaller? its bytes replace the records' buffer : sent as it is
 *
 * Before: the accumulator (a batch is full) or the sender (a batch is due). After: the sender.
 */
import type { Codec, CompressionName } from '../compression/codec.js'
import type { Logger } from '../logger.js'
import type { Accumulator } from './accumulator.js'
import type { ProducerBatch } from './batch.js'
import { Deque } from './deque.js'
import type { PartitionQueue } from './partition-queue.js'
import type { ProducerTopic } from './topic.js'

/** libuv has four threads: more would only wait there instead of here. */
const MAX_AT_WORK = 4

/**
 * Up to here a batch is compressed at once (measured: `npm run bench -- codecs`; handing over costs
 * 20 to 130 µs of the event loop, which is what these sizes take).
 */
const SYNC_UP_TO_BYTES: Readonly<Record<CompressionName, number>> = {
  none: Infinity,
  gzip: 16_384,
  snappy: 65_536,
  lz4: 65_536,
  zstd: 65_536,
}
/** A high zstd level takes a hundred times as long. */
const SLOW_ZSTD_LEVEL = 10
const SLOW_SYNC_UP_TO_BYTES = 4096

/** Which codec a topic's batches get, and what is learnt from each. */
export interface CompressionPolicy {
  /** null: none. */
  codecFor(topic: ProducerTopic): Codec | null
}

export interface CompressorParts {
  readonly policy: CompressionPolicy
  readonly accumulator: Accumulator
  readonly topics: ReadonlyMap<string, ProducerTopic>
  readonly logger: Logger
  /** The queue's oldest batch may be sent now. */
  readonly onReady: (queue: PartitionQueue) => void
}

export class Compressor {
  readonly #parts: CompressorParts
  readonly #waiting = new Deque<ProducerBatch>()
  #atWork = 0

  constructor(parts: CompressorParts) {
    this.#parts = parts
  }

  /**
   * Sees to it that the closed batch is compressed; true where it can be sent now, false where
   * `onReady` will be called. May be called again for the same batch.
   */
  prepare(batch: ProducerBatch): boolean {
    if (batch.compression === 'done') return true
    if (batch.compression === 'pending') return false
    const codec = this.#codecFor(batch)
    if (codec === null) {
      batch.compression = 'done'
      return true
    }
    if (codec.compress === undefined || batch.sizeBytes <= syncLimitBytes(codec)) {
      this.#finish(
        batch,
        codec,
        tryCompress(() => codec.compressSync(batch.records.recordBytes)),
      )
      return true
    }
    batch.compression = 'pending'
    this.#waiting.push(batch)
    this.#startNext()
    return false
  }

  #codecFor(batch: ProducerBatch): Codec | null {
    const topic = this.#parts.topics.get(batch.queue.topic)
    return topic === undefined ? null : this.#parts.policy.codecFor(topic)
  }

  #startNext(): void {
    while (this.#atWork < MAX_AT_WORK) {
      const batch = this.#waiting.shift()
      if (batch === undefined) return
      if (batch.isDone) continue // ran out of time while it waited
      const codec = this.#codecFor(batch)
      this.#atWork++
      void this.#compress(batch, codec)
    }
  }

  async #compress(batch: ProducerBatch, codec: Codec | null): Promise<void> {
    let bytes: Uint8Array | null = null
    try {
      bytes = (await codec?.compress?.(batch.records.recordBytes)) ?? null
    } catch (error) {
      this.#parts.logger.error({ error, codec: codec?.name }, 'a batch could not be compressed')
    }
    this.#atWork--
    if (!batch.isDone) {
      if (codec !== null) this.#finish(batch, codec, bytes)
      this.#parts.onReady(batch.queue)
    }
    this.#startNext()
  }

  /** Takes the compressed bytes where they are fewer; null where the codec failed. */
  #finish(batch: ProducerBatch, codec: Codec, bytes: Uint8Array | null): void {
    const { topics, accumulator } = this.#parts
    batch.compression = 'done'
    const rawBytes = batch.records.recordBytes.length
    if (bytes !== null) topics.get(batch.queue.topic)?.fill.observed(bytes.length / rawBytes)
    if (bytes === null || bytes.length >= rawBytes) return
    accumulator.compressed(batch, bytes, codec.id)
  }
}

function tryCompress(compress: () => Uint8Array): Uint8Array | null {
  try {
    return compress()
  } catch {
    return null // sent as it is: the codec's failure must not be the record's
  }
}

function syncLimitBytes({ name, level }: Codec): number {
  const isSlow = name === 'zstd' && level !== undefined && level >= SLOW_ZSTD_LEVEL
  return isSlow ? SLOW_SYNC_UP_TO_BYTES : SYNC_UP_TO_BYTES[name]
}
