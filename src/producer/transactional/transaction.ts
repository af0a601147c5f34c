/**
 * A transaction as its user meets it: records and a consumer group's offsets that count together, or not
 * at all. No rule lives here; transaction-manager.ts decides what happens.
 *
 * Before: the user. After: producer.ts takes the records.
 */
import { queueJob, type Clock } from '../../clock.js'
import { TimeoutError, TransactionAbortedError, type DeliveryError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import type { OutcomeTeller } from '../batching/batch-waiters.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import { checkCallback, checkNoOptions, strayError, timeoutMsOf } from '../intake/call-checks.js'
import type { ProducerRecord } from '../records/record.js'
import type { SendOptions } from '../producer.js'
import {
  checkOffsets,
  groupMember,
  type ConsumerGroupMetadata,
  type OffsetToCommit,
} from '../coordinating/consumer-group.js'
import { abortedError, notOpenError, stateError } from '../transactions/transaction-errors.js'
import type { TransactionJob } from '../transactions/transaction-job.js'
import type { TransactionManager } from '../transactions/transaction-manager.js'
import type { TransactionStateName } from '../transactions/transaction-state.js'
import { waitUntil } from '../transactions/wait.js'
import { createWriteStream } from '../streams/node-stream.js'
import { EndOfSink } from '../streams/end-of-sink.js'
import type { RecordSink } from '../streams/record-sink.js'
import type { RecordWriteStream } from '../streams/record-write-stream.js'
import { sendEach, type SendEachOptions, type SendEachResult } from '../streams/send-each.js'
import { isAsyncOnly, sendSource } from '../streams/send-source.js'
import type { AnyStreamOptions } from '../streams/stream-checks.js'
import type {
  MappedStreamOptions,
  RecordStreamOptions,
  ValueStreamOptions,
} from '../streams/stream-options.js'
import { createWritableStream } from '../streams/web-stream.js'

/** How long to wait for an outcome. */
export interface EndOptions {
  /**
   * In ms. Default `maxBlockMs`. Then the call rejects with TimeoutError, and what it has begun goes on:
   * the same call again waits for its outcome.
   */
  readonly timeoutMs?: number | undefined
}

/** Takes records: a producer, as far as a transaction uses it. */
export interface RecordTaker<K, V> {
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata>
  sendAll(
    records: Iterable<ProducerRecord<K, V>> | AsyncIterable<ProducerRecord<K, V>>,
    options?: undefined,
  ): Promise<RecordMetadata[]>
  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean
  writable(options?: undefined): Promise<void>
  flush(options?: undefined): Promise<void>
}

/** What a transaction is made of. @internal */
export interface TransactionPieces<K, V> {
  readonly records: RecordTaker<K, V>
  readonly sink: RecordSink<K, V>
  readonly manager: TransactionManager
  readonly job: TransactionJob
  readonly clock: Clock
  readonly maxBlockMs: number
  readonly runCallback: OutcomeTeller
  readonly onUnheard: (error: DeliveryError) => void
}

/**
 * One transaction of a TransactionalProducer, which makes it (`begin`, `transaction`). Its calls are those
 * of a producer. Once it is not open any more each of them fails: with TransactionAbortedError or
 * FencedError where that is why, else with TransactionStateError.
 */
export class Transaction<K = Serialized, V = Serialized> implements AsyncDisposable {
  readonly #pieces: TransactionPieces<K, V>

  /** @internal */
  constructor(pieces: TransactionPieces<K, V>) {
    this.#pieces = pieces
  }

  /**
   * 'open' takes records; 'committing' and 'aborting' wait for an answer; 'committed', 'aborted',
   * 'unknown' (the answer to the commit is lost for good) and 'fenced' are outcomes.
   */
  get state(): TransactionStateName {
    return this.#pieces.job.run.state
  }

  /** By `abort`, and not by what has failed. @internal */
  get isAbortedByUser(): boolean {
    return this.#pieces.job.run.isAbortedByUser
  }

  /** The error of what has aborted it, other than the user; null where it is not aborted. @internal */
  get abortedBecause(): TransactionAbortedError | null {
    const { run } = this.#pieces.job
    return run.state === 'aborted' && run.error instanceof TransactionAbortedError
      ? run.error
      : null
  }

  /**
   * As `Producer.send`: the promise resolves when the record is stored, and the record counts once the
   * transaction is committed. If it fails, the transaction is aborted, at once; but not for
   * InvalidRecordError, SerializationError, or AbortedError of `options.signal`.
   */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    const { records, job } = this.#pieces
    return job.run.isOpen ? records.send(record, options) : this.#refuse('send')
  }

  /**
   * As `Producer.sendAll`; a record that fails aborts the transaction, but for the errors that `send` names:
   * who catches the SendAllError of such a record can commit the others without it.
   */
  sendAll(
    records: Iterable<ProducerRecord<K, V>> | AsyncIterable<ProducerRecord<K, V>>,
    options?: undefined,
  ): Promise<RecordMetadata[]> {
    const { job, records: producer } = this.#pieces
    return new Promise((resolve) => {
      checkNoOptions(options)
      if (!job.run.isOpen) throw this.#notOpen('sendAll')
      const isSource = isAsyncOnly<ProducerRecord<K, V>>(records)
      resolve(isSource ? sendSource(this.#sink(), records) : producer.sendAll(records))
    })
  }

  /**
   * As `Producer.enqueue`; a record that fails aborts the transaction. Without a callback no failure is
   * lost: every one aborts, and `commit` rejects. False: the buffer is full, and the record was not taken.
   */
  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean {
    const { records, job, runCallback, onUnheard } = this.#pieces
    if (job.run.isOpen) return records.enqueue(record, callback)
    if (callback !== undefined) checkCallback(callback)
    const error = this.#notOpen('enqueue')
    if (callback) queueJob(() => runCallback(callback, error, null))
    else onUnheard(error)
    return true
  }

  /** As `Producer.writable`. */
  writable(options?: undefined): Promise<void> {
    const { records, job } = this.#pieces
    return job.run.isOpen ? records.writable(options) : this.#refuse('writable')
  }

  /** What streams and long lists of this transaction are built over. */
  #sink(): RecordSink<K, V> {
    const { sink, job, records } = this.#pieces
    const waiting = job.offers.open()
    const isOpen = (): boolean => job.run.isOpen || (waiting.isWaiting && job.run.mayCommit)
    return {
      offer: (record, callback) => {
        const isTaken = isOpen()
          ? sink.offer(record, callback)
          : this.#refuseOffer(sink, record, callback)
        waiting.offered(isTaken)
        return isTaken
      },
      withdraw: (record, error) => {
        sink.withdraw(record, error)
        waiting.offered(true)
      },
      writable: () => (isOpen() ? records.writable() : this.#refuse('writable')),
      flush: () => this.flush(),
      onOver: (listener) => this.#onOver(listener),
    }
  }

  /** Once it has ended, or its producer is closed. */
  #onOver(listener: (error: Error) => void): () => void {
    const { sink, job } = this.#pieces
    const over = new EndOfSink()
    const stops = [
      sink.onOver((error) => over.tell(error)),
      job.run.onEnded(() => over.tell(this.#notOpen('a stream'))),
      over.listen(listener),
    ]
    return () => stops.forEach((stop) => stop())
  }

  /** Interceptors that have seen the record are told, too. */
  #refuseOffer(
    sink: RecordSink<K, V>,
    record: ProducerRecord<K, V>,
    callback?: DeliveryCallback,
  ): boolean {
    sink.withdraw(record, this.#notOpen('enqueue'))
    return this.enqueue(record, callback)
  }

  /** As `Producer.createWriteStream`: end it before `commit`. A record that fails aborts the transaction. */
  createWriteStream(options: ValueStreamOptions<V>): RecordWriteStream<V>
  createWriteStream<T>(options: MappedStreamOptions<T, K, V>): RecordWriteStream<T>
  createWriteStream(
    options?: RecordStreamOptions<ProducerRecord<K, V>>,
  ): RecordWriteStream<ProducerRecord<K, V>>
  createWriteStream<T>(options: AnyStreamOptions<T, K, V> = {}): RecordWriteStream<T> {
    return createWriteStream(this.#sink(), options, this.#pieces.runCallback)
  }

  /** As `Producer.createWritableStream`, and `createWriteStream` above. */
  createWritableStream(options: ValueStreamOptions<V>): WritableStream<V>
  createWritableStream<T>(options: MappedStreamOptions<T, K, V>): WritableStream<T>
  createWritableStream(
    options?: RecordStreamOptions<ProducerRecord<K, V>>,
  ): WritableStream<ProducerRecord<K, V>>
  createWritableStream<T>(options: AnyStreamOptions<T, K, V> = {}): WritableStream<T> {
    return createWritableStream(this.#sink(), options, this.#pieces.runCallback)
  }

  /**
   * As `Producer.sendEach`; a record that fails aborts the transaction, but for the errors that `send` names:
   * look at each result's `error`, or the others are committed without it.
   */
  sendEach<R extends ProducerRecord<K, V>>(
    source: Iterable<R> | AsyncIterable<R>,
    options?: SendEachOptions,
  ): AsyncIterableIterator<SendEachResult<R>> {
    return sendEach(this.#sink(), source, options)
  }

  /** As `Producer.flush`: every record given until now is settled. `commit` does that by itself. */
  flush(options?: undefined): Promise<void> {
    return this.#pieces.records.flush(options)
  }

  /**
   * Commits a consumer group's offsets with the transaction: they count once it is committed. An offset is
   * that of the next record to read; of several for one partition the last counts. Give the member that
   * has read the records (`groupId`, `generationId`, `memberId`, `groupInstanceId`), as it was when they
   * were handed out, so that one which has lost its partitions meanwhile is refused; with the group's name
   * alone nobody is. Resolves once the group's coordinator has stored them. Rejects with
   * InvalidRecordError for what are no offsets, and with TransactionAbortedError where the group or the
   * coordinator refuses: the transaction is aborted. Kafka: KIP-447.
   */
  async sendOffsets(
    group: string | ConsumerGroupMetadata,
    offsets: Iterable<OffsetToCommit>,
    options?: undefined,
  ): Promise<void> {
    const stray = strayError('sendOffsets', options, 'transactionTimeoutMs')
    if (stray !== null) throw stray
    const { manager, job, clock } = this.#pieces
    const member = groupMember(group)
    const checked = checkOffsets(offsets)
    if (!job.run.isOpen) throw this.#notOpen('sendOffsets')
    if (checked.length === 0) return
    const sinceMs = clock.monotonicMs()
    if (await job.offsets.commit(member, checked)) {
      manager.watch.took('sendOffsets', sinceMs)
      return
    }
    throw job.run.error ?? abortedError(manager.transactionalId, job.run.failure)
  }

  /**
   * Sends what is left, waits for every acknowledgement, and commits. Resolves once it is committed.
   * Rejects with TransactionAbortedError where that was not possible and it is aborted for certain; with
   * FencedError; with TransactionUnknownError where the answer is lost for good; with TransactionStateError
   * after `abort`; with TimeoutError where there is no outcome yet: then call it again. Called again after
   * the outcome, it gives the same.
   */
  async commit(options: EndOptions = {}): Promise<void> {
    const { manager, job } = this.#pieces
    const { run } = job
    const timeoutMs = timeoutMsOf('commit', options, this.#pieces.maxBlockMs)
    if (run.isAbortedByUser) throw stateError('commit() after abort(): the transaction is aborted')
    if (run.isOpen) manager.commit(job)
    await this.#ended('commit', timeoutMs)
    if (run.error !== null) throw run.error
  }

  /**
   * Aborts: what was not sent never is, and nothing of the rest will be visible to read_committed. Resolves
   * once the coordinator has said so, also where Ottla had aborted it before. Rejects with
   * TransactionStateError once `commit` was called (unless that has aborted it), with FencedError, and with
   * TimeoutError as `commit` does.
   */
  async abort(options: EndOptions = {}): Promise<void> {
    const { manager, job } = this.#pieces
    const { run } = job
    const timeoutMs = timeoutMsOf('abort', options, this.#pieces.maxBlockMs)
    if (run.state === 'committing' || run.state === 'committed') {
      throw stateError('abort() after commit(): call commit() again for its outcome')
    }
    if (run.isOpen) manager.abort(job)
    await this.#ended('abort', timeoutMs)
    if (run.state !== 'aborted' && run.error !== null) throw run.error
  }

  /** Aborts unless it was ended; never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { run } = this.#pieces.job
    if (!run.isOpen && run.state !== 'aborting') return
    await this.abort().catch(() => {}) // the producer's next call says what is the matter
  }

  #ended(what: string, timeoutMs: number): Promise<void> {
    const { job, clock, manager } = this.#pieces
    return waitUntil((done) => job.run.onEnded(done), {
      clock,
      timeoutMs,
      onTimeout: () => {
        const { lastError } = manager
        const why = lastError === null ? '' : ` (${lastError.message})`
        return new TimeoutError(
          `${what} has no outcome within ${timeoutMs} ms${why}, and goes on: call it again to wait for it`,
          { cause: lastError ?? undefined },
        )
      },
    })
  }

  #notOpen(what: string): DeliveryError {
    const { manager, job } = this.#pieces
    return notOpenError(manager.transactionalId, what, job.run)
  }

  #refuse(what: string): Promise<never> {
    return Promise.reject(this.#notOpen(what))
  }
}
