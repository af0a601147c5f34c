/**
 * Ottla as a client of the workload of transactions: `enqueue` without callbacks, as the commit rejects
 * where a record failed, or `sendAll` with lists.
 *
 * Neighbours: ottla-client.ts is Ottla without transactions; subjects/ottla-transactions.ts runs it.
 */
import { TransactionalProducer, VERSION } from '../../src/index.js'
import type { ProducerRecord, Transaction } from '../../src/index.js'
import { TRANSACTION_TIMEOUT_MS, type SubjectTask } from '../contract.js'
import { ottlaOptions } from './ottla-client.js'
import { RecordSource } from './record-source.js'
import type { OpenTransaction, TransactionalClient } from './transaction-workload.js'
import { Window } from './window.js'

const LIST_RECORDS = 1_000

export class OttlaTransactionalClient implements TransactionalClient {
  readonly version = VERSION
  readonly #producer: TransactionalProducer
  readonly #records: TaskRecords

  constructor(task: SubjectTask) {
    const { acks: _acks, idempotence: _idempotence, ...options } = ottlaOptions(task)
    this.#producer = new TransactionalProducer({
      ...options,
      transactionalId: `ottla-bench-${process.pid}`,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    })
    this.#records = new TaskRecords(task)
  }

  async begin(): Promise<OpenTransaction> {
    const transaction = await this.#producer.begin()
    return this.#records.isInLists
      ? new ListTransaction(transaction, this.#records)
      : new EnqueueTransaction(transaction, this.#records)
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

/** The task's records by number. */
class TaskRecords {
  readonly isInLists: boolean
  readonly outstanding: number
  readonly #topic: string
  readonly #source: RecordSource

  constructor(task: SubjectTask) {
    this.isInLists = task.mode === 'sendAll'
    this.outstanding = task.outstanding
    this.#topic = task.topic
    this.#source = new RecordSource(task)
  }

  record(index: number): ProducerRecord {
    const topic = this.#topic
    const value = this.#source.payload(index)
    const partition = this.#source.partition(index)
    return partition === undefined ? { topic, value } : { topic, value, partition }
  }
}

class EnqueueTransaction implements OpenTransaction {
  readonly #transaction: Transaction
  readonly #records: TaskRecords

  constructor(transaction: Transaction, records: TaskRecords) {
    this.#transaction = transaction
    this.#records = records
  }

  async hand(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      const record = this.#records.record(index)
      while (!this.#transaction.enqueue(record)) await this.#transaction.writable()
    }
  }

  commit(): Promise<void> {
    return this.#transaction.commit()
  }
}

class ListTransaction implements OpenTransaction {
  readonly #transaction: Transaction
  readonly #records: TaskRecords
  readonly #window: Window

  constructor(transaction: Transaction, records: TaskRecords) {
    this.#transaction = transaction
    this.#records = records
    this.#window = new Window(records.outstanding)
  }

  async hand(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += LIST_RECORDS) {
      const length = Math.min(LIST_RECORDS, to - index)
      const records = Array.from({ length }, (_, offset) => this.#records.record(index + offset))
      const full = this.#window.add(length)
      this.#transaction.sendAll(records).then(() => this.#window.remove(length), this.#window.failed) // prettier-ignore
      if (full !== null) await full
    }
  }

  commit(): Promise<void> {
    return this.#transaction.commit()
  }
}
