/**
 * The stage between a full batch and a request: whatever turns a batch's bytes into those that travel.
 * Today that is compression (compressor.ts); loading from disk or encrypting would be others.
 *
 * A batch is prepared once it takes no more records. Batches of one partition keep their order, since
 * the partition's queue waits for its oldest.
 */
import type { ProducerBatch } from '../batching/batch.js'

export interface BatchPreparation {
  /**
   * True where the batch's bytes are what will travel; else it is considered again once they are.
   * May be called again for the same batch.
   */
  prepare(batch: ProducerBatch): boolean
}

/** Without compression a batch travels as it is. */
export const NO_PREPARATION: BatchPreparation = { prepare: () => true }
