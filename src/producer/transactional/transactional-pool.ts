/**
 * Several transactional producers for one process whose requests each want a transaction of their own at
 * the same time: producer n has the id `<transactionalId>-<n>`.
 *
 * Before: the user. After: transactional-producer.ts, one for each id.
 */
import { assert } from '../../assert.js'
import { Closing } from '../../closing.js'
import { ClosedError, ConfigError, FencedError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import { closeTimeoutMs } from '../intake/call-checks.js'
import { kindOf } from '../records/record.js'
import type { CloseOptions } from '../producer.js'
import type { Transaction } from './transaction.js'
import { checkRun } from './transactional-calls.js'
import {
  checkObject,
  splitOptions,
  type TransactionalProducerOptions,
} from './transactional-options.js'
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
  readonly #closing = new Closing()

  /** Throws ConfigError. Opens nothing. */
  constructor(options: TransactionalPoolOptions<K, V>) {
    checkObject("a transactional pool's options", options, ['size'])
    const { size = DEFAULT_SIZE, ...rest } = options
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

  /**
   * Those producers, for what each tells of itself: `health()`, `metrics()`. One that has failed is
   * replaced by another, so ask for them each time.
   */
  get producers(): readonly TransactionalProducer<K, V>[] {
    return Array.from(this.#members.values(), ({ producer }) => producer)
  }

  /** Registers every id. Rejects as `TransactionalProducer.connect`. */
  async connect(options?: undefined): Promise<void> {
    this.#assertOpen()
    await Promise.all(
      this.#goingOn().map((member) => this.#use(member, () => member.producer.connect(options))),
    )
  }

  /**
   * As `TransactionalProducer.transaction`, on the producer with the least to do. The function may run
   * beside others. A call that waits for a producer that is fenced meanwhile goes to another one.
   */
  async transaction<T>(
    action: (transaction: Transaction<K, V>) => T | Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    this.#assertOpen()
    checkRun(action, options)
    let callCount = 0
    const run = (transaction: Transaction<K, V>): T | Promise<T> => {
      callCount++
      return action(transaction)
    }
    for (;;) {
      const member = this.#leastBusy()
      const { producer } = member
      try {
        return await this.#use(member, () => producer.transaction(run, options))
      } catch (error) {
        // Not once the function was called: what it has done by itself, nobody takes back.
        if (callCount > 0 || this.#members.get(producer.transactionalId) === member) throw error
        if (!(error instanceof FencedError)) throw error
      }
    }
  }

  /** As `TransactionalProducer.close`, of every one. */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      closeTimeoutMs(options, 0) // what is wrong closes nothing
      return this.#closing.once(() => this.#close(options))
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

  /** Runs a call on a producer; one that is over by then is replaced. */
  async #use<T>(member: Member<K, V>, call: () => Promise<T>): Promise<T> {
    member.busyCount++
    try {
      return await call()
    } finally {
      member.busyCount--
      this.#replace(member)
    }
  }

  /** Those that are not over, at least one: who is may have become so between two calls. */
  #goingOn(): Member<K, V>[] {
    for (const member of [...this.#members.values()]) this.#replace(member)
    if (this.#members.size > 0) return [...this.#members.values()]
    assert(this.#fenced !== null, 'only a producer that is fenced is not replaced')
    throw this.#fenced
  }

  #leastBusy(): Member<K, V> {
    return this.#goingOn().reduce((least, it) => (it.busyCount < least.busyCount ? it : least))
  }

  /** One that is over; where it is fenced, by nothing. */
  #replace({ producer }: Member<K, V>): void {
    const { transactionalId, overBecause } = producer
    if (!producer.isOver || this.#closing.isUnderWay) return
    if (this.#members.get(transactionalId)?.producer !== producer) return
    this.#members.delete(transactionalId)
    void producer.close({ timeoutMs: 0 })
    if (overBecause instanceof FencedError) this.#fenced = overBecause
    else this.#add(transactionalId)
  }

  #assertOpen(): void {
    if (!this.#closing.isUnderWay) return
    throw new ClosedError('the pool is closed: make a new TransactionalPool')
  }
}
