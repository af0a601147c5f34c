/**
 * A record that was checked and serialized: the one object that travels from the intake through
 * placement and accumulator into a batch. One that has to wait on the way becomes a `ParkedRecord`
 * (parked-record.ts).
 *
 * Before: intake.ts fills it. After: placement.ts.
 */
import type { WireHeaders } from '../../protocol/record-headers.js'
import type { Serialized } from '../../serialization/serializer.js'
import type { AppendableRecord } from '../batching/appendable-record.js'
import type { Resolve } from '../batching/batch-waiters.js'
import { UNDECIDED } from '../partitioning/undecided.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import type { DeliveryCallback } from './delivery-callback.js'

/** Everything about a record until it is in a batch; the key is bytes already. */
export interface PreparedRecord extends AppendableRecord {
  topic: ProducerTopic
  /** Or UNDECIDED, or STICKY (undecided.ts). */
  partition: number
  timestamp: number
  key: Uint8Array | null
  /** Bytes of `key` that count; -1 for a null key. */
  keyLength: number
  value: Serialized
  headers: WireHeaders | null
  callback: DeliveryCallback | null
  resolve: Resolve | null
  /** Bytes of the memory budget that it holds, and pays for its place in a batch with. */
  reservedBytes: number
}

/**
 * Where a field begins as a number, V8 keeps it as a double and makes a new number of it at each
 * read; begun like this, it hands on the one that the clock gave (measured: 16 bytes a record less).
 */
const UNBOXED = undefined as unknown as number

/** One to be filled. */
export function emptyRecord(topic: ProducerTopic): PreparedRecord {
  return {
    topic,
    partition: UNDECIDED,
    timestamp: UNBOXED,
    key: null,
    keyLength: -1,
    value: null,
    headers: null,
    callback: null,
    resolve: null,
    reservedBytes: 0,
  }
}
