/**
 * One transaction, from its beginning to its outcome, and what is known of it. The manager decides what
 * happens to it; here is what a caller may ask and wait for.
 *
 *   open ──commit──> committing ──> committed
 *    │                  ├─────────> unknown: the answer to EndTxn cannot be had
 *    │                  v
 *    └── abort, or a failure ──> aborting ──> aborted
 *   (aborting ────────────> unknown: a commit before it may have been carried out)
 *   every one of these ────────> fenced
 *
 * Before: transaction-manager.ts makes and moves it. After: transaction.ts shows it to the user.
 */
import { assert } from '../../assert.js'
import type { OttlaError } from '../../errors.js'
import type { TransactionLevel } from '../coordinating/transaction-level.js'
import type { TransactionStateName } from './transaction-state.js'

const TRANSITIONS: Readonly<Record<TransactionStateName, readonly TransactionStateName[]>> = {
  open: ['committing', 'aborting', 'fenced'],
  committing: ['committed', 'aborting', 'unknown', 'fenced'],
  aborting: ['aborted', 'unknown', 'fenced'],
  committed: [],
  aborted: [],
  unknown: [],
  fenced: [],
}

export class TransactionRun {
  /** Counts the producer's transactions, from 0. */
  readonly number: number
  /** Pinned once it may send; a change of the cluster's level counts for the next one (KIP-890). */
  level: TransactionLevel = 1
  /** The coordinator knows of it, or may: there is something to end. */
  isBegun = false
  /** It may not, since the answer to the first request was lost. */
  isBeginUncertain = false
  /** Batches that had numbers are lost: the next one needs another epoch. */
  needsBump = false
  /**
   * The answer to a request was lost, which may still reach the coordinator: under another epoch it is
   * refused.
   */
  wantsBump = false
  /**
   * EndTxn was asked to commit, and no answer says yet that it did not: if there is none any more, the
   * outcome is unknown, whatever the transaction has come to meanwhile.
   */
  mayBeCommitted = false
  /** The user's own abort, which is no failure. */
  isAbortedByUser = false
  #state: TransactionStateName = 'open'
  #failure: OttlaError | null = null
  #error: OttlaError | null = null
  readonly #listeners = new Set<() => void>()

  constructor(number: number) {
    this.number = number
  }

  get state(): TransactionStateName {
    return this.#state
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** It can be committed, or is being. */
  get mayCommit(): boolean {
    return this.#state === 'open' || this.#state === 'committing'
  }

  /** The same, and nothing is known that keeps it from that. */
  get isSound(): boolean {
    return this.mayCommit && this.#failure === null
  }

  get hasEnded(): boolean {
    const { length } = TRANSITIONS[this.#state]
    return length === 0
  }

  /** Why it cannot be committed; null while it can, as far as is known. */
  get failure(): OttlaError | null {
    return this.#failure
  }

  /** What its commit rejects with; null where it is committed. */
  get error(): OttlaError | null {
    return this.#error
  }

  /** It cannot be committed; only the first reason counts. */
  fail(failure: OttlaError): void {
    this.#failure ??= failure
  }

  go(to: TransactionStateName): void {
    const isLegal = TRANSITIONS[this.#state].includes(to)
    assert(isLegal, `a transaction cannot go from ${this.#state} to ${to}`)
    this.#state = to
  }

  /** Its outcome is known, or that it cannot be. */
  end(outcome: 'committed' | 'aborted' | 'unknown' | 'fenced', error: OttlaError | null): void {
    this.go(outcome)
    this.#error = error
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }

  /** Calls `listener` once it has ended: at once where it has. Returns how to take that back. */
  onEnded(listener: () => void): () => void {
    if (this.hasEnded) listener()
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
