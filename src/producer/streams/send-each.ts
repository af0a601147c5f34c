/**
 * `sendEach`: reads records from a source, sends them, and hands on what became of each, while it reads
 * on. At most `window` records are read and not handed on; so neither a slow cluster nor a slow reader of
 * the results makes the memory grow.
 *
 *   source ── read ──> enqueue ──> settled ──> ready ── next() ──> the user's loop
 *                \______________ window ______________/
 *
 * Before: producer.ts, transactional/transaction.ts. After: record-sink.ts.
 */
import { addAbortCall, removeAbortCall } from '../../abort-signals.js'
import { AbortedError, ConfigError, type DeliveryError } from '../../errors.js'
import '../../globals.js'
import type { RecordMetadata } from '../../record-metadata.js'
import { Deque } from '../collections/deque.js'
import { checkCallOptions, checkSignalOption } from '../intake/call-checks.js'
import { kindOf, type ProducerRecord } from '../records/record.js'
import { isFinal, offerWhenRoom, type RecordSink } from './record-sink.js'
import { isCount } from './stream-checks.js'

/** Options of `sendEach`. */
export interface SendEachOptions {
  /** 'input' (the default): results in the order of the source. 'completion': as they come. */
  readonly order?: 'input' | 'completion' | undefined
  /** Records that are read, and whose results are not handed on yet: from 1. Default 1000. */
  readonly window?: number | undefined
  /**
   * Fired: the loop throws AbortedError, and the source is not read any more. Records that were read are
   * sent all the same.
   */
  readonly signal?: AbortSignal | undefined
}

/** What became of one record of `sendEach`: it is acknowledged (`metadata`), or has failed (`error`). */
export type SendEachResult<R = ProducerRecord> =
  | {
      /** The record's place in the source, from 0. */
      readonly index: number
      /** As the source gave it. */
      readonly record: R
      readonly metadata: RecordMetadata
      readonly error: null
    }
  | {
      readonly index: number
      readonly record: R
      readonly metadata: null
      readonly error: DeliveryError
    }

type Source<R> = Iterator<R> | AsyncIterator<R>

interface Call<R> {
  resolve(result: IteratorResult<SendEachResult<R>, undefined>): void
  reject(error: unknown): void
}

/** Throws ConfigError. */
export function sendEach<K, V, R extends ProducerRecord<K, V>>(
  sink: RecordSink<K, V>,
  source: Iterable<R> | AsyncIterable<R>,
  options: SendEachOptions = {},
): AsyncIterableIterator<SendEachResult<R>> {
  checkCallOptions('sendEach', options, ['order', 'window', 'signal'])
  const { order, window, signal } = options
  if (order !== undefined && !['input', 'completion'].includes(order)) {
    throw new ConfigError(
      `sendEach was given { order } that is ${kindOf(order)}: give 'input' or 'completion'`,
    )
  }
  if (window !== undefined && !isCount(window)) {
    throw new ConfigError(
      `sendEach was given { window } that is ${kindOf(window)}: give a number of records from 1`,
    )
  }
  checkSignalOption('sendEach', signal)
  return new SendEach(sink, iteratorOf(source), options)
}

function iteratorOf<R>(source: Iterable<R> | AsyncIterable<R>): Source<R> {
  const it = Object(source) as Partial<Iterable<R> & AsyncIterable<R>>
  const iterator = it[Symbol.asyncIterator]?.() ?? it[Symbol.iterator]?.()
  if (iterator !== undefined) return iterator
  throw new ConfigError(
    `sendEach was given ${kindOf(source)}: give an iterable of records, or an asynchronous one`,
  )
}

class SendEach<K, V, R extends ProducerRecord<K, V>> implements AsyncIterableIterator<
  SendEachResult<R>
