/**
 * Several transactional producers for one process whose requests each want a transaction of their own at
 * the same time: producer n has the id `<transactionalId>-<n>`.
 *
 * Before: the user. After: transactional-producer.ts, one for each id.
 */
import { ClosedError, ConfigError, FencedError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import { closeTimeoutMs } from '../intake/call-checks.js'
import { kindOf } from '../intake/record.js'
import type { CloseOptions } from '../producer.js'
import type { Transaction } from './transaction.js'
import { splitOptions, type TransactionalProducerOptions } from './transactional-options.js'
import { TransactionalProducer, type RunOptions } from './transactional-producer.js'

/** What `new TransactionalPool(options)` takes. */
export interface TransactionalPoolOptions<
  K = Serialized,
  V = Serialized,
> extends TransactionalProducerOptions<K, V> {
  /**
   * Of a pool: how many producers it has, and so how many transactions run at a time, from 1 to 1000. Each
   * has connections of its own. Default 4.
   */
  readonly size?: number | undefined
}

const DEFAULT_SIZE = 4
const MOST = 1000

/** A producer, and how many transactions it was given. */
interface Member<K, V> {
  readonly producer: TransactionalProducer<K, V>
  busyCount: number
}

/**
 * Runs transactions beside one another. `transactionalId` must be this instance's own, and the same after
 * a restart, so that a restart decides what was left open; two instances with one id fence each other.
 * Between its transactions there is no order. A producer that is fenced is given up, since another
 * instance has its id; where all are, every call fails with FencedError. One that has failed otherwise is
 * replaced.
 */
export class TransactionalPool<K = Serialized, V = Serialized> implements AsyncDisposable {
  readonly #options: TransactionalProducerOptions<K, V>
  readonly #members = new Map<string, Member<K, V>>()
  #fenced: FencedError | null = null
  #closing: Promise<void> | null = null

  /** Throws ConfigError. Opens nothing. */
  constructor(options: TransactionalPoolOptions<K, V>) {
    const { size = DEFAULT_SIZE, ...rest } = Object(options) as TransactionalPoolOptions<K, V>
    if (!Number.isInteger(size) || size < 1 || size > MOST) {
      throw new ConfigError(`option size is ${kindOf(size)}: give an integer from 1 to ${MOST}`)
    }
    this.#options = rest
    splitOptions(rest) // of the user's own id; the rest is looked at by each producer
    for (let n = 0; n < size; n++) this.#add(`${rest.transactionalId}-${n}`)
  }

  /** Producers that are not fenced. */
  get size(): number {
    return this.#members.size
  }

  /** Registers every id. Rejects as `TransactionalProducer.connect`. */
  async connect(): Promise<void> {
    this.#assertOpen()
    await Promise.all([...this.#members.values()].map(({ producer }) => producer.connect()))
  }

  /**
   * As `TransactionalProducer.transaction`, on the producer with the least to do. The function may run
   * beside others.
   */
  async transaction<T>(
    action: (transaction: Transaction<K, V>) => T | Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    this.#assertOpen()
    const member = this.#leastBusy()
    member.busyCount++
    try {
      return await member.producer.transaction(action, options)
    } finally {
      member.busyCount--
      if (member.producer.isOver) this.#replace(member)
    }
  }

  /** As `TransactionalProducer.close`, of every one. */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      closeTimeoutMs(options, 0) // what is wrong closes nothing
      return (this.#closing ??= this.#close(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: CloseOptions): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ producer }) => producer.close(options)))
  }

  #add(transactionalId: string): void {
    const producer = new TransactionalProducer<K, V>({ ...this.#options, transactionalId })
    this.#members.set(transactionalId, { producer, busyCount: 0 })
  }

  #leastBusy(): Member<K, V> {
    let least: Member<K, V> | null = null
    for (const member of this.#members.values()) {
      if (member.producer.isOver) continue // until its last call has returned
      if (least === null || member.busyCount < least.busyCount) least = member
    }
    if (least !== null) return least
    throw this.#fenced ?? new ClosedError('the pool has no producer left')
  }

  #replace({ producer }: Member<K, V>): void {
    const { transactionalId, overBecause } = producer
    if (this.#closing !== null || this.#members.get(transactionalId)?.producer !== producer) return
    this.#members.delete(transactionalId)
    void producer.close({ timeoutMs: 0 })
    if (overBecause instanceof FencedError) this.#fenced = overBecause
    else this.#add(transactionalId)
  }

  #assertOpen(): void {
    if (this.#closing === null) return
    throw new ClosedError('the pool is closed: make a new TransactionalPool')
  }
}
