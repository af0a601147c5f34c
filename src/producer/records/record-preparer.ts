/**
 * Makes of a user's record what can be appended: checks its fields, runs the serializers, reads the
 * headers. All that the user's code may do (getters, serializers, iterators) it does here; from then
 * on only a partitioner of his is called.
 *
 * Before: intake.ts. After: admission.ts.
 */
import type { Clock } from '../../clock.js'
import type { Serialized, Serializers } from '../../serialization/serializer.js'
import { UNDECIDED } from '../partitioning/undecided.js'
import type { ProducerTopic } from '../partitioning/topic.js'
import { HeaderReader } from './header-reader.js'
import { KeyEncoder } from './key-encoder.js'
import { ownBytes } from './own-bytes.js'
import { emptyRecord, type PreparedRecord } from './prepared-record.js'
import { checkPartition, checkTimestamp, type ProducerRecord } from './record.js'
import { isPromise, PartSerializer } from './serialize-record.js'
import {
  hasAddedHeaders,
  withAddedHeaders,
  type LaterParts,
  type SerializerCalls,
} from './serializer-call.js'

export class RecordPreparer<K, V> {
  readonly #clock: Clock
  readonly #key: PartSerializer<K>
  readonly #value: PartSerializer<V>
  readonly #headers = new HeaderReader()
  readonly #keys = new KeyEncoder()
  /** A user's function chooses partitions, and may send records while it does. */
  readonly #hasPartitioner: boolean
  /** The record at hand: filled anew each time, so that none is allocated. */
  #record: PreparedRecord | null = null
  #isAtHand = false
  /** Of the last record: what its key and value come to; null where it has them. */
  later: LaterParts | null = null

  constructor({ key, value }: Serializers<K, V>, hasPartitioner: boolean, clock: Clock) {
    this.#key = new PartSerializer('key', key)
    this.#value = new PartSerializer('value', value)
    this.#hasPartitioner = hasPartitioner
    this.#clock = clock
  }

  /**
   * True: the next record may be the one at hand, until `release`. False amid another's preparation or
   * placement: the user's code sends a record (from a getter, a serializer, a partitioner), or a full
   * batch was compressed and made room for one that waited. That one has an object of its own.
   */
  claim(): boolean {
    if (this.#isAtHand || this.#hasPartitioner) return false
    this.#isAtHand = true
    return true
  }

  release(): void {
    this.#isAtHand = false
  }

  /**
   * `isShared`: in the record at hand, which was claimed. `callTimeMs` is the time of the call where that was read already. Throws a
   * DeliveryError, or whatever the user's code throws.
   */
  prepare(
    input: ProducerRecord<K, V>,
    topic: ProducerTopic,
    callTimeMs: number | undefined,
    isShared: boolean,
  ): PreparedRecord {
    const { name } = topic
    const { headers } = input
    const timestamp = this.#timestampOf(input.timestamp, name, callTimeMs)
    const partition = partitionOf(input.partition, name)
    const givenKey = input.key ?? null
    const keyCall = this.#key.callFor(givenKey, name, headers)
    const key = this.#key.serialize(givenKey, name, keyCall)
    // Should the record not be taken after all, nobody will look at what these come to.
    if (isPromise(key)) key.catch(() => {})
    const givenValue = input.value
    const valueCall = this.#value.callFor(givenValue, name, headers)
    const value = this.#value.serialize(givenValue, name, valueCall)
    if (isPromise(value)) value.catch(() => {})
    const wireHeaders = this.#headers.read(name, headers, isShared)
    const record = isShared ? (this.#record ??= emptyRecord(topic)) : emptyRecord(topic)
    record.topic = topic
    record.partition = partition
    record.timestamp = timestamp
    record.headers = wireHeaders
    this.later = null
    if (isPromise(key) || isPromise(value)) {
      this.#fillLater(record, key, value, [keyCall, valueCall])
    } else {
      if (hasAddedHeaders(keyCall, valueCall)) {
        record.headers = withAddedHeaders(this.#headers.listOf(wireHeaders, isShared), keyCall, valueCall) // prettier-ignore
      }
      record.value = value
      if (typeof key !== 'string') setKey(record, key)
      else if (isShared) this.#encodeKey(record, key)
      else setKey(record, Buffer.from(key))
    }
    return record
  }

  #timestampOf(given: number | undefined, topic: string, callTimeMs: number | undefined): number {
    if (given === undefined) return callTimeMs ?? this.#clock.now()
    checkTimestamp(topic, given)
    return given
  }

  #fillLater(
    record: PreparedRecord,
    key: Serialized | Promise<Serialized>,
    value: Serialized | Promise<Serialized>,
    calls: SerializerCalls,
  ): void {
    for (const call of calls) call?.ownBytes()
    this.later = whenSerialized(ownBytes(key), ownBytes(value), calls)
    this.later.catch(() => {}) // as above
    setKey(record, null)
    record.value = null
  }

  #encodeKey(record: PreparedRecord, key: string): void {
    this.#keys.encode(key)
    record.key = this.#keys.bytes
    record.keyLength = this.#keys.length
  }
}

async function whenSerialized(
  key: Serialized | Promise<Serialized>,
  value: Serialized | Promise<Serialized>,
  calls: SerializerCalls,
): LaterParts {
  const parts = await Promise.all([key, value])
  return [...parts, calls]
}

/** The key of a record: all of these bytes, or none. */
export function setKey(record: PreparedRecord, key: Uint8Array | null): void {
  record.key = key
  record.keyLength = key === null ? -1 : key.length
}

function partitionOf(given: number | undefined, topic: string): number {
  return given === undefined ? UNDECIDED : checkPartition(topic, given)
}
