/**
 * A record on its way to a batch: `PreparedRecord` is all that an append needs, `ParkedRecord` is one
 * that could not be appended when it was given. It keeps its place in line until it is placed or
 * settled otherwise; a settled one may still stand in a queue, and is passed over there.
 *
 * Neighbours: intake.ts prepares, parking-lot.ts keeps the books.
 */
import type { Serialized } from '../serialization/serializer.js'
import type { WireHeader } from '../protocol/record-headers.js'
import type { ProducerBatch } from './batch.js'
import type { DeliveryCallback, Resolve } from './batch-waiters.js'
import type { ProducerTopic } from './topic.js'

/** Everything about a record that an append needs; the key is bytes already. */
export interface PreparedRecord {
  topic: ProducerTopic
  /** Or UNDECIDED, or STICKY (partitioner.ts). */
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

/** Told the batch that a parked record went to, or null where it was settled without one. */
export type PlacedListener = (batch: ProducerBatch | null) => void

export class ParkedRecord implements PreparedRecord {
  topic: ProducerTopic
  partition: number
  timestamp: number
  key: Uint8Array | null
  keyLength: number
  value: Serialized
  headers: readonly WireHeader[] | null
  callback: DeliveryCallback | null
  resolve: Resolve | null
  /** Monotonic: told that it waited too long. */
  readonly deadlineMs: number
  /** False while its serializer works. */
  isSerialized = true
  /** Only room keeps it from being placed. */
  isReady = false
  /** Placed, or told why not. */
  isSettled = false
  /** In a batch. */
  wasPlaced = false
  /** Bytes of the memory budget that it holds: it was taken, and will not wait for room. */
  reservedBytes: number
  /** It holds no bytes: it waits for room, first come, first served. */
  isWaiting: boolean
  placedListeners: PlacedListener[] | null = null

  /** `key` must be the record's own. */
  constructor(
    record: PreparedRecord,
    key: Uint8Array | null,
    deadlineMs: number,
    reservedBytes: number,
  ) {
    this.topic = record.topic
    this.partition = record.partition
    this.timestamp = record.timestamp
    this.key = key
    this.keyLength = record.keyLength
    this.value = record.value
    this.headers = record.headers
    this.callback = record.callback
    this.resolve = record.resolve
    this.deadlineMs = deadlineMs
    this.reservedBytes = reservedBytes
    this.isWaiting = reservedBytes === 0
  }
}
