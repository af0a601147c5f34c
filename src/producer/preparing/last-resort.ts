/**
 * With `compression: 'auto'`: what may yet save a batch that its broker refused. One refused for its
 * codec goes plain. On one refused for its size the codecs are tried, before its record is given up (or
 * its records split). It may have been sent plain because no codec paid
 * off, or with one that gains little; here size alone counts.
 *
 * The refused attempt was not written, so that the batch goes again under its numbers, in other
 * bytes. Meanwhile it stands in its queue like any that waits for a retry: none overtakes it.
 *
 * One batch at a time, for the compressed bytes lie outside of the memory that records may take.
 *
 * Before: completing/, with a refusal. After: its queue goes on, or completing/ again (`giveUp`).
 */
import type { Codec } from '../../compression/codec.js'
import { recordBytesOf } from '../../protocol/record-batch.js'
import type { Decompress } from '../../protocol/record-batch-reader.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import { syncLimitBytes } from './compressor.js'
import type { Observer } from '../observer.js'
import type { QueueTopic } from '../queueing/partition-queue.js'

export interface LastResortParts {
  /** Knows what may help such a batch. */
  readonly auto: {
    codecsForRefused(topic: QueueTopic, recordCount: number, codecId: number): readonly Codec[]
    /** The topic's brokers do not take this codec. */
    strike(topic: QueueTopic, codecId: number): void
  }
  readonly accumulator: Accumulator
  readonly observer: Observer
  readonly decompress: Decompress
  /** Memory came free. */
  readonly onFreed: () => void
  /** A rule of our own does not hold. */
  readonly onBroken: (error: unknown) => void
  /** Calls back in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void
}

interface Compressed {
  readonly codec: Codec
  readonly bytes: Uint8Array
}

export class LastResort {
  readonly #parts: LastResortParts
  readonly #tried = new WeakSet<ProducerBatch>()
  #line: Promise<void> = Promise.resolve()

  constructor(parts: LastResortParts) {
    this.#parts = parts
  }

  /**
   * True where the refused batch will be sent again, smaller, or else `giveUp` will be called (unless
   * the batch is done by then); false where there is nothing left to try.
   */
  compress(batch: ProducerBatch, giveUp: () => void): boolean {
    const codecs = this.#tried.has(batch) ? [] : this.#codecsFor(batch)
    if (codecs.length === 0) return false
    this.#tried.add(batch)
    batch.preparing()
    this.#line = this.#line.then(() => this.#tryAll(batch, codecs, giveUp))
    return true
  }

  /**
   * True where the batch, refused for its codec, will be sent again without it; false where it has none.
   * Its memory was given for compressed bytes: what is more lies outside until it is settled.
   */
  goPlain(batch: ProducerBatch): boolean {
    const { queue, codecId } = batch
    if (codecId === 0) return false
    const { auto, accumulator, decompress } = this.#parts
    auto.strike(queue.topic, codecId)
    const plain = decompress(recordBytesOf(batch.wire), codecId)
    const room = accumulator.takeRoom(plain.length)
    recordBytesOf(room).set(plain)
    accumulator.compressed(batch, room, 0)
    queue.schedule()
    return true
  }

  #codecsFor({ queue, recordCount, codecId }: ProducerBatch): readonly Codec[] {
    return this.#parts.auto.codecsForRefused(queue.topic, recordCount, codecId)
  }

  async #tryAll(batch: ProducerBatch, codecs: readonly Codec[], giveUp: () => void): Promise<void> {
    try {
      const smallest = batch.isDone ? null : await this.#smallest(batch, codecs)
      if (batch.isDone) return
      batch.prepared()
      if (smallest === null) giveUp()
      else this.#adopt(batch, smallest)
    } catch (error) {
      this.#parts.onBroken(error)
    }
  }

  /** null where no codec makes enough of it: less than was refused, and less than half of several records. */
  async #smallest(batch: ProducerBatch, codecs: readonly Codec[]): Promise<Compressed | null> {
    const refusedBytes = recordBytesOf(batch.wire)
    const plain =
      batch.codecId === 0 ? refusedBytes : this.#parts.decompress(refusedBytes, batch.codecId)
    const enough = batch.recordCount === 1 ? refusedBytes.length : refusedBytes.length / 2
    let smallest: Compressed | null = null
    for (const codec of codecs) {
      if (batch.isDone) return null
      const bytes = await this.#try(codec, plain)
      const bestBytes = smallest?.bytes.length ?? enough
      if (bytes !== null && bytes.length < bestBytes) smallest = { codec, bytes }
    }
    return smallest
  }

  /** At once where that is cheap, beside the event loop, or in a turn of its own; null where the codec fails. */
  async #try(codec: Codec, plain: Uint8Array): Promise<Uint8Array | null> {
    try {
      if (plain.length <= syncLimitBytes(codec)) return codec.compressSync(plain)
      if (codec.compress !== undefined) return await codec.compress(plain)
      await new Promise<void>((resolve) => this.#parts.defer(resolve))
      return codec.compressSync(plain)
    } catch {
      return null // the next one
    }
  }

  #adopt(batch: ProducerBatch, { codec, bytes }: Compressed): void {
    const { accumulator, observer } = this.#parts
    if (batch.codecId === 0) {
      // else it is counted already
      const { name } = batch.queue.topic
      observer.compressed(recordBytesOf(batch.wire).length, bytes.length, name)
    }
    const room = accumulator.takeRoom(bytes.length)
    recordBytesOf(room).set(bytes)
    accumulator.compressed(batch, room, codec.id)
    batch.queue.schedule()
    this.#parts.onFreed()
  }
}
