/**
 * What createWriteStream gives, as its users see it: a Writable of node:stream in object mode, written out
 * here, so that the types of Ottla hold without @types/node; with them it is what `pipeline` and `pipe`
 * take.
 *
 * Neighbours: node-stream.ts makes it.
 */
import type { DeliveryError } from '../../errors.js'

/** Told of a write, or an end, that is done or has failed. */
type Done = (error?: Error | null) => void
// As in @types/node: whatever an event hands on.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the type that emitters have
type Listener = (...args: any[]) => void
/** `chunk` is a T: were it named here, a stream of any chunks could not stand where one of some is asked for. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
type RecordErrorListener = (error: DeliveryError, chunk: any) => void
type EventName = string | symbol
/**
 * What `pipeline` wants any stream to take. Text and bytes are held to no type, then: a serializer is
 * given them as any chunk, and json() takes them.
 */
type Chunk<T> = T | string | Uint8Array

/**
 * A stream of records: a Writable of node:stream in object mode. A write is done when its record is
 * taken into the buffer; while that is full, writes wait. 'finish' comes when every record is settled.
 *
 * @typeParam T - what a chunk is
 */
export interface RecordWriteStream<T> {
  /** Records that are acknowledged. */
  readonly recordsAcknowledged: number
  /** Records that failed. */
  readonly recordsFailed: number
  /** Records that were taken and are not settled. */
  readonly recordsPending: number

  readonly writable: boolean
  readonly writableEnded: boolean
  readonly writableFinished: boolean
  readonly writableHighWaterMark: number
  /** Chunks that wait in the stream. */
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly writableObjectMode: boolean
  readonly closed: boolean
  readonly destroyed: boolean
  /** What it failed with. */
  readonly errored: Error | null

  /** False: wait for 'drain' before the next one. `callback` is called when the record is taken. */
  write(chunk: Chunk<T>, callback?: Done): boolean
  write(chunk: Chunk<T>, encoding?: string, callback?: Done): boolean
  end(callback?: () => void): this
  end(chunk: Chunk<T>, callback?: () => void): this
  end(chunk: Chunk<T>, encoding?: string, callback?: () => void): this
  cork(): void
  uncork(): void
  /**
   * Takes nothing more: chunks that wait in the stream are dropped, and their callbacks are called with an
   * error. Records that were taken are sent all the same; 'close' comes once they are settled.
   */
  destroy(error?: Error): this

  on(event: 'recordError', listener: RecordErrorListener): this
  on(event: EventName, listener: Listener): this
  once(event: 'recordError', listener: RecordErrorListener): this
  once(event: EventName, listener: Listener): this
  addListener(event: EventName, listener: Listener): this
  prependListener(event: EventName, listener: Listener): this
  prependOnceListener(event: EventName, listener: Listener): this
  removeListener(event: EventName, listener: Listener): this
  off(event: EventName, listener: Listener): this
  removeAllListeners(event?: EventName): this
  setMaxListeners(count: number): this
  getMaxListeners(): number
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as in @types/node
  listeners(event: EventName): Function[]
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as in @types/node
  rawListeners(event: EventName): Function[]
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in @types/node
  emit(event: EventName, ...args: any[]): boolean
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as in @types/node
  listenerCount(event: EventName, listener?: Function): number
  eventNames(): EventName[]
}
