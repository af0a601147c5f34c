/**
 * One record's way into a batch: what `append` costs by kind and length of the value, and what
 * sealing a full batch costs.
 */
import {
  bufferSizeFor,
  HEADROOM_BYTES,
  NO_PRODUCER,
  RecordBatchBuilder,
} from '../../src/protocol/record-batch.js'
import { makeValues } from '../support/values.js'
import { runMicros, type Micro } from './harness.js'

const BATCH_BYTES = 131_072
const RECORDS = 1_000
const TIMESTAMP = 1_700_000_000_000
const KEY = Buffer.from('customer-4711')
const HEADERS = ['source', 'bench']

export function recordBatchMicros(): void {
  // The first lengths lie around the one from which V8's own encoder is called.
  const texts = [8, 16, 24, 25, 32].map((length) => 'abcdefgh'.repeat(4).slice(0, length))
  runMicros('record into batch', [
    ...texts.map((text) => append(`string of ${text.length}`, text)),
    ...[100, 1024].flatMap((bytes) => {
      const text = makeValues(bytes)[0] ?? ''
      return [append(`string of ${bytes}`, text), append(`bytes, ${bytes}`, Buffer.from(text))]
    }),
    append('string of 100, not ASCII', 'ä'.repeat(50) + 'a'.repeat(50)),
    append('string of 100, key, header', makeValues(100)[0] ?? '', true),
  ])
  runMicros('batch', [seal()])
}

function append(name: string, value: string | Uint8Array, hasMore = false): Micro {
  const buffer = Buffer.alloc(bufferSizeFor(RECORDS * (value.length * 3 + 100)))
  const key = hasMore ? KEY : null
  const headers = hasMore ? HEADERS : null
  return {
    name,
    operations: RECORDS,
    bytes: value.length,
    run() {
      const batch = new RecordBatchBuilder(buffer)
      const record = { timestamp: TIMESTAMP, key, keyLength: key?.length ?? -1, value, headers }
      for (let index = 0; index < RECORDS; index++) {
        record.timestamp++
        batch.append(record)
      }
      return batch.end
    },
  }
}

function seal(): Micro {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(BATCH_BYTES)))
  const value = makeValues(100)[0] ?? ''
  while (batch.append({ timestamp: TIMESTAMP, key: null, keyLength: -1, value, headers: null }));
  return {
    name: 'seal 128 KiB',
    operations: 1,
    bytes: batch.sizeBytes,
    run() {
      batch.seal(NO_PRODUCER)
      return batch.buffer[HEADROOM_BYTES + 17] ?? 0 // of the checksum
    },
  }
}
