/**
 * A user of one transactional producer: transactions of every kind, some of them foolish, until it has
 * begun as many as planned; then, on a sound cluster, one more that must commit, and the end.
 *
 *   run: transaction(fn) or begin … operations … commit, abort, dispose or nothing ──> probe ──> close
 *
 * Neighbours: operations.ts has what happens within a transaction; supervisor.ts starts it again.
 */
import {
  AbortedError,
  ClosedError,
  ConnectionError,
  FatalError,
  FencedError,
  ProtocolError,
  TimeoutError,
  TransactionAbortedError,
  TransactionStateError,
  TransactionUnknownError,
} from '../../../src/errors.js'
import type { Transaction } from '../../../src/producer/transactional/transaction.js'
import type { SimulatedValue } from '../plan.js'
import type { Random } from '../random.js'
import type { Books, TransactionEntry } from './books.js'
import type { Client } from './client.js'
import type { Operations } from './operations.js'
import type { ProgramPlan, TransactionalPlan } from './plan.js'

export interface ProgramParts {
  readonly plan: TransactionalPlan
  readonly program: ProgramPlan
  readonly random: Random
  readonly books: Books
  readonly client: Client
  readonly operations: Operations
  /** Of all lives. */
  readonly left: { transactions: number }
  /** Resolves once the cluster is sound for good. */
  readonly healed: Promise<void>
  readonly isHealed: () => boolean
}

/** A sound cluster commits a probe within this time, however often it must be tried. */
const PROBE_WITHIN_MS = 60_000
const PROBE_PAUSE_MS = 50
const MOST_COMMIT_CALLS = 40

/** The transaction that a function runs in. */
interface Present {
  entry: TransactionEntry | null
}

/** The user's own reason to abort. */
class ChangeOfMind extends Error {}

export class Program {
  readonly #parts: ProgramParts
  readonly #running = new Set<Promise<void>>()
  /** The producer can do nothing any more. */
  #isOver = false

  constructor(parts: ProgramParts) {
    this.#parts = parts
  }

  /** Resolves once the producer is closed. True: it has done all that was planned. */
  async run(): Promise<void> {
    const { random, plan, client, left, books } = this.#parts
    if (random.chance(0.3))
      await this.#quietly(books.call(client.life, 'connect', client.producer.connect()))
    if (!plan.isSound && random.chance(0.15)) this.#closeLater()
    while (left.transactions > 0 && !this.#isOver && !client.isClosed) {
      left.transactions--
      const one = this.#one().catch((error: unknown) => this.#unexpected(error))
      this.#running.add(one)
      void one.finally(() => this.#running.delete(one))
      if (random.chance(0.7)) await one
      await this.#sleep(random.around(5))
    }
    await Promise.all(this.#running)
    await this.#probe()
    await this.#close()
  }

  /** The logger, or a subscriber of a diagnostics channel: ends what is open. */
  fromWithin(): void {
    const { books, client, random, isHealed } = this.#parts
    if (!client.isAlive || isHealed()) return
    const isOpen = ({ life, handle }: TransactionEntry): boolean =>
      life === client.life && handle.state === 'open'
    const entry = books.transactions.findLast(isOpen)
    if (random.chance(0.1)) void this.#close(random.pick([undefined, 0]))
    else if (entry !== undefined) void this.#abort(entry)
  }

  async #one(): Promise<void> {
    const { random } = this.#parts
    if (random.chance(0.5)) await this.#runFunction()
    else await this.#beginAndEnd()
  }

  async #runFunction(): Promise<void> {
    const { books, client, random, operations, plan } = this.#parts
    const present: Present = { entry: null }
    const changesMind = random.chance(0.12)
    const signal = !plan.isSound && random.chance(0.1) ? this.#signal(present) : undefined
    const attempts = random.pick([1, 1, 3, 10])
    const action = async (handle: Transaction<string, SimulatedValue>): Promise<number> => {
      const entry = books.begun(client.life, handle)
      present.entry = entry
      const mustThrow = await operations.perform(entry)
      if (mustThrow !== null) throw mustThrow
      if (changesMind) throw new ChangeOfMind('a change of mind')
      if (handle.state === 'open') entry.isCommitCalled = true
      return entry.id
    }
    try {
      // It is called again only where the one before is aborted for certain.
      const onRetry = (): void => {
        if (present.entry !== null) books.tell(present.entry, 'aborted', null)
        present.entry = null
      }
      const call = client.producer.transaction(action, { attempts, signal, onRetry })
      const id = await books.call(client.life, 'transaction', call)
      this.#functionDone(present.entry, id)
    } catch (error) {
      this.#functionFailed(present.entry, error, signal)
    }
  }

