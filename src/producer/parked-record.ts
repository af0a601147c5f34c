/**
 * A record that could not be appended when it was given: its topic is not known yet, its serializer
 * is not done, or there is no room. It keeps its place in line until it is appended or settled.
 */
import type { Serialized } from '../serialization/serializer.js'
import type { WireHeader } from '../protocol/record-headers.js'
import type { DeliveryCallback, ProducerBatch, Resolve } from './batch.js'
import type { ProducerTopic } from './topic.js'

/** Everything about a record that an append needs; the key is bytes already. */
export interface PreparedRecord {
  topic: ProducerTopic
  /** -1 where the partitioner decides. */
  partition: number
  timestamp: number
  key: Uint8Array | null
  /** Bytes of `key` that count; -1 for a null key. */
  keyLength: number
  value: Serialized
  headers: readonly WireHeader[] | null
  callback: DeliveryCallback | null
  resolve: Resolve | null
}

export interface ParkedRecord extends PreparedRecord {
  /** False while its serializer works. */
  isSerialized: boolean
  /** Appended, or told why not; it may still stand in a queue, and is passed over there. */
  isSettled: boolean
  /** Monotonic: told that it waited too long. */
  readonly deadlineMs: number
  /** Bytes of the memory budget that it holds: it was taken, and will not wait for room. */
  reservedBytes: number
  /** Counts against the bound on waiting sends: it holds no bytes, and nobody else counts for it. */
  isWaiting: boolean
  /** What it waits for, for the message when it has waited too long. */
  readonly waitsSinceMs: number
  /** Told the batch that it went to, or null where it was settled without one: a flush waits on it. */
  placedListeners: ((batch: ProducerBatch | null) => void)[] | null
}
