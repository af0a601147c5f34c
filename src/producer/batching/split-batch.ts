/**
 * Splits a batch that the broker found too large into smaller ones (MESSAGE_TOO_LARGE,
 * RECORD_LIST_TOO_LARGE; Kafka's RecordAccumulator.splitAndReenqueue). The children together hold
 * the same records in the same order, keep the parent's age and carry on its sequence numbers, so
 * that to the broker they are the records it refused, in smaller portions.
 *
 * That holds also where an earlier attempt may have been stored, its answer being lost (the limit
 * must then have been lowered in between): a broker that has stored the whole refuses each part as
 * out of order, since it is no repetition of a batch it knows. Only one that has forgotten the producer
 * may store them again, as it would the whole.
 */
import { assert } from '../../assert.js'
import {
  NO_PRODUCER,
  bufferSizeFor,
  RECORD_BATCH_HEADER_BYTES,
  recordSizeUpperBound,
} from '../../protocol/record-batch.js'
import {
  decodeBatch,
  decodeRecords,
  type Decompress,
  type DecodedRecord,
} from '../../protocol/record-batch-reader.js'
import type { AppendableRecord } from './appendable-record.js'
import { ProducerBatch } from './batch.js'
import type { Waiter } from './batch-waiters.js'
import { sequenceAfter } from '../sequencing/partition-sequence.js'

/**
 * Two or more batches, each at most half of the parent and at most `maxBytes` before compression (a
 * single record may be larger). `decompress` reads the parent where it is compressed.
 */
export function splitBatch(
  parent: ProducerBatch,
  maxBytes: number,
  decompress: Decompress,
): ProducerBatch[] {
  const { buffer, start, end } = parent.wire
  const records = decodeRecords(decodeBatch(buffer.subarray(start, end)), decompress)
  const plainBytes = records.reduce(
    (sum, record) => sum + sizeOf(record),
    RECORD_BATCH_HEADER_BYTES,
  )
  const targetBytes = Math.min(maxBytes, Math.ceil(plainBytes / 2))
  assert(records.length === parent.recordCount, 'a batch holds as many records as it counts')
  const waiters = parent.handOver()
  const children: ProducerBatch[] = []
  let from = 0
  while (from < records.length) {
    const to = childEnd(records, from, targetBytes)
    children.push(makeChild(parent, records, waiters, from, to))
    from = to
  }
  return children
}

/** Index behind the last record of the child that begins at `from`. */
function childEnd(records: readonly DecodedRecord[], from: number, targetBytes: number): number {
  let sizeBytes = RECORD_BATCH_HEADER_BYTES
  let to = from
  do sizeBytes += sizeOf(records[to++] as DecodedRecord)
  while (to < records.length && sizeBytes + sizeOf(records[to] as DecodedRecord) <= targetBytes)
  return to
}

function makeChild(
  parent: ProducerBatch,
  records: readonly DecodedRecord[],
  waiters: readonly Waiter[],
  from: number,
  to: number,
): ProducerBatch {
  const members = records.slice(from, to)
  const bytes = members.reduce((sum, record) => sum + sizeOf(record), RECORD_BATCH_HEADER_BYTES)
  const child = new ProducerBatch(
    parent.queue,
    parent.createdMs,
    Buffer.allocUnsafeSlow(bufferSizeFor(bytes)),
  )
  members.forEach((record, i) => appendTo(child, record, waiters[from + i] as Waiter))
  child.close()
  const { producerId, baseSequence } = parent.stamp
  if (producerId !== NO_PRODUCER.producerId) {
    child.number({ ...parent.stamp, baseSequence: sequenceAfter(baseSequence, from) })
  }
  return child
}

function appendTo(child: ProducerBatch, record: DecodedRecord, waiter: Waiter): void {
  const isAppended = child.append(appendable(record, waiter))
  assert(isAppended, 'a buffer sized for all its records takes each of them')
}

function sizeOf(record: DecodedRecord): number {
  return recordSizeUpperBound(appendable(record, { callback: null, resolve: null }))
}

function appendable(
  { timestamp, key, value, headers }: DecodedRecord,
  { callback, resolve }: Waiter,
): AppendableRecord {
  return {
    ...{ timestamp, key, keyLength: key?.length ?? -1, value, callback, resolve },
    headers: headers.length === 0 ? null : headers.flatMap(({ name, value }) => [name, value]),
  }
}
