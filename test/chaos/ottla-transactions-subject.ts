/**
 * The chaos run's program for Ottla's transactions: each hundred records that have become due are one,
 * run again where it was aborted for certain. Its records are acknowledged once it is committed. A
 * producer that is over (fenced, or its commit's answer lost for good) is replaced, as a supervisor would.
 *
 * Neighbours: ottla-subject.ts is the same without transactions; peers/program.ts has what all share.
 */
import {
  FencedError,
  TransactionAbortedError,
  TransactionalProducer,
  type Transaction,
} from '../../src/index.js'
import { runPeer, type ChaosTask, type DueRecord, type Outcomes } from './peers/program.js'

const TIMEOUT_MARGIN_MS = 30_000
const ATTEMPTS = 10

class Transactions {
  readonly #task: ChaosTask
  readonly #outcomes: Outcomes
  #producer: TransactionalProducer
  /** Not yet enough for a transaction. */
  #due: DueRecord[] = []
  #last = Promise.resolve()

  constructor(task: ChaosTask, outcomes: Outcomes) {
    this.#task = task
    this.#outcomes = outcomes
    this.#producer = this.#newProducer()
  }

  async connect(): Promise<void> {
    await this.#producer.connect()
    await this.#producer.partitionsFor(this.#task.topic)
  }

  hand(records: readonly DueRecord[]): void {
    this.#due.push(...records)
    const size = this.#task.recordsPerTransaction ?? 1
    while (this.#due.length >= size) {
      const group = this.#due.splice(0, size)
      this.#last = this.#last.then(() => this.#run(group))
    }
  }

  #newProducer(): TransactionalProducer {
    const { bootstrap: brokers, topic, deliveryTimeoutMs } = this.#task
    return new TransactionalProducer({
      ...{ brokers, deliveryTimeoutMs, transactionalId: topic },
      transactionTimeoutMs: deliveryTimeoutMs + TIMEOUT_MARGIN_MS,
    })
  }

  /** One transaction, and what became of it told of each of its records. Never rejects. */
  async #run(group: readonly DueRecord[]): Promise<void> {
    const offsets = new Map<DueRecord, bigint>()
    try {
      await this.#producer.transaction((txn) => this.#fill(txn, group, offsets), {
        attempts: ATTEMPTS,
      })
      for (const record of group) this.#outcomes.acked(record, offsets.get(record) ?? -1n)
    } catch (error) {
      const isAborted = error instanceof TransactionAbortedError
      // Its transaction is not committed, or it would not have been open: so it never will be.
      const outcome = isAborted || error instanceof FencedError ? 'not-written' : 'unknown'
      const { name, message } = error as Error
      for (const record of group) this.#outcomes.failed(record, { name, message, outcome })
      if (!isAborted) await this.#replace()
    }
  }

  async #fill(
    txn: Transaction,
    group: readonly DueRecord[],
    offsets: Map<DueRecord, bigint>,
  ): Promise<void> {
    const { topic } = this.#task
    for (const record of group) {
      const { partition, value } = record
      const keep = (_: Error | null, metadata: { readonly offset: bigint } | null): void => {
        if (metadata !== null) offsets.set(record, metadata.offset)
      }
      while (!txn.enqueue({ topic, partition, value }, keep)) await txn.writable()
    }
  }

  async #replace(): Promise<void> {
    await this.#producer.close({ timeoutMs: 0 })
    this.#producer = this.#newProducer()
    await this.#producer.connect().catch(() => {}) // the next transaction tries again, and says so
  }
}

runPeer(async (task, outcomes) => {
  const transactions = new Transactions(task, outcomes)
  await transactions.connect()
  return {
    everyMs: 1,
    hand: (records) => {
      transactions.hand(records)
    },
  }
})
