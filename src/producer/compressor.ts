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
import type { MetricsCounter } from './metrics.js'
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
  /** The codec for a batch with these records; null: none. Asked once for each batch. */
  codecFor(topic: ProducerTopic, recordBytes: Uint8Array): Codec | null
  /** A batch of `plainBytes` came out at `ratio` (compressed / plain). */
  observed?(topic: ProducerTopic, ratio: number, plainBytes: number): void
}

export interface CompressorParts {
  readonly policy: CompressionPolicy
  readonly accumulator: Accumulator
  readonly topics: ReadonlyMap<string, ProducerTopic>
  readonly logger: Logger
  readonly counter: MetricsCounter
  /** The queue's oldest batch may be sent now. */
  readonly onReady: (queue: PartitionQueue) => void
  /** Memory came free. */
  readonly onFreed: () => void
}

/** A batch, and what it is to be compressed with. */
interface Job {
  readonly batch: ProducerBatch
  readonly codec: Codec
  readonly topic: ProducerTopic
}

export class Compressor {
  readonly #parts: CompressorParts
  readonly #waiting = new Deque<Job>()
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
    const topic = this.#parts.topics.get(batch.queue.topic)
    const codec = topic && this.#parts.policy.codecFor(topic, batch.records.recordBytes)
    if (topic === undefined || codec === undefined || codec === null) {
      batch.compression = 'done'
      return true
    }
    if (codec.compress === undefined || batch.sizeBytes <= syncLimitBytes(codec)) {
      const bytes = this.#compressNow(batch, codec)
      this.#finish({ batch, codec, topic }, bytes)
      return true
    }
    batch.compression = 'pending'
    this.#waiting.push({ batch, codec, topic })
    this.#startNext()
    return false
  }

  #startNext(): void {
    while (this.#atWork < MAX_AT_WORK) {
      const job = this.#waiting.shift()
      if (job === undefined) return
      if (job.batch.isDone) continue // ran out of time while it waited
      this.#atWork++
      void this.#compress(job)
    }
  }

  async #compress(job: Job): Promise<void> {
    const { batch, codec } = job
    let bytes: Uint8Array | null = null
    try {
      bytes = (await codec.compress?.(batch.records.recordBytes)) ?? null
    } catch (error) {
      this.#failed(error, codec)
    }
    this.#atWork--
    if (!batch.isDone) {
      this.#finish(job, bytes)
      this.#parts.onReady(batch.queue)
    }
    this.#startNext()
  }

  #compressNow(batch: ProducerBatch, codec: Codec): Uint8Array | null {
    try {
      return codec.compressSync(batch.records.recordBytes)
    } catch (error) {
      this.#failed(error, codec)
      return null
    }
  }

  /** The batch is sent as it is: the codec's failure must not be the records'. */
  #failed(error: unknown, { name }: Codec): void {
    this.#parts.logger.error({ error, codec: name }, 'a batch could not be compressed')
  }

  /** Takes the compressed bytes where they are fewer; null where the codec failed. */
  #finish({ batch, codec, topic }: Job, bytes: Uint8Array | null): void {
    const { accumulator, policy, counter, onFreed } = this.#parts
    batch.compression = 'done'
    if (bytes === null) return
    const plainBytes = batch.records.recordBytes.length
    const ratio = Math.min(1, bytes.length / plainBytes)
    counter.plainBytes += plainBytes
    counter.compressedBytes += Math.min(plainBytes, bytes.length)
    if (topic.fill.isTelling(plainBytes)) topic.fill.observed(ratio)
    policy.observed?.(topic, ratio, plainBytes)
    if (bytes.length >= plainBytes) return
    accumulator.compressed(batch, bytes, codec.id)
    onFreed()
  }
}

function syncLimitBytes({ name, level }: Codec): number {
  const isSlow = name === 'zstd' && level !== undefined && level >= SLOW_ZSTD_LEVEL
  return isSlow ? SLOW_SYNC_UP_TO_BYTES : SYNC_UP_TO_BYTES[name]
}
