import {
  batchWithRoom,
  bufferSizeFor,
  RECORD_BATCH_HEADER_BYTES,
  recordBytesOf,
  type BatchBytes,
} from '../../../src/protocol/record-batch.js'

/** A batch, not sealed yet, with these bytes as its compressed records. */
export function wrapCompressed(recordBytes: Uint8Array): BatchBytes {
  const sizeBytes = bufferSizeFor(RECORD_BATCH_HEADER_BYTES + recordBytes.length)
  const batch = batchWithRoom(Buffer.alloc(sizeBytes), recordBytes.length)
  recordBytesOf(batch).set(recordBytes)
  return batch
}
