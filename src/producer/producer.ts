/**
 * The producer as its user meets it: each method checks whether the producer is open, hands the
 * record to the intake and turns the outcome into a promise, a callback or a boolean. No rule of
 * delivery lives here; ARCHITECTURE.md follows a record from `send` to the broker and back.
 */
import { queueJob } from '../clock.js'
import { AbortedError, ClosedError, TimeoutError, type DeliveryError } from '../errors.js'
import '../globals.js'
import { crc32cNotice } from '../protocol/crc32c.js'
import type { Serialized } from '../serialization/serializer.js'
import { AbortListeners } from './intake/abort-listeners.js'
import type { DeliveryCallback } from './intake/delivery-callback.js'
import {
  checkCallback,
  checkNoOptions,
  checkRecords,
  checkSignal,
  closeTimeoutMs,
  failedError,
  notTaken,
  signalOf,
} from './intake/call-checks.js'
import type { Submitted } from './intake/admission.js'
import type { ParkedRecord } from './waiting/parked-record.js'
import type { ProducerOptions, ResolvedOptions } from './options/options.js'
import { resolveOptions } from './options/resolve-options.js'
import type { ProducerMetrics } from './metrics.js'
import { because, closedError } from './waiting/parked-errors.js'
import type { TransactionalSettings } from './transactional/transactional-options.js'
import { systemEnvironment, type Environment } from './environment.js'
import { Pipeline } from './pipeline.js'
import { GroupRest } from './waiting/group-rest.js'
import { RecordGroup } from './intake/record-group.js'
import type { RecordMetadata } from './batching/record-metadata.js'
import type { ProducerRecord } from './intake/record.js'
import type { ProducerTopic } from './partitioning/topic.js'

/** Options of one `send`. */
export interface SendOptions {
  /**
   * Aborted before the record is appended: it is not written. After: the promise rejects with
   * outcome 'unknown', and the record is sent all the same.
   */
  readonly signal?: AbortSignal | undefined
}

/** Options of `close`. */
export interface CloseOptions {
  /** How long to go on delivering, in ms. Default `deliveryTimeoutMs`; 0 gives up at once. */
  readonly timeoutMs?: number | undefined
}

/** One partition of a topic. */
export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  /** Node id of its leader; -1 while it has none. */
  readonly leader: number
}

