/**
 * What is left of a `sendAll` that found no room: the records for one topic, as they were when they were
 * given: serialized, unless the serializers are asynchronous. It stands in the topic's line as a whole, and feeds its records as room comes.
 *
 * Before: group-feeder.ts. After: parking-lot.ts has the lines.
 */
import type { DeliveryError } from '../../errors.js'
import type { Headers } from '../../serialization/headers.js'
import type { Link } from '../collections/chain.js'
import type { Standing } from '../collections/line.js'
import type { Span } from '../collections/open-spans.js'
import { isIterator } from '../records/header-reader.js'
import { ownBytes } from '../records/own-bytes.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import type { LaterParts } from '../records/serializer-call.js'
import type { ProducerRecord } from '../records/record.js'
import type { RecordGroup } from '../records/record-group.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/** A record of a group, and its place. */
export type FedRecord = WaitingRecord & { readonly place: number }

/** It was prepared during the call; or it was not looked at yet. */
export type WaitingRecord =
  | { readonly prepared: PreparedRecord; readonly later: LaterParts | null }
  | { readonly input: ProducerRecord<unknown, unknown> }

/** The records of a group, for one topic, that have found no room yet. */
export class GroupRest implements Link<GroupRest> {
  readonly topic: ProducerTopic
  readonly group: RecordGroup
  /** Monotonic: told that they have waited too long; later with each record that is fed. */
  deadlineMs = Infinity
  line: Standing | null = null
  /** Its neighbours in the order of the deadlines (waiters.ts). */
  before: GroupRest | null = null
  behind: GroupRest | null = null
  /** Where it counts as open, until its group is settled. */
  span: Span | null = null
  #records: (FedRecord | null)[] = []
  #fedCount = 0

  constructor(topic: ProducerTopic, group: RecordGroup) {
    this.topic = topic
    this.group = group
  }

  /** Records left. */
  get count(): number {
    return this.#records.length - this.#fedCount
  }

  /** Adds a record that was prepared, with bytes of its own; `later`: what its serializers come to. */
  add(prepared: PreparedRecord, later: LaterParts | null, place: number): void {
    prepared.key = ownBytes(prepared.key)
    prepared.value = ownBytes(prepared.value)
    prepared.headers = prepared.headers?.map(ownBytes) ?? null
    this.#records.push({ prepared, later, place })
  }

  /** Adds a record for asynchronous serializers, which see its objects when it is fed; its bytes are copied. */
  addUnserialized(
    record: ProducerRecord<unknown, unknown>,
    place: number,
    callTimeMs: number,
  ): void {
    const { topic, key, value, partition, timestamp = callTimeMs, headers } = record
    const own = { topic, key: ownBytes(key), value: ownBytes(value), partition, timestamp }
    this.#records.push({ input: { ...own, headers: ownHeaders(headers) }, place })
  }

  /** The next to be fed; undefined where none is left. */
  take(): FedRecord | undefined {
    if (this.count === 0) return undefined
    const fed = this.#records[this.#fedCount] as FedRecord
    this.#records[this.#fedCount++] = null
    return fed
  }

  /** None of those that are left will be fed. */
  fail(error: DeliveryError): void {
    for (let fed = this.take(); fed !== undefined; fed = this.take()) {
      this.group.failed(fed.place, error)
    }
  }
}

function ownHeaders(headers: Headers | undefined): Headers | undefined {
  if (typeof headers !== 'object' || Object(headers) !== headers) return headers
  if (isIterator(headers)) return headers // refused when it is fed
  if (Symbol.iterator in headers) {
    return Array.from(headers, (pair) => (Array.isArray(pair) ? pair.map(ownBytes) : pair)) as never
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, ownBytes(value)]))
}
