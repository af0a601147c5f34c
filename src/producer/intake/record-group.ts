/**
 * The records of one `sendAll`: who waits for them is one object, told of each by its place in the
 * list, so that a record costs neither a promise nor a closure. What finds no room waits as a whole:
 * one `GroupRest` for each topic stands in the topic's line and feeds its records as room comes.
 *
 * Before: producer.ts. Neighbours: batch-waiters.ts tells, group-feeder.ts feeds, parking-lot.ts has
 * the lines.
 */
import {
  DeliveryError,
  SendAllError,
  type DeliveryOutcome,
  type SendAllResult,
} from '../../errors.js'
import type { DeliveryCallback } from './delivery-callback.js'
import type { Headers } from '../../serialization/headers.js'
import type { Standing } from '../collections/line.js'
import { ownBytes } from './own-bytes.js'
import type { ProducerRecord } from './record.js'
import type { RecordMetadata } from '../batching/record-metadata.js'
import type { ProducerTopic } from '../partitioning/topic.js'

/** Told when every record of the group is settled. */
export interface GroupOutcome {
  resolve(metadata: RecordMetadata[]): void
  reject(error: SendAllError<RecordMetadata>): void
}

export class RecordGroup {
  readonly #metadata: RecordMetadata[]
  readonly #failures = new Map<number, Error>()
  readonly #outcome: GroupOutcome
  #openCount: number
  #settledListeners: (() => void)[] | null = null

  /** `count` records, at places 0 to `count` - 1. */
  constructor(count: number, outcome: GroupOutcome) {
    this.#metadata = new Array<RecordMetadata>(count)
    this.#openCount = count
    this.#outcome = outcome
    if (count === 0) this.#finish()
  }

  /** The record at `place` is acknowledged. To be called once for each, or `failed`. */
  acknowledged(place: number, metadata: RecordMetadata): void {
    this.#metadata[place] = metadata
    if (--this.#openCount === 0) this.#finish()
  }

  failed(place: number, error: Error): void {
    this.#failures.set(place, error)
    if (--this.#openCount === 0) this.#finish()
  }

  /** What tells of the record at `place`, where it is by itself. */
  callbackFor(place: number): DeliveryCallback {
    return (error, metadata) => {
      if (metadata !== null) this.acknowledged(place, metadata)
      else this.failed(place, error as Error) // one of the two is there
    }
  }

  /** Calls `listener` once every record is settled; some are not yet. */
  onSettled(listener: () => void): void {
    ;(this.#settledListeners ??= []).push(listener)
  }

  #finish(): void {
    this.#settledListeners?.forEach((listener) => listener())
    if (this.#failures.size === 0) this.#outcome.resolve(this.#metadata)
    else this.#outcome.reject(this.#error())
  }

  #error(): SendAllError<RecordMetadata> {
    const results = Array.from(this.#metadata, (value, place): SendAllResult<RecordMetadata> => {
      const reason = this.#failures.get(place)
      return reason === undefined ? { status: 'fulfilled', value } : { status: 'rejected', reason }
    })
    const failures = [...this.#failures].sort(([a], [b]) => a - b).map(([, error]) => error)
    const [first] = failures
    const message = `${failures.length} of ${results.length} records were not acknowledged (see results); the first: ${first?.message ?? ''}`
    return new SendAllError(message, results, { cause: first, outcome: commonOutcome(failures) })
  }
}

/** What holds for all of them; *unknown* where they differ. */
function commonOutcome(failures: readonly Error[]): DeliveryOutcome {
  const outcomes = failures.map((failure) =>
    failure instanceof DeliveryError ? failure.outcome : 'unknown',
  )
  const [first = 'unknown'] = outcomes
  return outcomes.every((outcome) => outcome === first) ? first : 'unknown'
}

/** A record of a group that was not looked at yet, and its place. */
export interface FedRecord {
  readonly record: ProducerRecord<unknown, unknown>
  readonly place: number
}

/** The records of a group, for one topic, that have found no room yet. */
export class GroupRest {
  readonly topic: ProducerTopic
  readonly group: RecordGroup
  /** Monotonic: told that they have waited too long; later with each record that is fed. */
  deadlineMs = Infinity
  line: Standing | null = null
  /** Called once none is left to be fed. */
  emptiedListeners: (() => void)[] | null = null
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

  /** Adds a record as it is now: the user may use his bytes and objects again. */
  add(record: ProducerRecord<unknown, unknown>, place: number, callTimeMs: number): void {
    const { topic, key, value, partition, timestamp = callTimeMs, headers } = record
    const own = { topic, key: ownBytes(key), value: ownBytes(value), partition, timestamp }
    this.#records.push({ record: { ...own, headers: ownHeaders(headers) }, place })
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
  if (Symbol.iterator in headers) {
    return Array.from(headers, (pair) => (Array.isArray(pair) ? pair.map(ownBytes) : pair)) as never
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, ownBytes(value)]))
}
