/**
 * What both kinds of streams do with their chunks: each becomes a record that is enqueued, and is counted
 * until it is settled. The stream's own promises and callbacks tell that a record is taken; what becomes of
 * it is told here.
 *
 * Before: node-stream.ts, web-stream.ts. After: record-sink.ts.
 */
import { InvalidRecordError, type DeliveryError } from '../../errors.js'
import { isPromised } from '../../promised.js'
import { thrownWords } from '../../thrown.js'
import type { OutcomeTeller } from '../batching/batch-waiters.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import { kindOf, type ProducerRecord } from '../records/record.js'
import { isFinal, roomOf, withdraw, type RecordSink } from './record-sink.js'
import type { AnyStreamOptions } from './stream-checks.js'

/** Stands where there is no record: null and undefined may be given as one, and are refused as what they are. */
const NONE = Symbol('no record')

/** Who is told of failures: the stream. */
export interface FeedListener<T> {
  /** Calls what is the user's: `toRecord` fails during a write, which must not throw for a callback. */
  readonly runCallback: OutcomeTeller
  /** This record has failed, and the stream goes on. False where nobody listens. Must not throw. */
  recordFailed?(error: DeliveryError, chunk: T): boolean
  /** The stream cannot go on. */
  failed(error: Error): void
}

export class RecordFeed<T, K, V> {
  readonly #sink: RecordSink<K, V>
  readonly #options: AnyStreamOptions<T, K, V>
  readonly #listener: FeedListener<T>
  /** The chunk of each record is wanted, once that is settled. */
  readonly #keepsChunks: boolean
  #isStopped = false
  /** Why. */
  #stopReason: unknown = undefined
  /** Ends the wait for room of the one chunk that waits. */
  #wake: () => void = () => {}
  /** The record that found no room last, so that it is made once. */
  #refused: ProducerRecord<K, V> | typeof NONE = NONE
  #failure: Error | null = null
  #idleListeners: (() => void)[] = []
  recordsAcknowledged = 0
  recordsFailed = 0
  /** Taken, and not settled. */
  recordsPending = 0

  constructor(
    sink: RecordSink<K, V>,
    options: AnyStreamOptions<T, K, V>,
    listener: FeedListener<T>,
  ) {
    this.#sink = sink
    this.#options = options
    this.#listener = listener
    this.#keepsChunks = options.onError === 'continue' || options.onAcknowledged !== undefined
  }

  /** The first error that has stopped it. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Takes a chunk; false where there is no room: the same chunk to `takeWhenRoom` then. */
  take(chunk: T): boolean {
    const record = this.#refused === NONE ? this.#recordOf(chunk) : this.#refused
    if (record === NONE) return true
    const callback = this.#keepsChunks ? this.#callbackFor(chunk) : this.#callback
    const isTaken = this.#sink.offer(record, callback)
    this.#refused = isTaken ? NONE : record
    if (isTaken) this.recordsPending++ // no callback is called during the call
    return isTaken
  }

  /**
   * Takes a chunk as soon as there is room: one at a time. Rejects, at once, with the reason for which the
   * stream is stopped: then it was not taken.
   */
  async takeWhenRoom(chunk: T): Promise<void> {
    while (!this.#isStopped) {
      if (this.take(chunk)) return
      await this.#room()
    }
    if (this.#refused !== NONE) withdraw(this.#sink, this.#refused, this.#stopReason)
    this.#refused = NONE
    throw this.#stopReason
  }

  /** Resolves when there is room, or the stream is stopped. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      roomOf(this.#sink, () => !this.#isStopped).then(resolve, (error: unknown) => this.stop(error))
    })
  }

  /** Nothing more is to be taken, for this reason. */
  stop(reason: unknown): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#stopReason = reason
    this.#wake()
  }

  /** Sends what lingers, and resolves once every record that was taken is settled. */
  finish(): Promise<void> {
    if (this.recordsPending === 0) return Promise.resolve()
    this.#sink.flush().catch(() => {}) // each record is told why
    return new Promise((resolve) => this.#idleListeners.push(resolve))
  }

  /** NONE where none could be made, which was told. */
  #recordOf(chunk: T): ProducerRecord<K, V> | typeof NONE {
    const { topic, toRecord } = this.#options
    if (toRecord === undefined) {
      if (topic === undefined) return chunk as unknown as ProducerRecord<K, V>
      return { topic, value: chunk as unknown as V }
    }
    const made = makeRecord(toRecord, chunk)
    if (!(made instanceof InvalidRecordError)) return made
    this.recordsPending++
    this.#settled(made, null, chunk)
    return NONE
  }

  #callbackFor(chunk: T): DeliveryCallback {
    return (error, metadata) => this.#settled(error, metadata, chunk)
  }

  /** One for all records: the cheapest, where nobody asks for the chunk. */
  readonly #callback: DeliveryCallback = (error, metadata) =>
    this.#settled(error, metadata, undefined)

  #settled(error: Error | null, metadata: RecordMetadata | null, chunk: T | undefined): void {
    this.recordsPending--
    if (error !== null) this.#recordFailed(error as DeliveryError, chunk as T)
    else this.#recordAcknowledged(metadata as RecordMetadata, chunk as T)
    if (this.recordsPending === 0) this.#idle()
  }

  #recordAcknowledged(metadata: RecordMetadata, chunk: T): void {
    this.recordsAcknowledged++
    const options = this.#options
    if (options.onAcknowledged !== undefined)
      this.#run(() => options.onAcknowledged?.(metadata, chunk))
  }

  #recordFailed(error: DeliveryError, chunk: T): void {
    this.recordsFailed++
    const options = this.#options
    const goesOn = options.onError === 'continue'
    if (!goesOn || isFinal(error)) this.#fail(error)
    if (!goesOn) return
    const isHeard = this.#listener.recordFailed?.(error, chunk) ?? false
    const { onRecordError } = options
    if (onRecordError !== undefined) this.#run(() => onRecordError(error, chunk))
    else if (!isHeard) this.#listener.runCallback(null, error, null)
  }

  #run(callback: () => void): void {
    this.#listener.runCallback(callback, null, null)
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.stop(error)
    this.#listener.failed(error)
  }

  #idle(): void {
    const listeners = this.#idleListeners
    this.#idleListeners = []
    for (const listener of listeners) listener()
  }
}

/** The record that `toRecord` returns; or why there is none. */
function makeRecord<T, R>(toRecord: (chunk: T) => R, chunk: T): R | InvalidRecordError {
  try {
    const returned = toRecord(chunk)
    const fault = faultOf(returned)
    return fault === null ? returned : new InvalidRecordError(fault)
  } catch (cause) {
    const why = thrownWords(cause, kindOf)
    return new InvalidRecordError(`toRecord threw: ${why}`, { cause })
  }
}

/** What makes it plain that this is no record; the producer looks at the rest. */
function faultOf(returned: unknown): string | null {
  if (isPromised(returned)) {
    return 'toRecord must not be async: it returned a promise, and must return the record itself'
  }
  if (typeof returned === 'object' && returned !== null) return null
  return `toRecord must return a record { topic, value, … }, and returned ${kindOf(returned)}`
}