> {
  readonly #sink: RecordSink<K, V>
  readonly #source: Source<R>
  readonly #window: number
  readonly #signal: AbortSignal | undefined
  readonly #ready: ReadyResults<R>
  readonly #stopListening: () => void
  /** Calls of `next` that wait. */
  readonly #calls = new Deque<Call<R>>()
  #readCount = 0
  #handedOnCount = 0
  #isReading = false
  /** The source's own `next` is under way. */
  #isSourceBusy = false
  /** Nothing more is read. */
  #isEnded = false
  /** Nothing more is handed on. */
  #isLeft = false
  /** Thrown by the loop once all results are handed on. */
  #failure: { readonly error: unknown } | null = null

  constructor(
    sink: RecordSink<K, V>,
    source: Source<R>,
    { order = 'input', window = 1000, signal }: SendEachOptions,
  ) {
    this.#sink = sink
    this.#source = source
    this.#window = window
    this.#signal = signal
    this.#ready = order === 'input' ? new InOrder() : new Deque()
    this.#stopListening = sink.onOver((error) => this.#over(error))
    if (signal?.aborted === true) this.#onAbort()
    else if (signal !== undefined) addAbortCall(signal, this.#onAbort)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<SendEachResult<R>, undefined>> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ resolve, reject })
      this.#serve()
      void this.#read()
    })
  }

  /** The loop was left: what was read is sent all the same, and nobody is told of it. */
  async return(): Promise<IteratorResult<SendEachResult<R>, undefined>> {
    const wasEnded = this.#isEnded
    this.#leave()
    if (!wasEnded) await this.#returnSource()
    return DONE
  }

  async #returnSource(): Promise<void> {
    const returned = Promise.resolve(this.#source.return?.())
    // A source that has been asked for its next record answers only after that, which may be never.
    if (this.#isSourceBusy) returned.catch(() => {})
    else await returned
  }

  #mayRead(): boolean {
    return !this.#isEnded && this.#readCount - this.#handedOnCount < this.#window
  }

  async #read(): Promise<void> {
    if (this.#isReading || !this.#mayRead()) return
    this.#isReading = true
    do {
      const step = await this.#nextOfSource()
      if (step === FAILED || this.#isEnded) break // or the loop was left meanwhile
      if (step.isDone) this.#isEnded = true
      else await this.#send(step.value)
    } while (this.#mayRead())
    this.#isReading = false
    this.#serve()
  }

  /** Reads all of what the source gives: its getters may throw, too. */
  async #nextOfSource(): Promise<Step<R> | typeof FAILED> {
    this.#isSourceBusy = true
    try {
      return stepOf<R>(await this.#source.next())
    } catch (error) {
      this.#fail(error)
      return FAILED
    } finally {
      this.#isSourceBusy = false
    }
  }

  async #send(record: R): Promise<void> {
    const index = this.#readCount++
    try {
      await offerWhenRoom(this.#sink, record, (error, metadata) =>
        this.#settled(index, record, error, metadata),
      )
    } catch (error) {
      this.#settled(index, record, error as Error, null) // of a producer that was closed meanwhile
    }
  }

  #settled(index: number, record: R, error: Error | null, metadata: RecordMetadata | null): void {
    if (error !== null && isFinal(error)) this.#stop(error)
    // One of the two is there, and every error of a record is one.
    this.#ready.push({ index, record, error, metadata } as SendEachResult<R>)
    this.#serve()
  }

  /** No later record would be accepted: the loop ends with this. */
  #stop(error: Error): void {
    if (this.#isEnded) return
    this.#fail(error)
    this.#returnSource().catch(() => {}) // the error before it counts
  }

  #over(error: Error): void {
    this.#stop(error)
    this.#serve()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#isEnded = true
  }

  #leave(): void {
    this.#isEnded = true
    this.#isLeft = true
    this.#stopAll()
    this.#serve()
  }

  readonly #onAbort = (): void => {
    const wasEnded = this.#isEnded
    const message = 'sendEach was aborted: records that were read are sent all the same'
    const cause = this.#signal?.reason as unknown
    this.#failure = { error: new AbortedError(message, { outcome: 'unknown', cause }) }
    this.#leave()
    if (!wasEnded) this.#returnSource().catch(() => {})
  }

  /** Nobody is listened to any more. */
  #stopAll(): void {
    this.#stopListening()
    if (this.#signal !== undefined) removeAbortCall(this.#signal, this.#onAbort)
  }

  /** Answers calls of `next` as far as can be. */
  #serve(): void {
    for (let call = this.#calls.peek(); call !== undefined; call = this.#calls.peek()) {
      const value = this.#isLeft ? undefined : this.#ready.shift()
      if (value !== undefined) {
        this.#handedOnCount++
        call.resolve({ done: false, value })
      } else if (this.#isOver) this.#finish(call)
      else break
      this.#calls.shift()
    }
    if (this.#calls.length > 0) void this.#read()
  }

  get #isOver(): boolean {
    return this.#isLeft || (this.#isEnded && this.#handedOnCount === this.#readCount)
  }

  #finish(call: Call<R>): void {
    const failure = this.#failure
    this.#failure = null // thrown once, as an async generator does
    this.#stopAll()
    if (failure === null) call.resolve(DONE)
    else call.reject(failure.error)
  }
}

/** Stands where the source has failed. */
const FAILED = Symbol('the source has failed')

/** What one call of the source's `next` has given. */
interface Step<R> {
  readonly isDone: boolean
  readonly value: R
}

/** Throws TypeError, as `for await` does. */
function stepOf<R>(given: unknown): Step<R> {
  const isResult = (typeof given === 'object' && given !== null) || typeof given === 'function'
  if (!isResult) {
    throw new TypeError(
      `next() of the source of sendEach gave ${kindOf(given)}: it must give { done, value }`,
    )
  }
  const { done, value } = given as IteratorResult<R, R>
  return { isDone: Boolean(done), value }
}

const DONE = { done: true, value: undefined } as const

/** Results that can be handed on. */
interface ReadyResults<R> {
  push(result: SendEachResult<R>): void
  shift(): SendEachResult<R> | undefined
}

/** Hands on in the order of the source, however they come. */
class InOrder<R> implements ReadyResults<R> {
  readonly #early = new Map<number, SendEachResult<R>>()
  #next = 0

  push(result: SendEachResult<R>): void {
    this.#early.set(result.index, result)
  }

  shift(): SendEachResult<R> | undefined {
    const result = this.#early.get(this.#next)
    if (result !== undefined) this.#early.delete(this.#next++)
    return result
  }
}
