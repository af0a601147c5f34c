/**
 * The producer as its user meets it: each method checks whether the producer is open, hands the
 * record to the intake and turns the outcome into a promise, a callback or a boolean. No rule of
 * delivery lives here; ARCHITECTURE.md follows a record from `send` to the broker and back.
 */
import { queueJob } from '../clock.js'
import { ConfigError, TimeoutError, type DeliveryError } from '../errors.js'
import '../globals.js'
import { crc32cNotice } from '../protocol/crc32c.js'
import type { Serialized } from '../serialization/serializer.js'
import { AbortableSends } from './intake/abortable-sends.js'
import type { DeliveryCallback } from './records/delivery-callback.js'
import {
  checkCallback,
  checkNoOptions,
  checkRecords,
  checkSignal,
  closeTimeoutMs,
  notTaken,
  signalOf,
  strayError,
  timeoutMsOf,
} from './intake/call-checks.js'
import type { ParkedRecord } from './waiting/parked-record.js'
import type { ProducerOptions, ResolvedOptions } from './options/options.js'
import { resolveOptions } from './options/resolve-options.js'
import type { ProducerHealth } from './health.js'
import type { ProducerMetrics } from './metrics.js'
import { because } from './waiting/parked-errors.js'
import type { TransactionalSettings } from './transactional/transactional-options.js'
import { systemEnvironment, type Environment } from './environment.js'
import type {
  ClientInstanceIdOptions,
  CloseOptions,
  PartitionInfo,
  SendOptions,
} from './call-options.js'
import { Pipeline } from './pipeline.js'
import { ProducerLife } from './producer-life.js'
import { createWriteStream } from './streams/node-stream.js'
import type { RecordSink } from './streams/record-sink.js'
import type { RecordWriteStream } from './streams/record-write-stream.js'
import { sendEach, type SendEachOptions, type SendEachResult } from './streams/send-each.js'
import { isAsyncOnly, sendSource } from './streams/send-source.js'
import type { AnyStreamOptions } from './streams/stream-checks.js'
import type {
  MappedStreamOptions,
  RecordStreamOptions,
  ValueStreamOptions,
} from './streams/stream-options.js'
import { createWritableStream } from './streams/web-stream.js'
import { RecordGroup, type GroupOutcome } from './records/record-group.js'
import { InterceptedEnqueue } from './intake/intercepted-enqueue.js'
import { Interception } from './intercepting/interception.js'
import type { SendCall } from './intercepting/interceptor.js'
import type { RecordMetadata } from '../record-metadata.js'
import type { ProducerRecord } from './records/record.js'

export type {
  ClientInstanceIdOptions,
  CloseOptions,
  PartitionInfo,
  SendOptions,
} from './call-options.js'

/**
 * Sends records to Kafka.
 *
 * The constructor opens nothing: the first record, or `connect`, does. An idle producer does not
 * keep the process alive; records under way do.
 *
 * @typeParam K - what the key serializer takes
 * @typeParam V - what the value serializer takes
 */
export class Producer<K = Serialized, V = Serialized> implements AsyncDisposable {
  readonly #options: ResolvedOptions<K, V>
  readonly #pipeline: Pipeline<K, V>
  readonly #abortable: AbortableSends<K, V>
  readonly #interception: Interception
  readonly #intercepted: InterceptedEnqueue<K, V>
  readonly #life: ProducerLife
  readonly #assertOpen: ProducerLife['assertOpen']

  /** Throws ConfigError. */
  constructor(options: ProducerOptions<K, V>)
  /**
   * `environment` replaces time, chance and sockets: for tests of our own; `transactional`: it belongs to
   * a TransactionalProducer. @internal
   */
  constructor(
    options: ProducerOptions<K, V>,
    environment?: Environment,
    // eslint-disable-next-line @typescript-eslint/unified-signatures -- the one above is public
    transactional?: TransactionalSettings,
  )
  constructor(
    options: ProducerOptions<K, V>,
    environment: Environment = systemEnvironment(),
    transactional?: TransactionalSettings,
  ) {
    const warnings: string[] = []
    const resolved = resolveOptions(options, (message) => warnings.push(message))
    this.#options = { ...resolved, ...transactional }
    this.#pipeline = new Pipeline(this.#options, environment, (error) => this.#life.fail(error))
    this.#life = new ProducerLife(this.#pipeline)
    this.#assertOpen = this.#life.assertOpen
    const { intake, lot, gathering } = this.#pipeline
    this.#abortable = new AbortableSends({ intake, lot, assertOpen: this.#assertOpen })
    this.#interception = new Interception(this.#options, this.#pipeline.logger)
    this.#intercepted = new InterceptedEnqueue({
      ...{ interception: this.#interception, intake, gathering, assertOpen: this.#assertOpen },
      ...{ runCallback: this.#pipeline.runCallback, unheard: this.#unheard },
      isOpen: () => this.#life.isOpen,
    })
    for (const message of warnings) this.#pipeline.logger.warn({}, message)
    if (crc32cNotice !== null) this.#pipeline.logger.info({}, crc32cNotice)
  }

