/**
 * A producer whose records count by transactions: all of one, or none. It has no `send` of its own, since
 * Kafka takes none outside a transaction: that is a method of the Transaction that `begin` and
 * `transaction` give.
 *
 * Before: the user. After: transaction.ts; transaction-manager.ts decides.
 */
import { whenAborted } from '../../abort-signals.js'
import { Closing } from '../../closing.js'
import {
  AbortedError,
  ClosedError,
  TimeoutError,
  TransactionAbortedError,
  TransactionStateError,
} from '../../errors.js'
import type { DeliveryError, OttlaError, TransactionUnknownError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import { systemEnvironment, type Environment } from '../environment.js'
import { closeTimeoutMs } from '../intake/call-checks.js'
import type { ProducerHealth } from '../health.js'
import type { ProducerMetrics } from '../metrics.js'
import type { Pipeline } from '../pipeline.js'
import {
  Producer,
  type ClientInstanceIdOptions,
  type CloseOptions,
  type PartitionInfo,
} from '../producer.js'
import { assert } from '../../assert.js'
import { Transaction } from './transaction.js'
import { stateError, unknownError } from '../transactions/transaction-errors.js'
import type { TransactionJob } from '../transactions/transaction-job.js'
import type { TransactionManager } from '../transactions/transaction-manager.js'
import { checkBegin, checkRun } from './transactional-calls.js'
import { splitOptions, type TransactionalProducerOptions } from './transactional-options.js'
import { waitFor, waitUntil, type WaitLimits } from '../transactions/wait.js'

/** Options of one `begin`. */
export interface BeginOptions {
  /**
   * True (the default): wait, up to `maxBlockMs`, while another transaction is open. False: reject with
   * TransactionStateError.
   */
  readonly wait?: boolean | undefined
  /** Fired while it waits: rejects with AbortedError. */
  readonly signal?: AbortSignal | undefined
}

/** Options of one `transaction`. */
export interface RunOptions {
  /**
   * How often the function may be called, from 1. It is called again, with a new transaction, only where
   * the one before is aborted for certain and a repetition can help; never for an error of its own, nor
   * where the outcome is unknown. Default 1.
   */
  readonly attempts?: number | undefined
  /** Fired: the transaction is aborted, and the call rejects, unless its commit is under way. */
  readonly signal?: AbortSignal | undefined
  /** Called before the function is called again: why, and how often it has been called until now. */
  readonly onRetry?: ((error: TransactionAbortedError, attempts: number) => void) | undefined
}

/**
 * Sends records in transactions (KIP-98, KIP-890): consumers with isolation.level=read_committed see all
 * of one, in order, or nothing of it. One transaction is open at a time; the next may gather records while
 * the last is being ended. For more at once, use a TransactionalPool.
 *
 * The constructor opens nothing: `connect` or the first `begin` does.
 *
 * @typeParam K - what the key serializer takes
 * @typeParam V - what the value serializer takes
 */
export class TransactionalProducer<K = Serialized, V = Serialized> implements AsyncDisposable {
  readonly #producer: Producer<K, V>
  readonly #pipeline: Pipeline<K, V>
  readonly #manager: TransactionManager
  readonly #maxBlockMs: number
  readonly #transactionTimeoutMs: number
  readonly #closing = new Closing()

  /** Throws ConfigError. */
  constructor(options: TransactionalProducerOptions<K, V>)
  /** `environment` replaces time, chance and sockets: for tests of our own. @internal */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the one above is public
  constructor(options: TransactionalProducerOptions<K, V>, environment?: Environment)
  constructor(
    options: TransactionalProducerOptions<K, V>,
    environment: Environment = systemEnvironment(),
  ) {
    const { producer, settings } = splitOptions(options)
    this.#producer = new Producer(producer, environment, settings)
    this.#pipeline = Producer.pipelineOf(this.#producer)
    const { transactions } = this.#pipeline
    assert(transactions !== null, 'a producer with a transactional id has transactions')
    this.#manager = transactions
    this.#maxBlockMs = producer.maxBlockMs ?? DEFAULT_MAX_BLOCK_MS
    this.#transactionTimeoutMs = settings.transactionTimeoutMs
  }

  get transactionalId(): string {
    return this.#manager.transactionalId
  }

  /**
   * Registers the transactional id: the producer that had it before is fenced, and what that one left open
   * is committed or aborted before this resolves. Rejects with TimeoutError after `maxBlockMs` (then call it again), with
   * AuthorizationError, AuthenticationError or FatalError, and with FencedError where a newer producer has
   * the id. The first `begin` does the same.
   */
  async connect(options?: undefined): Promise<void> {
    this.#manager.assertGoingOn()
    await this.#producer.connect(options)
    await this.#manager.initialize()
  }

  /**
   * Begins a transaction, as soon as the end of the one before is under way: until that is answered its
   * records are batched, and then sent. Rejects with TimeoutError after `maxBlockMs`, with AbortedError,
   * with TransactionStateError (`wait: false`), and as `connect` does.
   */
  async begin(options: BeginOptions = {}): Promise<Transaction<K, V>> {
    checkBegin(options)
    const { signal, wait = true } = options
    this.#mustBeIdle(wait)
    const { clock, runCallback, unheard } = this.#pipeline
    const limits = this.#limits(signal, () => this.#outOfTurn())
    if (signal?.aborted === true) throw notBegun(signal) // or another instance would be fenced for nothing
    const endMs = clock.monotonicMs() + limits.timeoutMs
    await waitFor(this.#manager.initialize(), limits)
    this.#mustBeIdle(wait)
    const leftMs = Math.max(0, endMs - clock.monotonicMs())
    const job = await this.#turn({ ...limits, timeoutMs: leftMs })
    return new Transaction<K, V>({
      ...{
        records: this.#producer,
        sink: Producer.sinkOf(this.#producer),
        manager: this.#manager,
        job,
        clock,
        runCallback,
      },
      maxBlockMs: this.#maxBlockMs,
      onUnheard: (error) =>
        unheard.error({ err: error }, 'records without a callback were not accepted'),
    })
  }

  #mustBeIdle(wait: boolean): void {
    if (wait || this.#manager.isIdle) return
    throw stateError('begin({ wait: false }) while another transaction is open: end that one first')
  }

  async #turn(limits: WaitLimits): Promise<TransactionJob> {
    const turn: { begun?: TransactionJob; failure?: OttlaError } = {}
    await waitUntil((done) => {
      const onBegun = (job: TransactionJob): void => {
        turn.begun = job
        done()
      }
      const onFailed = (error: OttlaError): void => {
        turn.failure = error
        done()
      }
      return this.#manager.begin(onBegun, onFailed)
    }, limits)
    if (turn.failure !== undefined) throw turn.failure
    assert(turn.begun !== undefined, 'who has waited for his turn has a transaction, or an error')
    return turn.begun
  }

  /**
   * Calls `action` with a transaction, commits it once what that returns is resolved, and resolves to the
   * same. Where `action` throws, the transaction is aborted, and this rejects with what was thrown. Else
   * it rejects as `begin` and `commit` do; where the commit has no outcome within `maxBlockMs` and
   * `transactionTimeoutMs`, with TransactionUnknownError. Calls wait for their turn, up to `maxBlockMs`:
   * one within another's `action` would wait for itself.
   */
  async transaction<T>(
    action: (transaction: Transaction<K, V>) => T | Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    checkRun(action, options)
    const { attempts = 1, signal, onRetry } = options
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(action, signal)
      if ('value' in outcome) return outcome.value
      const { aborted } = outcome
      const mayRepeat = aborted?.retriable === true && signal?.aborted !== true
      if (aborted === null || !mayRepeat || attempt >= attempts) throw outcome.error
      this.#pipeline.runCallback(() => onRetry?.(aborted, attempt), null, null)
    }
  }

  async #attempt<T>(
    action: (transaction: Transaction<K, V>) => T | Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly value: T } | Failure> {
    const transaction = await this.begin({ signal })
    const stopListening = whenAborted(signal, () => void transaction.abort().catch(() => {}))
    try {
      const value = await this.#run(action, transaction)
      const isTakenBack = isAborting(transaction) && signal?.aborted === true
      if (isTakenBack) return await this.#aborted(transaction, signal)
      if ('error' in value) return value
      if (!isAborting(transaction) || !transaction.isAbortedByUser) await this.#commit(transaction)
      return value
    } catch (error) {
      return { error, aborted: error instanceof TransactionAbortedError ? error : null }
    } finally {
      stopListening()
    }
  }

  /** Rejects with what was thrown; but with the abort's error where that says that we are fenced, or over. */
  async #run<T>(
    action: (transaction: Transaction<K, V>) => T | Promise<T>,
    transaction: Transaction<K, V>,
  ): Promise<{ readonly value: T } | Failure> {
    try {
      return { value: await action(transaction) }
    } catch (error) {
      await transaction.abort().catch((abortError: unknown) => {
        // It takes long; or the function had called commit() itself.
        const isNoNews =
          abortError instanceof TimeoutError || abortError instanceof TransactionStateError
        if (!isNoNews) throw abortError
      })
      return { error, aborted: transaction.abortedBecause }
    }
  }

  /** The signal was fired while the function ran. */
  async #aborted(transaction: Transaction<K, V>, { reason }: AbortSignal): Promise<Failure> {
    await transaction.abort().catch((error: unknown) => {
      if (!(error instanceof TimeoutError)) throw error
    })
    const cause = reason as unknown
    const error = new AbortedError('the transaction was aborted: the signal was fired', { cause })
    return { error, aborted: null }
  }

  /** Nobody can call it again: so for as long as the coordinator may take to decide. */
  async #commit(transaction: Transaction<K, V>): Promise<void> {
    const timeoutMs = Math.max(this.#maxBlockMs, this.#transactionTimeoutMs)
    await transaction.commit({ timeoutMs }).catch((error: unknown) => {
      throw error instanceof TimeoutError ? this.#notAnswered(error) : error
    })
  }

  #notAnswered(error: TimeoutError): TransactionUnknownError {
    return unknownError(this.transactionalId, error)
  }

  /** It can do nothing any more: it is fenced, closed, or has failed. @internal */
  get isOver(): boolean {
    return this.#manager.fatal !== null
  }

  /** Why. @internal */
  get overBecause(): DeliveryError | null {
    return this.#manager.fatal
  }

  /** The topic's partitions, as `Producer.partitionsFor`. */
  partitionsFor(topic: string, options?: undefined): Promise<PartitionInfo[]> {
    return this.#producer.partitionsFor(topic, options)
  }

  /** What this producer has done so far, and what it holds. */
  metrics(): ProducerMetrics {
    return this.#producer.metrics()
  }

  /** The id of this producer's pushed metrics, as `Producer.clientInstanceId`. */
  clientInstanceId(options?: ClientInstanceIdOptions): Promise<string> {
    return this.#producer.clientInstanceId(options)
  }

  /** How this producer is, as `Producer.health`; 'failed' where it is fenced. */
  health(): ProducerHealth {
    return this.#producer.health()
  }

  /** The option `clientId`. */
  get clientId(): string {
    return this.#producer.clientId
  }

  /**
   * Waits for a commit that is under way, aborts a transaction that is open, and closes every connection:
   * within `timeoutMs`, by default `transactionTimeoutMs`. With 0 nothing is sent, and the coordinator
   * aborts what is open after `transactionTimeoutMs`, or when the id is registered again. Closing twice is
   * closing once.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      const timeoutMs = closeTimeoutMs(options, this.#transactionTimeoutMs)
      return this.#closing.once(() => this.#close(timeoutMs))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock, telemetry } = this.#pipeline
    const endMs = clock.monotonicMs() + timeoutMs
    if (timeoutMs > 0) {
      this.#manager.closing()
      const onTimeout = (): Error => new ClosedError('closed')
      await waitUntil((done) => this.#manager.whenEnded(done), {
        clock,
        timeoutMs,
        onTimeout,
      }).catch(
        () => {}, // what is left is given up
      )
    }
    this.#manager.close()
    const lastPush = telemetry?.terminate(endMs - clock.monotonicMs())
    if (lastPush) await lastPush
    await this.#producer.close({ timeoutMs: 0 })
  }

  #limits(signal: AbortSignal | undefined, onTimeout: () => Error): WaitLimits {
    const { clock } = this.#pipeline
    return { clock, timeoutMs: this.#maxBlockMs, signal, onTimeout, onAbort: notBegun }
  }

  #outOfTurn(): TimeoutError {
    const cause = this.#manager.lastError ?? undefined
    return new TimeoutError(
      `no transaction could begin within maxBlockMs (${this.#maxBlockMs} ms): another one of transactionalId "${this.transactionalId}" is open, or the coordinator does not answer; end each transaction, or use a TransactionalPool`,
      { cause },
    )
  }
}

/** The function, or the commit, has failed; `aborted`: the transaction is aborted for certain, for that. */
interface Failure {
  readonly error: unknown
  readonly aborted: TransactionAbortedError | null
}

const DEFAULT_MAX_BLOCK_MS = 60_000

function notBegun({ reason }: AbortSignal): AbortedError {
  const cause = reason as unknown
  return new AbortedError('a transaction was not begun: the signal was fired', { cause })
}

/** Somebody has called abort, whatever came of it. */
function isAborting({ state }: { readonly state: string }): boolean {
  return ['aborting', 'aborted', 'fenced', 'unknown'].includes(state)
}
