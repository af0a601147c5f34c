/**
 * Who chooses the codec of a topic's batches, and learns what came of it.
 *
 * Neighbours: compressor.ts asks; compression-policy.ts and auto-compression.ts answer.
 */
import type { Codec } from '../../compression/codec.js'
import type { QueueTopic } from '../queueing/partition-queue.js'

/** Which codec a topic's batches get, and what is learnt from each. */
export interface CodecChooser {
  /** The codec for a batch with these records; null: none. Asked once for each batch. */
  codecFor(topic: QueueTopic, recordBytes: Uint8Array): Codec | null
  /** `codec` made a batch of `plainBytes` come out at `ratio` (compressed / plain). */
  observed?(topic: QueueTopic, ratio: number, plainBytes: number, codec: Codec): void
}