  /** For the transactional producer, which is built on one. @internal */
  static pipelineOf<K, V>(producer: Producer<K, V>): Pipeline<K, V> {
    return producer.#pipeline
  }

  /** For its transactions. @internal */
  static sinkOf<K, V>(producer: Producer<K, V>): RecordSink<K, V> {
    return producer.#sink
  }

  /**
   * Opens the first connection ahead of the first record. Rejects with TimeoutError after
   * `maxBlockMs`, naming each address and its cause; at once where no retry can fix it.
   */
  async connect(options?: undefined): Promise<void> {
    this.#assertNothing('connect', options)
    this.#assertOpen()
    await this.#pipeline.metadata.connect(this.#options.maxBlockMs)
  }

  /**
   * Sends one record; resolves once it is acknowledged. Waits, up to `maxBlockMs`, while the buffer
   * is full or the topic not known. Rejects with a DeliveryError, whose `outcome` says whether the
   * record may be in the log all the same. The record's bytes may be used again once it has returned.
   */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    if (options !== undefined || this.#interception.isActive) return this.#sendWith(record, options)
    try {
      this.#assertOpen(record)
      const { intake } = this.#pipeline
      const submitted = intake.submit(record, null, 'wait')
      return typeof submitted === 'object' ? promiseOf(submitted) : intake.promiseOfLast()
    } catch (error) {
      return Promise.reject(notTaken(error))
    }
  }

  /**
   * Sends records; resolves to their metadata, in the order given, once all are acknowledged. Where
   * any fails it rejects with SendAllError, which has the fate of each, once all are settled. What
   * finds no room, however many, is fed in order as room comes, and later calls for its topics wait
   * behind; only where none finds room for `maxBlockMs` do the rest fail. All are serialized during the
   * call, so that records, their objects and bytes may be used again once it has returned; but objects
   * for an asynchronous serializer not before it has settled. An iterable that throws rejects it before anything is
   * sent.
   *
   * An asynchronous iterable is read as there is room, and each record sent as it comes. One that throws
   * rejects with SendAllError, too, once what it gave is settled: `cause` is what was thrown.
   */
  sendAll(
    records: Iterable<ProducerRecord<K, V>> | AsyncIterable<ProducerRecord<K, V>>,
    options?: undefined,
  ): Promise<RecordMetadata[]> {
    const { turn } = this.#pipeline.gathering
    return new Promise((resolve, reject) => {
      checkNoOptions(options)
      if (isAsyncOnly<ProducerRecord<K, V>>(records)) {
        resolve(sendSource(this.#sink, records))
        return
      }
      checkRecords(records)
      const given = Array.isArray(records) ? records : Array.from(records)
      this.#sendGroup(given as ProducerRecord<K, V>[], { resolve, reject }, turn)
    })
  }

  #sendGroup(list: ProducerRecord<K, V>[], outcome: GroupOutcome, turn: number): void {
    const { intake, gathering } = this.#pipeline
    const assertOpen = gathering.guarded(this.#assertOpen, turn)
    if (!this.#interception.isActive) {
      intake.submitGroup(list, new RecordGroup(list.length, outcome), assertOpen)
      return
    }
    const call: SendCall = { kind: 'sendAll', recordCount: list.length }
    const intercepted = Array.from(list, (record, place) =>
      this.#interception.intercept(record, call, place, (it) => it),
    )
    const group = new RecordGroup(list.length, outcome, (place, error, metadata) =>
      intercepted[place]?.settle(error, metadata),
    )
    const toSend = intercepted.map((it) => it.toSend as ProducerRecord<K, V>) // said to be ones
    intake.submitGroup(toSend, group, assertOpen)
  }

  /**
   * Sends a record without making a promise; the fastest call. True: accepted, and `callback` (or,
   * without one, the logger in case of failure) will be called with its outcome, never during this
   * call; that includes a bad record and a closed producer. False: the buffer is full, or others
   * wait for it; the record was not accepted, and the callback is not called. `await writable()`
   * then, and try again. The record's bytes may be used again once it has returned. Throws
   * InvalidRecordError for a callback that is no function.
   *
   * With `interceptors` (and not in streams) the first record of a topic that finds the buffer full is accepted
   * all the same, and waits for room as one of `send` does: false is returned only before an interceptor has
   * seen the record.
   */
  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean {
    if (callback !== undefined) checkCallback(callback)
    if (this.#interception.isActive) return this.#intercepted.enqueue(record, callback ?? null)
    return this.#enqueue(record, callback)
  }

  #enqueue(record: ProducerRecord<K, V>, callback: DeliveryCallback | undefined): boolean {
    try {
      this.#assertOpen(record)
      return this.#pipeline.intake.submit(record, callback ?? null, 'refuse') !== 'full'
    } catch (error) {
      this.#tell(callback ?? null, notTaken(error))
      return true
    }
  }

  /** What streams and long lists are built over. */
  readonly #sink: RecordSink<K, V> = {
    offer: (record, callback) =>
      this.#interception.isActive || this.#intercepted.isHolding
        ? this.#intercepted.offer(record, callback ?? null)
        : this.#enqueue(record, callback),
    withdraw: (record, error) => this.#intercepted.withdraw(record, error),
    writable: () => this.writable(),
    flush: () => this.flush(),
    onOver: (listener) => this.#life.endOfSink.listen(listener),
  }

  /** The callback of an intercepted record without one. */
  readonly #unheard: DeliveryCallback = (error) => {
    if (error === null) return
    const { unheard, transactions } = this.#pipeline
    unheard.error({ err: error }, 'records without a callback were not delivered')
    transactions?.recordFailed(error, false)
  }

