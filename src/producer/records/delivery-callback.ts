/**
 * What `enqueue` tells a record's fate to. A file of its own, since it is part of the public types, which
 * reach nothing of the pipeline.
 *
 * Neighbours: index.ts exports it; batch-waiters.ts and parking-lot.ts call it.
 */
import type { DeliveryError } from '../../errors.js'
import type { RecordMetadata } from '../../record-metadata.js'

/**
 * Told of one record's fate: an error, or where it lies. It finds the AsyncLocalStorage of no request:
 * `AsyncLocalStorage.bind(callback)` keeps that of the call.
 */
export type DeliveryCallback = (
  error: DeliveryError | null,
  metadata: RecordMetadata | null,
) => void
