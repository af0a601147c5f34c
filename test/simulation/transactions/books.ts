/**
 * The books of transactions: what was given to each, what became of each record and of each call, and
 * what its user was told of the whole. Written by program.ts, read by audit.ts.
 */
import {
  DeliveryError,
  FatalError,
  FencedError,
  TransactionAbortedError,
  TransactionUnknownError,
} from '../../../src/errors.js'
import type { Transaction } from '../../../src/producer/transactional/transaction.js'
import type { RecordMetadata } from '../../../src/record-metadata.js'
import type { Tell } from '../ledger.js'
import type { SimulatedValue } from '../plan.js'

/** One producer, from its making to its close or crash. */
export interface Life {
  /** `tx-0.1`: also its client id. */
  readonly name: string
  readonly number: number
  readonly transactionalId: string
  isCrashed: boolean
}

export type Told = 'open' | 'committed' | 'aborted' | 'unknown' | 'fenced'

export interface RecordEntry {
  /** Rises with the calls: the order that each partition must keep. */
  readonly id: number
  readonly transaction: TransactionEntry
  readonly topic: string
  readonly text: string
  readonly key: string | null
  readonly partition: number | undefined
  readonly isUnheard: boolean
  fate: 'open' | 'acked' | 'failed' | 'refused'
  /** Where it is acked. */
  at: RecordMetadata | null
  error: Error | null
}

export interface OffsetsEntry {
  /** Also the offset that is committed. */
  readonly id: number
  readonly groupId: string
  /** Nobody else commits for the group. */
  readonly isAlone: boolean
  readonly topic: string
  fate: 'open' | 'done' | 'failed'
}

export interface TransactionEntry {
  readonly id: number
  readonly life: Life
  readonly begunAtMs: number
  readonly handle: Transaction<string, SimulatedValue>
  readonly records: RecordEntry[]
  readonly offsets: OffsetsEntry[]
  isCommitCalled: boolean
  isAbortCalled: boolean
  /** Something was done by which Ottla may have to abort it. */
  isSpoiled: boolean
  told: Told
  toldAtMs: number
  error: Error | null
}

/** What failed for the caller's own reason, who was told: the transaction goes on without it. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'ERR_OTTLA_INVALID_RECORD',
  'ERR_OTTLA_SERIALIZATION',
  'ERR_OTTLA_ABORTED',
])

export function isOwnFault(error: Error | null): boolean {
  return error instanceof DeliveryError && OWN_FAULTS.has(error.code)
}

/** How long a call may take, beside the stalls of its process. */
export interface CallLimits {
  readonly mostMs: number
  readonly stalledMs: () => number
}

/** Timers last whole ms, and some waits are several, one after the other. */
const SLACK_MS = 10

export class Books {
  readonly transactions: TransactionEntry[] = []
  readonly records: RecordEntry[] = []
  readonly offsets: OffsetsEntry[] = []
  /** What went against the rules while the simulation ran. */
  readonly violations: string[] = []
  /** Calls that have not come back. */
  readonly openCalls = new Map<number, { readonly what: string; readonly life: Life }>()
  readonly nowMs: () => number
  readonly #tell: Tell
  #calls = 0

  constructor(nowMs: () => number, tell: Tell) {
    this.nowMs = nowMs
    this.#tell = tell
  }

  begun(life: Life, handle: Transaction<string, SimulatedValue>): TransactionEntry {
    const entry: TransactionEntry = {
      ...{ id: this.transactions.length, life, begunAtMs: this.nowMs(), handle },
      ...{ records: [], offsets: [], isCommitCalled: false, isAbortCalled: false },
      ...{ isSpoiled: false, told: 'open', toldAtMs: -1, error: null },
    }
    this.transactions.push(entry)
    this.#tell(`${life.name} T${entry.id} begun`)
    return entry
  }

  record(
    of: TransactionEntry,
    given: Omit<RecordEntry, 'id' | 'transaction' | 'fate' | 'at' | 'error'>,
  ): RecordEntry {
    const entry: RecordEntry = {
      ...given,
      ...{ id: this.records.length, transaction: of, fate: 'open', at: null, error: null },
    }
    this.records.push(entry)
    of.records.push(entry)
    return entry
  }

