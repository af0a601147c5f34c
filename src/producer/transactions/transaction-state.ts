/**
 * The states of a transactional producer, and every legal way from one to another.
 *
 *   uninitialized ──> initializing ──> ready ──> in transaction ──> flushing ──> committing ──┐
 *                        ^   ^           ^             │               │             │        │
 *                        │   │           │             └──> aborting <─┴─────────────┘        │
 *                        │   │           └───────────────────┤ <──────────────────────────────┤
 *                        │   └── another epoch is due <──────┴────────────────────────────────┘
 *   every state ──> fatal: fenced, refused for good, or closed
 *
 *   state           records are  coordinator is asked
 *   uninitialized   -            nothing
 *   initializing    taken        InitProducerId, until it has decided what was pending under the id
 *   ready           -            nothing
 *   in transaction  sent         AddPartitionsToTxn (level 0 and 1), offsets
 *   flushing        sent         the same; commit was called
 *   committing      taken        EndTxn: the next transaction's are batched meanwhile
 *   aborting        taken        EndTxn, once no broker owes an answer
 *   fatal           refused      nothing
 *
 * Kafka's TransactionManager.State; there a failed transaction waits for the user's abort, here it is
 * aborted at once.
 *
 * Before and after: transaction-manager.ts has the one state.
 */
import { assert } from '../../assert.js'

/** Of one transaction, as its user sees it (transaction-run.ts). */
export type TransactionStateName =
  'open' | 'committing' | 'aborting' | 'committed' | 'aborted' | 'unknown' | 'fenced'

export type ManagerState =
  | 'uninitialized'
  | 'initializing'
  | 'ready'
  | 'in transaction'
  | 'flushing'
  | 'committing'
  | 'aborting'
  | 'fatal'

const TRANSITIONS: Readonly<Record<ManagerState, readonly ManagerState[]>> = {
  uninitialized: ['initializing', 'fatal'],
  initializing: ['ready', 'uninitialized', 'fatal'],
  ready: ['in transaction', 'initializing', 'uninitialized', 'fatal'],
  'in transaction': ['flushing', 'aborting', 'uninitialized', 'fatal'],
  flushing: ['committing', 'aborting', 'uninitialized', 'fatal'],
  committing: ['ready', 'aborting', 'uninitialized', 'fatal'],
  aborting: ['ready', 'uninitialized', 'fatal'],
  fatal: [],
}

/** The state, which can go no other way than the table allows. */
export class TransactionState {
  #state: ManagerState = 'uninitialized'

  get current(): ManagerState {
    return this.#state
  }

  /** Batches of the current transaction may be sent. */
  get isSending(): boolean {
    return this.#state === 'in transaction' || this.#state === 'flushing'
  }

  /** EndTxn is under way, or about to be: another transaction may gather records. */
  get isEnding(): boolean {
    return this.#state === 'committing' || this.#state === 'aborting'
  }

  get isFatal(): boolean {
    return this.#state === 'fatal'
  }

  go(to: ManagerState): void {
    const isLegal = TRANSITIONS[this.#state].includes(to)
    assert(isLegal, `a transactional producer cannot go from ${this.#state} to ${to}`)
    this.#state = to
  }
}