  /**
   * Resolves when `enqueue` is likely to find room again; reserves nothing. Those who called first are told
   * first, and only as many as the room goes round. Rejects with TimeoutError after `maxBlockMs`, with
   * ClosedError when the producer closes.
   */
  writable(options?: undefined): Promise<void> {
    const stray = strayError('writable', options, 'maxBlockMs')
    if (stray !== null) return Promise.reject(stray)
    if (!this.#life.isOpen) return Promise.reject(this.#life.closedError())
    return new Promise((resolve, reject) => {
      this.#pipeline.intake.room.onWritable((isInTime) => {
        if (!this.#life.isOpen) reject(this.#life.closedError())
        else if (isInTime) resolve()
        else reject(this.#noRoom())
      })
    })
  }

  #noRoom(): TimeoutError {
    const { maxBlockMs } = this.#options
    const cause = this.#pipeline.obstacles.ofRoom()
    const message = `no room in bufferMemoryBytes within maxBlockMs (${maxBlockMs} ms)${because(cause)}`
    return new TimeoutError(message, { cause: cause ?? undefined })
  }

  /**
   * A Writable of node:stream in object mode whose chunks are records; or, with `topic`, values; or, with
   * `toRecord`, whatever that makes records of. A write is done when its record is taken, and waits while
   * the buffer is full. 'finish' comes, and `pipeline` resolves, when every record is settled; where one
   * fails the stream does, with its error, unless `onError` is 'continue'. Throws ConfigError.
   */
  createWriteStream(options: ValueStreamOptions<V>): RecordWriteStream<V>
  createWriteStream<T>(options: MappedStreamOptions<T, K, V>): RecordWriteStream<T>
  createWriteStream(
    options?: RecordStreamOptions<ProducerRecord<K, V>>,
  ): RecordWriteStream<ProducerRecord<K, V>>
  createWriteStream<T>(options: AnyStreamOptions<T, K, V> = {}): RecordWriteStream<T> {
    return createWriteStream(this.#sink, options, this.#pipeline.runCallback)
  }

  /** The same as a WritableStream of the Web: `close` resolves when every record is settled. */
  createWritableStream(options: ValueStreamOptions<V>): WritableStream<V>
  createWritableStream<T>(options: MappedStreamOptions<T, K, V>): WritableStream<T>
  createWritableStream(
    options?: RecordStreamOptions<ProducerRecord<K, V>>,
  ): WritableStream<ProducerRecord<K, V>>
  createWritableStream<T>(options: AnyStreamOptions<T, K, V> = {}): WritableStream<T> {
    return createWritableStream(this.#sink, options, this.#pipeline.runCallback)
  }

  /**
   * Sends what a source gives, and hands on what became of each record, for `for await`: in the order of
   * the source, or as they are settled. At most `window` records are read and not handed on. A failure is
   * a result; the loop throws where the source does, the signal fires or the producer accepts no more
   * records. Leaving the loop ends the source; what was read is sent all the same. Throws ConfigError.
   */
  sendEach<R extends ProducerRecord<K, V>>(
    source: Iterable<R> | AsyncIterable<R>,
    options?: SendEachOptions,
  ): AsyncIterableIterator<SendEachResult<R>> {
    return sendEach(this.#sink, source, options)
  }

  /**
   * Resolves when every record given before this call is settled, well or badly: its failure is its
   * own promise's matter. Does not wait for `lingerMs`. Of a closed producer it resolves at once.
   */
  flush(options?: undefined): Promise<void> {
    const stray = strayError('flush', options, 'deliveryTimeoutMs')
    if (stray !== null) return Promise.reject(stray)
    if (this.#life.state === 'failed') return Promise.reject(this.#life.closedError())
    return new Promise((resolve) => this.#pipeline.flushTimed(resolve))
  }

  /** The topic's partitions. Rejects with TopicUnavailableError after `maxBlockMs`. */
  async partitionsFor(topic: string, options?: undefined): Promise<PartitionInfo[]> {
    this.#assertNothing('partitionsFor', options)
    this.#assertOpen()
    const known = await this.#pipeline.directory.whenKnown(topic, this.#options.maxBlockMs)
    return known.partitions
      .slice(0, known.partitionCount)
      .map(({ partition, leaderId }) => ({ topic, partition, leader: leaderId }))
  }

  /**
   * What this producer has done so far, and what it holds: a snapshot, made anew by each call, in some
   * tens of microseconds. docs/metrics.md has every field.
   */
  metrics(): ProducerMetrics {
    return this.#pipeline.metrics()
  }

  /**
   * The id under which the cluster keeps this producer's pushed metrics (KIP-714): 22 characters of
   * base64url, as Java's `clientInstanceId(…).toString()` and the brokers' logs have it. Opens the first
   * connection where there is none. Rejects with TimeoutError after `timeoutMs`, as where no broker has a
   * telemetry plug-in; with BrokerError where a broker has refused telemetry for good; with ConfigError
   * where `metricsPush` is false.
   */
  async clientInstanceId(options?: ClientInstanceIdOptions): Promise<string> {
    this.#assertOpen()
    const timeoutMs = timeoutMsOf('clientInstanceId', options, this.#options.maxBlockMs)
    const { telemetry, metadata } = this.#pipeline
    if (telemetry === null) {
      throw new ConfigError('there is no client instance id with metricsPush: false: leave it out')
    }
    const [id] = await Promise.all([
      telemetry.clientInstanceId(timeoutMs),
      metadata.connect(timeoutMs),
    ])
    return id
  }

  /**
   * How this producer is: connected, what waits for too long and why. Synchronous and cheap; for probes
   * and status pages.
   */
  health(): ProducerHealth {
    return this.#pipeline.health(this.#life.state, this.#life.failure)
  }

  /** The option `clientId`: what brokers, and labels of metrics, know this producer by. */
  get clientId(): string {
    return this.#options.clientId
  }

  /**
   * Delivers what was accepted, rejects what waits for room, and closes every connection. Records
   * that are not settled after `timeoutMs` fail with ClosedError. Closing twice is closing once.
   * Rejects with ConfigError, and closes nothing, for a `timeoutMs` that is not one.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      return this.#life.close(closeTimeoutMs(options, this.#options.deliveryTimeoutMs))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertNothing(call: string, given: unknown): void {
    const stray = strayError(call, given, 'maxBlockMs')
    if (stray !== null) throw stray
  }

  #sendWith(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    const { turn } = this.#pipeline.gathering
    try {
      const signal = options === undefined ? undefined : signalOf(options)
      if (signal !== undefined) checkSignal(signal)
      if (this.#interception.isActive) return this.#sendIntercepted(record, signal, turn)
      if (signal !== undefined) return this.#abortable.send(record, signal, null, turn)
      this.#pipeline.gathering.check(turn, false) // reading the options may run the user's code
      return this.send(record)
    } catch (error) {
      return Promise.reject(notTaken(error))
    }
  }

  #sendIntercepted(
    record: ProducerRecord<K, V>,
    signal: AbortSignal | undefined,
    turn: number,
  ): Promise<RecordMetadata> {
    const call: SendCall = { kind: 'send', recordCount: 1 }
    return this.#interception.intercept(record, call, 0, (intercepted) =>
      // It is said to be a record of this producer.
      this.#abortable.send(intercepted.toSend as ProducerRecord<K, V>, signal, intercepted, turn),
    )
  }

  /** Calls the callback of a record that was not accepted: later, as every callback. */
  #tell(callback: DeliveryCallback | null, error: DeliveryError): void {
    const { runCallback, unheard, transactions } = this.#pipeline
    if (callback !== null) queueJob(() => runCallback(callback, error, null))
    else {
      unheard.error({ err: error }, 'records without a callback were not accepted')
      transactions?.recordFailed(error, false)
    }
  }
}

/** The promise of a record that waits for its place. */
function promiseOf(parked: ParkedRecord): Promise<RecordMetadata> {
  return new Promise((resolve) => (parked.resolve = resolve))
}
