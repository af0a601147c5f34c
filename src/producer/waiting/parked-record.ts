/**
 * A record that could not be appended when it was given. It has its own copy of every byte, since the
 * user may use his again once the call has returned; it lets go of all of them as soon as it is placed
 * or settled otherwise.
 *
 * Neighbours: admission.ts parks, parking-lot.ts keeps the books.
 */
import type { Serialized } from '../../serialization/serializer.js'
import type { WireHeaders } from '../../protocol/record-headers.js'
import type { Resolve } from '../batching/batch-waiters.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import { copyOf, giveCopy } from './copy-pool.js'
import type { Standing } from '../collections/line.js'
import type { Span, Spanned } from '../collections/open-spans.js'
import { ownBytes } from '../records/own-bytes.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import type { GroupRest } from './group-rest.js'
import type { ProducerTopic } from '../partitioning/topic.js'

export class ParkedRecord implements PreparedRecord, Spanned {
  topic: ProducerTopic
  partition: number
  timestamp: number
  key: Uint8Array | null
  keyLength: number
  value: Serialized
  headers: WireHeaders | null
  callback: DeliveryCallback | null
  resolve: Resolve | null
  reservedBytes = 0
  /** Monotonic: told that it waited too long. */
  readonly deadlineMs: number
  /** False while its serializer works. */
  isSerialized: boolean
  /** It held its bytes once: whoever gave it was told that it is taken. */
  wasTaken = false
  /** `send` gave it: only so many of those may wait. */
  isSend = false
  /** Placed, or told why not. */
  isSettled = false
  /** In a batch. */
  wasPlaced = false
  /** The line of its topic in which it stands. */
  line: Standing | null = null
  /** What is left of its group, where it waits in front of that. */
  rest: GroupRest | null = null
  /** Where it counts as open until it is placed (then its batch does), or settled. */
  span: Span | null = null
  #isValueCopied = false

  constructor(record: PreparedRecord, isSerialized: boolean, deadlineMs: number) {
    this.topic = record.topic
    this.partition = record.partition
    this.timestamp = record.timestamp
    this.key = record.key
    this.keyLength = record.keyLength
    this.value = record.value
    this.headers = record.headers
    this.callback = record.callback
    this.resolve = record.resolve
    this.isSerialized = isSerialized
    this.deadlineMs = deadlineMs
    this.ownBytes()
  }

  /** It holds no bytes of the budget, and waits for room. */
  get isWaiting(): boolean {
    return this.line === this.topic.waiting
  }

  /** Copies what the user, or his serializer, may write over. */
  ownBytes(): void {
    this.key = ownBytes(this.key?.subarray(0, this.keyLength) ?? null)
    this.#ownValue()
    this.headers = this.headers?.map(ownBytes) ?? null
  }

  #ownValue(): void {
    if (!(this.value instanceof Uint8Array)) return
    this.value = copyOf(this.value)
    this.#isValueCopied = true
  }

  /** Nobody needs it any more, though it may keep its place in a line for a while. */
  letGo(): void {
    if (this.#isValueCopied) giveCopy(this.value as Uint8Array)
    this.#isValueCopied = false
    this.key = null
    this.value = null
    this.headers = null
    this.callback = null
    this.resolve = null
    this.rest = null
  }
}