  #functionDone(entry: TransactionEntry | null, id: number): void {
    const { books, client } = this.#parts
    if (entry?.id !== id) {
      books.violations.push(`${client.life.name}: transaction() resolved to another's ${id}`)
      return
    }
    // Aborted from within it resolves, too; what `abort` says is the outcome.
    const isTakenBack = entry.isAbortCalled && entry.handle.state !== 'committed'
    if (!isTakenBack) books.tell(entry, 'committed', null)
  }

  #functionFailed(entry: TransactionEntry | null, error: unknown, signal?: AbortSignal): void {
    const { books } = this.#parts
    if (entry === null) this.#notBegun(error)
    else if (entry.isCommitCalled) {
      books.tellError(entry, error)
      const isExpected = isEnd(error) || (signal?.aborted === true && error instanceof AbortedError)
      if (!isExpected)
        books.violations.push(`T${entry.id}: transaction() rejected with ${String(error)}`)
    } else if (error instanceof FencedError) books.tell(entry, 'fenced', error)
    else if (error instanceof TransactionStateError && entry.handle.state !== 'open')
      books.violations.push(`T${entry.id}: transaction() rejected with ${String(error)}`)
    this.#look(error)
  }

  async #beginAndEnd(): Promise<void> {
    const { books, client, random, operations, plan } = this.#parts
    const signal = !plan.isSound && random.chance(0.05) ? this.#signal({ entry: null }) : undefined
    const wait = plan.isSound || random.chance(0.9)
    let handle: Transaction<string, SimulatedValue>
    try {
      const { maxBlockMs = 0 } = plan.base.options
      handle = await books.call(client.life, 'begin', client.producer.begin({ wait, signal }), {
        mostMs: maxBlockMs,
        stalledMs: () => client.stalledMs,
      })
    } catch (error) {
      return this.#notBegun(error)
    }
    const entry = books.begun(client.life, handle)
    await operations.perform(entry)
    await this.#end(entry)
    if (random.chance(0.1)) await operations.afterEnd(entry)
  }

  #notBegun(error: unknown): void {
    const { books, client } = this.#parts
    this.#look(error)
    const isExpected =
      this.#isOver ||
      error instanceof TimeoutError ||
      error instanceof AbortedError ||
      error instanceof TransactionStateError ||
      // What speaks no Kafka, or nobody at all, is told at once.
      error instanceof ProtocolError ||
      error instanceof ConnectionError ||
      (error instanceof ClosedError && client.isClosed)
    if (!isExpected)
      books.violations.push(`${client.life.name}: begin rejected with ${String(error)}`)
  }

  async #end(entry: TransactionEntry): Promise<void> {
    const { random, plan } = this.#parts
    const foolish = plan.isSound ? 0 : 1
    const end = random.weighted<() => Promise<unknown>>([
      [50, () => this.#commit(entry)],
      [8, () => Promise.all([this.#commit(entry), this.#commit(entry)])],
      [12 * foolish, () => this.#commitUntilKnown(entry)],
      [5 * foolish, () => this.#commitAndAbort(entry)],
      [12, () => this.#abort(entry)],
      [3 * foolish, () => this.#abort(entry, random.integer(0, 50))],
      [4, () => this.#dispose(entry)],
      [2 * foolish, () => this.#forget(entry)],
    ])
    await end()
  }

  /** True: there is no outcome yet. */
  async #commit(entry: TransactionEntry, timeoutMs?: number): Promise<boolean> {
    const { books, client, plan } = this.#parts
    const { maxBlockMs = 0 } = plan.base.options
    if (entry.handle.state === 'open') entry.isCommitCalled = true
    try {
      const call = entry.handle.commit(timeoutMs === undefined ? {} : { timeoutMs })
      await books.call(client.life, `commit T${entry.id}`, call, {
        mostMs: timeoutMs ?? maxBlockMs,
        stalledMs: () => client.stalledMs,
      })
      books.tell(entry, 'committed', null)
      return false
    } catch (error) {
      books.tellError(entry, error)
      this.#look(error)
      const isExpected =
        isEnd(error) || (entry.isAbortCalled && error instanceof TransactionStateError)
      if (!isExpected) books.violations.push(`T${entry.id}: commit rejected with ${String(error)}`)
      return error instanceof TimeoutError
    }
  }

  async #commitUntilKnown(entry: TransactionEntry): Promise<void> {
    const { random } = this.#parts
    for (let i = 0; i < MOST_COMMIT_CALLS; i++) {
      if (!(await this.#commit(entry, random.integer(0, 100)))) return
    }
  }

  async #commitAndAbort(entry: TransactionEntry): Promise<void> {
    const { books, client } = this.#parts
    const committing = this.#commit(entry)
    const { state } = entry.handle
    try {
      await books.call(client.life, `abort T${entry.id}`, entry.handle.abort())
      if (entry.handle.state !== 'aborted')
        books.violations.push(`T${entry.id}: abort after commit resolved: ${entry.handle.state}`)
    } catch (error) {
      if (state === 'open') books.violations.push(`T${entry.id}: is open after commit()`)
      if (!isEnd(error) && !(error instanceof TransactionStateError))
        books.violations.push(`T${entry.id}: abort rejected with ${String(error)}`)
    }
    await committing
  }

  async #abort(entry: TransactionEntry, timeoutMs?: number): Promise<void> {
    const { books, client } = this.#parts
    entry.isAbortCalled = true
    try {
      const call = entry.handle.abort(timeoutMs === undefined ? {} : { timeoutMs })
      await books.call(client.life, `abort T${entry.id}`, call)
      books.tell(entry, 'aborted', null)
    } catch (error) {
      books.tellError(entry, error)
      this.#look(error)
      if (!isEnd(error)) books.violations.push(`T${entry.id}: abort rejected with ${String(error)}`)
    }
  }

  async #dispose(entry: TransactionEntry): Promise<void> {
    const { books, client } = this.#parts
    entry.isAbortCalled = true
    await books.call(client.life, `dispose T${entry.id}`, entry.handle[Symbol.asyncDispose]())
    if (entry.handle.state === 'aborted') books.tell(entry, 'aborted', null)
  }

  /** Its time runs out; one that was given nothing has no such limit. */
  async #forget(entry: TransactionEntry): Promise<void> {
    const { plan, books, client } = this.#parts
    entry.isSpoiled = true
    const hasSent = entry.records.some(({ fate }) => fate === 'acked')
    const before = client.stalledMs
    await this.#sleep(plan.transactionTimeoutMs)
    await this.#sleep(client.stalledMs - before) // which its clock has not counted
    if (hasSent && entry.handle.state === 'open')
      books.violations.push(`T${entry.id} outlives its time`)
    if (entry.handle.state === 'open') await this.#dispose(entry)
  }

  /** On a sound cluster it goes on: nothing is stuck. */
  async #probe(): Promise<void> {
    const { healed, client, books, plan } = this.#parts
    await healed
    if (client.life.isCrashed) return new Promise(() => {}) // nothing of it runs any more
    const untilMs = books.nowMs() + PROBE_WITHIN_MS + 2 * plan.transactionTimeoutMs
    while (this.#mayGoOn()) {
      const failure = await this.#probeOnce()
      if (failure === null) return
      if (this.#mayGoOn() && books.nowMs() > untilMs) {
        books.violations.push(`${client.life.name} commits no more: ${String(failure)}`)
        return
      }
      await this.#sleep(PROBE_PAUSE_MS)
    }
  }

  #mayGoOn(): boolean {
    return !this.#isOver && !this.#parts.client.isClosed
  }

  async #probeOnce(): Promise<unknown> {
    const { client, books, operations } = this.#parts
    const present: Present = { entry: null }
    try {
      const call = client.producer.transaction(async (handle) => {
        const entry = books.begun(client.life, handle)
        present.entry = entry
        await operations.probe(entry)
        entry.isCommitCalled = true
      })
      await books.call(client.life, 'probe', call)
      if (present.entry !== null) books.tell(present.entry, 'committed', null)
      return null
    } catch (error) {
      if (present.entry?.isCommitCalled === true) books.tellError(present.entry, error)
      this.#look(error)
      return error
    }
  }

  async #close(timeoutMs?: number): Promise<void> {
    const { client, books } = this.#parts
    client.isClosed = true
    const call = client.producer.close(timeoutMs === undefined ? {} : { timeoutMs })
    await books.call(client.life, 'close', call).catch((error: unknown) => {
      books.violations.push(`${client.life.name}: close rejected with ${String(error)}`)
    })
  }

  #closeLater(): void {
    const { client, random } = this.#parts
    const timeoutMs = random.pick([undefined, 0, 20, 500])
    client.clock.setTimer(() => {
      if (!this.#parts.isHealed()) void this.#close(timeoutMs)
    }, random.around(600))
  }

  #signal(present: Present): AbortSignal {
    const abort = new AbortController()
    const fire = (): void => {
      if (present.entry !== null) present.entry.isAbortCalled = true
      abort.abort()
    }
    this.#parts.client.clock.setTimer(fire, this.#parts.random.around(100))
    return abort.signal
  }

  /** What a call was rejected with may mean that the producer is over. */
  #look(error: unknown): void {
    const isOver =
      error instanceof FencedError ||
      error instanceof FatalError ||
      error instanceof TransactionUnknownError
    if (isOver) this.#isOver = true
    const { cause } = Object(error) as { cause?: unknown }
    if (error instanceof TransactionAbortedError && cause instanceof Error) this.#look(cause)
  }

  #unexpected(error: unknown): void {
    this.#parts.books.violations.push(`thrown: ${String((error as Error).stack)}`)
  }

  async #quietly(promise: Promise<unknown>): Promise<void> {
    await promise.catch((error: unknown) => this.#look(error))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.client.clock.setTimer(resolve, ms))
  }
}

/** What an end may be rejected with. */
function isEnd(error: unknown): boolean {
  return (
    error instanceof TransactionAbortedError ||
    error instanceof TransactionUnknownError ||
    error instanceof FencedError ||
    error instanceof TimeoutError
  )
}