type State = 'open' | 'closing' | 'closed' | 'failed'

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
  readonly #aborts = new AbortListeners()
  #state: State = 'open'
  #closing: Promise<void> | null = null
  /** Why the producer has failed. */
  #failure: unknown = null

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
    this.#pipeline = new Pipeline(this.#options, environment, (error) => this.#fail(error))
    for (const message of warnings) this.#pipeline.logger.warn({}, message)
    if (crc32cNotice !== null) this.#pipeline.logger.info({}, crc32cNotice)
  }

  /** For the transactional producer, which is built on one. @internal */
  static pipelineOf<K, V>(producer: Producer<K, V>): Pipeline<K, V> {
    return producer.#pipeline
  }

  /**
   * Opens the first connection ahead of the first record. Rejects with TimeoutError after
   * `maxBlockMs`, naming each address and its cause; at once where no retry can mend it.
   */
  async connect(): Promise<void> {
    this.#assertOpen()
    await this.#pipeline.metadata.connect(this.#options.maxBlockMs)
  }

  /**
   * Sends one record; resolves once it is acknowledged. Waits, up to `maxBlockMs`, while the buffer
   * is full or the topic not known. Rejects with a DeliveryError, whose `outcome` says whether the
   * record may be in the log all the same. The record's bytes may be used again once it has returned.
   */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    if (options !== undefined) return this.#sendWith(record, options)
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
   * behind; only where none finds room for `maxBlockMs` do the rest fail. The records and their bytes
   * may be used again once it has returned. An iterable that throws rejects it before anything is
   * sent.
   */
  sendAll(records: Iterable<ProducerRecord<K, V>>, options?: undefined): Promise<RecordMetadata[]> {
    return new Promise((resolve, reject) => {
      checkNoOptions(options)
      checkRecords(records)
      const list = (Array.isArray(records) ? records : Array.from(records)) as ProducerRecord<
        K,
        V
      >[]
      const group = new RecordGroup(list.length, { resolve, reject })
      this.#pipeline.intake.submitGroup(list, group, this.#assertOpen)
    })
  }

  /**
   * Sends a record without making a promise; the fastest call. True: accepted, and `callback` (or,
   * without one, the logger in case of failure) will be called with its outcome, never during this
   * call; that includes a bad record and a closed producer. False: the buffer is full, or others
   * wait for it; the record was not accepted, and the callback is not called. `await writable()`
   * then, and try again. The record's bytes may be used again once it has returned. Throws
   * InvalidRecordError for a callback that is no function.
   */
  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean {
    if (callback !== undefined) checkCallback(callback)
    try {
      this.#assertOpen(record)
      return this.#pipeline.intake.submit(record, callback ?? null, 'refuse') !== 'full'
    } catch (error) {
      this.#tell(callback ?? null, notTaken(error))
      return true
    }
  }

  /**
   * Resolves when `enqueue` is likely to find room again; reserves nothing. Rejects with
   * TimeoutError after `maxBlockMs`, with ClosedError when the producer closes.
   */
  writable(): Promise<void> {
    const { intake, clock, obstacles } = this.#pipeline
    if (this.#state !== 'open') return Promise.reject(this.#closedError())
    // Not at once: a caller that is refused again must not keep the sockets from being served.
    if (intake.room.isWritable) return new Promise((resolve) => clock.defer(resolve))
    const { maxBlockMs } = this.#options
    return new Promise((resolve, reject) => {
      const listener = (): void => {
        timer.clear()
        if (this.#state === 'open') resolve()
        else reject(this.#closedError())
      }
      const timer = clock.setTimer(() => {
        intake.room.offWritable(listener)
        const cause = obstacles.ofRoom()
        const message = `no room in bufferMemoryBytes within maxBlockMs (${maxBlockMs} ms)${because(cause)}`
        reject(new TimeoutError(message, { cause: cause ?? undefined }))
      }, maxBlockMs)
      intake.room.onWritable(listener)
    })
  }

  /**
   * Resolves when every record given before this call is settled, well or badly: its failure is its
   * own promise's matter. Does not wait for `lingerMs`. Of a closed producer it resolves at once.
   */
  flush(): Promise<void> {
    return this.#state === 'failed' ? Promise.reject(this.#closedError()) : this.#settled()
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => this.#pipeline.flush(resolve))
  }

  /** The topic's partitions. Rejects with TopicUnavailableError after `maxBlockMs`. */
  async partitionsFor(topic: string): Promise<PartitionInfo[]> {
    this.#assertOpen()
    const known = await this.#pipeline.directory.whenKnown(topic, this.#options.maxBlockMs)
    return known.partitions
      .slice(0, known.partitionCount)
      .map(({ partition, leaderId }) => ({ topic, partition, leader: leaderId }))
  }

  /** What this producer has done so far, and what it holds. Costs next to nothing. */
  metrics(): ProducerMetrics {
    return this.#pipeline.metrics()
  }

  /**
   * Delivers what was accepted, rejects what waits for room, and closes every connection. Records
   * that are not settled after `timeoutMs` fail with ClosedError. Closing twice is closing once.
   * Rejects with ConfigError, and closes nothing, for a `timeoutMs` that is not one.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      const timeoutMs = closeTimeoutMs(options, this.#options.deliveryTimeoutMs)
      return (this.#closing ??= this.#close(timeoutMs))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    const { lot, intake, clock } = this.#pipeline
    this.#state = 'closing'
    lot.settleAll(
      (waiting) => waiting instanceof GroupRest || (waiting.isWaiting && !waiting.wasTaken),
      ({ topic }) =>
        this.#closedWhile(topic, 'the producer was closed while the record waited for room'),
    )
    intake.room.wake()
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, timeoutMs)
      void this.#settled().then(() => {
        timer.clear()
        resolve()
      })
    })
    const what = `the producer was closed before it was acknowledged (${timeoutMs} ms)`
    this.#pipeline.abandonAll(new ClosedError(what), ({ topic }) => this.#closedWhile(topic, what))
    if (this.#failure === null) this.#state = 'closed'
    this.#pipeline.close()
  }

  /** The error of a record that is in no batch yet, with what it has waited for. */
  #closedWhile({ name, isKnown }: ProducerTopic, what: string): ClosedError {
    const { directory, obstacles } = this.#pipeline
    return closedError(name, what, isKnown ? obstacles.ofRoom() : directory.whyUnknown(name))
  }

  /** A defect of ours: every open record is rejected, and no more are accepted. */
  #fail(cause: unknown): void {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    this.#failure = cause
    this.#pipeline.logger.error({ err: cause }, 'the producer has failed; this is a bug in Ottla')
    this.#closing ??= Promise.resolve()
    this.#pipeline.intake.room.wake()
    const reason = this.#closedError()
    this.#pipeline.abandonAll(reason)
    this.#pipeline.close()
  }

  #sendWith(record: ProducerRecord<K, V>, options: SendOptions): Promise<RecordMetadata> {
    try {
      const signal = signalOf(options)
      return signal === undefined ? this.send(record) : this.#sendAbortable(record, signal)
    } catch (error) {
      return Promise.reject(notTaken(error))
    }
  }

  /** `send` for which a signal may fire: the promise follows whichever comes first. */
  #sendAbortable(record: ProducerRecord<K, V>, signal: AbortSignal): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      checkSignal(signal)
      const isAborted = (): boolean => signal.aborted
      let topic = ''
      let submitted: Submitted = 'appended'
      const onAbort = (): void => {
        if (typeof submitted !== 'object' || submitted.wasPlaced) {
          reject(aborted(signal, 'unknown', topic))
        } else {
          // Changes nothing where it was settled in the meantime.
          this.#pipeline.lot.settle(submitted, aborted(signal, 'not-written', topic))
        }
      }
      const callback: DeliveryCallback = (error, metadata) => {
        this.#aborts.remove(signal, onAbort)
        if (error === null)
          resolve(metadata as RecordMetadata) // one of the two is there
        else reject(error)
      }
      try {
        this.#assertOpen(record)
        topic = (record as ProducerRecord<K, V> | undefined)?.topic ?? ''
        if (isAborted()) throw aborted(signal, 'not-written', topic)
        submitted = this.#pipeline.intake.submit(record, callback, 'wait')
        if (signal.aborted)
          onAbort() // by a serializer
        else this.#aborts.add(signal, onAbort)
      } catch (error) {
        reject(notTaken(error))
      }
    })
  }

  /** Calls the callback of a record that was not accepted: later, as every callback. */
  #tell(callback: DeliveryCallback | null, error: DeliveryError): void {
    const { runCallback, logger, transactions } = this.#pipeline
    if (callback !== null) queueJob(() => runCallback(callback, error, null))
    else {
      logger.error({ err: error }, 'a record without a callback was not accepted')
      transactions?.recordFailed(error, false)
    }
  }

  readonly #assertOpen = (record?: { readonly topic?: string } | null): void => {
    if (this.#state !== 'open') throw this.#closedError(record?.topic)
  }

  #closedError(topic?: string): DeliveryError {
    if (this.#failure === null) {
      const message =
        'the producer is closed: records can be sent until close() is called; make a new Producer'
      return new ClosedError(message, { topic })
    }
    return failedError(this.#failure, topic)
  }
}

/** The promise of a record that waits for its place. */
function promiseOf(parked: ParkedRecord): Promise<RecordMetadata> {
  return new Promise((resolve) => (parked.resolve = resolve))
}

function aborted(
  signal: AbortSignal,
  outcome: 'not-written' | 'unknown',
  topic: string,
): AbortedError {
  const known =
    outcome === 'unknown'
      ? 'it was in a batch already, and may be in the log'
      : 'it is not in the log'
  return new AbortedError(`a send to topic "${topic}" was aborted: ${known}`, {
    outcome,
    topic,
    cause: signal.reason as unknown,
  })
}
