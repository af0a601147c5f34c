/**
 * Compresses closed batches before they are sent: small ones at once, where the call costs less
 * than handing it over; larger ones beside the event loop, several at a time, or one in each turn of
 * the loop where the codec has no asynchronous call. Batches of one partition keep their order
 * because the partition's queue waits for its oldest.
 *
 *   closed batch --request--> waiting --> at work (at most 4) --> ready: its queue goes on
 *                                                 |
 *                        compressed smaller? its bytes replace the records' buffer : sent as it is
 *
 * The codec writes its result where the socket will read it from: into a buffer of the pool, behind
 * room for the headers.
 *
 * Before: the accumulator (a batch is full) or the sender (a batch is due). After: the sender.
 */
import type { Allocate, Codec, CompressionName } from '../../compression/codec.js'
import type { Log } from '../../logger.js'
import { recordBytesOf, type BatchBytes } from '../../protocol/record-batch.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import { Deque } from '../collections/deque.js'
import type { Observer } from '../observer.js'
import type { QueueTopic } from '../queueing/partition-queue.js'
import type { CodecChooser } from './codec-chooser.js'
import type { BatchPreparation } from './preparation.js'

/** libuv has four threads: more would only wait there instead of here. */
const MAX_AT_WORK = 4
/** On the event loop's own thread: one, then whatever else has come up meanwhile. */
const MAX_AT_WORK_SYNC = 1

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

export interface CompressorParts {
  readonly policy: CodecChooser
  readonly accumulator: Accumulator
  readonly logger: Log
  readonly observer: Observer
  /** Memory came free. */
  readonly onFreed: () => void
  /** Calls back in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void
}

/** A batch, what it is to be compressed with, and where its compressed records are in the end. */
interface Job {
  readonly batch: ProducerBatch
  readonly codec: Codec
  readonly topic: QueueTopic
  room: BatchBytes | null
}

export class Compressor implements BatchPreparation {
  readonly #parts: CompressorParts
  readonly #waiting = new Deque<Job>()
  #atWork = 0
  /** Codecs that have failed, and not worked since. */
  readonly #failing = new Set<string>()

  constructor(parts: CompressorParts) {
    this.#parts = parts
  }

  /**
   * Sees to it that the closed batch is compressed; true where it can be sent now, false where its
   * queue goes on once it can. May be called again for the same batch.
   */
  prepare(batch: ProducerBatch): boolean {
    if (batch.preparation !== 'not yet') return batch.preparation === 'done'
    const { topic } = batch.queue
    const codec = this.#parts.policy.codecFor(topic, batch.records.recordBytes)
    if (codec === null) {
      batch.prepared()
      return true
    }
    const job: Job = { batch, codec, topic, room: null }
    if (batch.sizeBytes <= syncLimitBytes(codec)) {
      this.#compressNow(job)
      this.#finish(job)
      return true
    }
    batch.preparing()
    this.#waiting.push(job)
    this.#startNext()
    return false
  }

  #startNext(): void {
    for (let job = this.#waiting.peek(); job !== undefined; job = this.#waiting.peek()) {
      const isSync = job.codec.compress === undefined
      if (this.#atWork >= (isSync ? MAX_AT_WORK_SYNC : MAX_AT_WORK)) return
      this.#waiting.shift()
      if (job.batch.isDone) continue // ran out of time while it waited
      this.#atWork++
      void (isSync ? this.#compressLater(job) : this.#compressBeside(job))
    }
  }

  async #compressBeside(job: Job): Promise<void> {
    try {
      await job.codec.compress?.(job.batch.records.recordBytes, this.#roomFor(job))
    } catch (error) {
      this.#failed(error, job.codec)
    }
    this.#leave(job)
  }

  async #compressLater(job: Job): Promise<void> {
    await new Promise<void>((resolve) => this.#parts.defer(resolve))
    if (!job.batch.isDone) this.#compressNow(job)
    this.#leave(job)
  }

  #leave(job: Job): void {
    this.#atWork--
    if (job.batch.isDone) {
      if (job.room !== null) this.#parts.accumulator.giveRoom(job.room)
    } else {
      this.#finish(job)
      job.batch.queue.schedule()
    }
    this.#startNext()
  }

  #compressNow(job: Job): void {
    try {
      job.codec.compressSync(job.batch.records.recordBytes, this.#roomFor(job))
    } catch (error) {
      this.#failed(error, job.codec)
    }
  }

  #roomFor(job: Job): Allocate {
    return (sizeBytes) => {
      job.room = this.#parts.accumulator.takeRoom(sizeBytes)
      return recordBytesOf(job.room)
    }
  }

  /** The batch is sent as it is: the codec's failure must not be the records'. */
  #failed(error: unknown, { name }: Codec): void {
    const { logger } = this.#parts
    const message = 'a batch could not be compressed; such batches are sent as they are'
    if (this.#failing.has(name)) logger.debug({ err: error, codec: name }, message)
    else logger.error({ err: error, codec: name }, message)
    this.#failing.add(name)
  }

  /** Takes the compressed records where they are fewer bytes; there are none where the codec failed. */
  #finish({ batch, codec, topic, room }: Job): void {
    const { accumulator, policy, observer, onFreed } = this.#parts
    batch.prepared()
    if (room === null) return
    if (this.#failing.size > 0) this.#works(codec)
    const plainBytes = batch.records.recordBytes.length
    const compressedBytes = recordBytesOf(room).length
    const ratio = Math.min(1, compressedBytes / plainBytes)
    observer.compressed(plainBytes, Math.min(plainBytes, compressedBytes), topic.name)
    if (topic.fill.isTelling(plainBytes)) topic.fill.observed(ratio)
    policy.observed?.(topic, ratio, plainBytes, codec)
    if (compressedBytes >= plainBytes) {
      accumulator.giveRoom(room)
      return
    }
    accumulator.compressed(batch, room, codec.id)
    onFreed()
  }

  #works({ name }: Codec): void {
    if (!this.#failing.delete(name)) return
    this.#parts.logger.info({ codec: name }, 'batches can be compressed again')
  }
}

/** Up to so many bytes the codec is called at once, on the event loop's thread. */
export function syncLimitBytes({ name, level }: Codec): number {
  const isSlow = name === 'zstd' && level !== undefined && level >= SLOW_ZSTD_LEVEL
  return isSlow ? SLOW_SYNC_UP_TO_BYTES : SYNC_UP_TO_BYTES[name]
}