  offsetsOf(of: TransactionEntry, given: Omit<OffsetsEntry, 'id' | 'fate'>): OffsetsEntry {
    const entry: OffsetsEntry = { id: this.offsets.length, ...given, fate: 'open' }
    this.offsets.push(entry)
    of.offsets.push(entry)
    return entry
  }

  acked(entry: RecordEntry, at: RecordMetadata): void {
    if (!this.#settle(entry, 'acked')) return
    entry.at = at
    if (at.topic !== entry.topic) this.violations.push(`#${entry.id} was acked in ${at.topic}`)
    this.#tell(`#${entry.id} acked ${at.topic}-${at.partition} @${at.offset}`)
  }

  failed(entry: RecordEntry, error: unknown): void {
    if (!this.#settle(entry, 'failed')) return
    entry.error = error as Error
    if (!(error instanceof DeliveryError))
      this.violations.push(`#${entry.id} failed with what is no DeliveryError: ${String(error)}`)
    this.noteFatal(entry.transaction.life, error)
    this.#tell(`#${entry.id} failed: ${(error as Error).message}`)
  }

  #settle(entry: RecordEntry, fate: RecordEntry['fate']): boolean {
    if (entry.fate === 'open') {
      entry.fate = fate
      return true
    }
    this.violations.push(`#${entry.id} was ${entry.fate}, and then ${fate}`)
    return false
  }

  /** What the user was told of a transaction; a second time it must be the same. */
  tell(entry: TransactionEntry, told: Told, error: Error | null): void {
    this.#tell(
      `${entry.life.name} T${entry.id} is ${told}${error === null ? '' : `: ${error.message}`}`,
    )
    if (entry.told !== 'open' && entry.told !== told) {
      this.violations.push(`T${entry.id} was ${entry.told}, and then ${told}`)
    }
    if (entry.told === 'open') entry.toldAtMs = this.nowMs()
    entry.told = told
    entry.error ??= error
    // What its callbacks have to say was said before.
    const open = entry.records.filter(({ fate, isUnheard }) => fate === 'open' && !isUnheard)
    if (told === 'committed' && open.length > 0)
      this.violations.push(
        `T${entry.id} is committed before ${open.map(({ id }) => `#${id}`).join()} are settled`,
      )
  }

  /** What a commit, or whatever commits, was rejected with. */
  tellError(entry: TransactionEntry, error: unknown): void {
    if (error instanceof TransactionAbortedError) this.tell(entry, 'aborted', error)
    else if (error instanceof TransactionUnknownError) this.tell(entry, 'unknown', error)
    else if (error instanceof FencedError) this.tell(entry, 'fenced', error)
    this.noteFatal(entry.life, error)
  }

  /** Told where nothing justifies it, it is a violation; see `mayFail`. */
  noteFatal(life: Life, error: unknown): void {
    if (error instanceof FatalError) this.onFatal(life, error)
    for (let it = error; it instanceof Error; it = it.cause) {
      if (it instanceof FencedError) this.onFenced(life, it)
      if (/a bug in Ottla/.test(it.message))
        this.violations.push(`${life.name}: ${String(it.stack)}`)
    }
  }

  /** Set by the simulation. */
  onFatal: (life: Life, error: FatalError) => void = () => {}
  onFenced: (life: Life, error: FencedError) => void = () => {}

  /** A call that must come back: follows the promise, which is returned. */
  call<T>(life: Life, what: string, promise: Promise<T>, limits?: CallLimits): Promise<T> {
    const id = this.#calls++
    const atMs = this.nowMs()
    this.openCalls.set(id, { what: `${life.name} ${what} at ${Math.round(atMs)}`, life })
    const done = (): void => {
      this.openCalls.delete(id)
      if (limits === undefined) return
      const tookMs = this.nowMs() - atMs
      const mostMs = limits.mostMs + limits.stalledMs() + SLACK_MS
      if (tookMs > mostMs)
        this.violations.push(`${life.name} ${what} took ${Math.round(tookMs)} ms`)
    }
    promise.then(done, (error: unknown) => {
      done()
      this.#tell(`${life.name} ${what} rejected: ${String((error as Error | null)?.message)}`)
      this.noteFatal(life, error)
    })
    return promise
  }

  /** The life is over: what it was not told it never hears. */
  crashed(life: Life): void {
    life.isCrashed = true
    for (const [id, { life: of }] of this.openCalls) if (of === life) this.openCalls.delete(id)
  }
}
