/**
 * A transaction's marker: the control batch that ends it in the log of a partition. It takes one offset,
 * and no consumer sees it.
 *
 *   attributes: transactional and control │ sequence -1 │ one record
 *     key    int16 version 0, int16 0 abort / 1 commit
 *     value  int16 version 0, int32 epoch of the coordinator
 *
 * Spec: Kafka's EndTransactionMarker, MemoryRecords.withEndTransactionMarker; KIP-98. Neighbours:
 * coordinator.ts has them written; partition-log.ts reads them.
 */
import {
  bufferSizeFor,
  RecordBatchBuilder,
  RECORD_BATCH_HEADER_BYTES,
} from '../../protocol/record-batch.js'
import { crc32c } from '../../protocol/crc32c.js'
import { decodeRecords, type DecodedBatch } from '../../protocol/record-batch-reader.js'

/** What a marker says. */
export interface Marker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly committed: boolean
  readonly coordinatorEpoch: number
}

const ATTRIBUTES_AT = 21
const CRC_AT = 17
const TRANSACTIONAL_AND_CONTROL = 0x30
const NO_SEQUENCE = -1

/** The bytes of the control batch; `nowMs` is its timestamp. */
export function encodeMarker(marker: Marker, nowMs: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(marker.committed ? 1 : 0, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  const builder = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(RECORD_BATCH_HEADER_BYTES * 2)))
  builder.append({ timestamp: nowMs, key, keyLength: key.length, value, headers: null })
  const { producerId, producerEpoch } = marker
  builder.seal({ producerId, producerEpoch, baseSequence: NO_SEQUENCE })
  const batch = Buffer.from(builder.buffer.subarray(builder.start, builder.end))
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | TRANSACTIONAL_AND_CONTROL, ATTRIBUTES_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

/** What a control batch says. */
export function decodeMarker(batch: DecodedBatch): Marker {
  const [record] = decodeRecords(batch)
  const { producerId, producerEpoch } = batch
  return {
    producerId,
    producerEpoch,
    committed: record?.key?.readInt16BE(2) === 1,
    coordinatorEpoch: record?.value?.readInt32BE(2) ?? 0,
  }
}
