/**
 * Ottla as a Client of the workload: the three forms, with one bound on what is under way.
 *
 * Neighbours: subjects/ottla.ts and subjects/memory.ts run it.
 */
import { Producer, VERSION } from '../../src/index.js'
import type { DeliveryCallback, ProducerOptions, ProducerRecord } from '../../src/index.js'
import type { Environment } from '../../src/producer/environment.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { HEADERS, RecordSource } from './record-source.js'
import { Window } from './window.js'
import type { Client } from './workload.js'

const LIST_RECORDS = 1_000

/** The task's settings as Ottla's options. */
export function ottlaOptions(task: SubjectTask): ProducerOptions {
  const { compression, ...settings } = task.settings
  const tls = task.caFile === '' ? false : { ca: { path: task.caFile } }
  const options = { brokers: task.brokers, tls, clientId: 'ottla-bench', ...settings }
  return compression === 'none' ? options : { ...options, compression }
}

export class OttlaClient implements Client {
  readonly version = VERSION
  readonly producer: Producer
  readonly #task: SubjectTask
  readonly #source: RecordSource
  readonly #window: Window
  readonly #onDelivery: DeliveryCallback

  /** `environment`: another network than the real one; `options`: what the task does not say. */
  constructor(task: SubjectTask, environment?: Environment, options?: Partial<ProducerOptions>) {
    this.#task = task
    this.producer = new Producer({ ...ottlaOptions(task), ...options }, environment)
    this.#source = new RecordSource(task)
    // `enqueue` has its own bound, the buffer; the window then only counts.
    this.#window = new Window(task.mode === 'enqueue' ? Infinity : task.outstanding)
    const { acked, failed } = this.#window
    this.#onDelivery = (error) => (error === null ? acked() : failed(error))
  }

  hand(from: number, to: number): Promise<void> {
    if (this.#task.mode === 'enqueue') return this.#enqueue(from, to)
    return this.#task.mode === 'send' ? this.#send(from, to) : this.#sendAll(from, to)
  }

  async #enqueue(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      void this.#window.add()
      const record = this.#record(index)
      while (!this.producer.enqueue(record, this.#onDelivery)) await this.producer.writable()
    }
  }

  async #send(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      const full = this.#window.add()
      this.producer.send(this.#record(index)).then(this.#window.acked, this.#window.failed)
      if (full !== null) await full
    }
  }

  async #sendAll(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += LIST_RECORDS) {
      const length = Math.min(LIST_RECORDS, to - index)
      const records = Array.from({ length }, (_, offset) => this.#record(index + offset))
      const full = this.#window.add(length)
      this.producer.sendAll(records).then(() => this.#window.remove(length), this.#window.failed)
      if (full !== null) await full
    }
  }

  async settle(): Promise<void> {
    await this.producer.flush()
    await this.#window.drained()
  }

  handOne(index: number, onAck: () => void): void {
    const record = this.#record(index)
    const { failed } = this.#window
    if (this.#task.mode !== 'enqueue') {
      this.producer.send(record).then(onAck, failed)
    } else if (!this.producer.enqueue(record, (error) => (error ? failed(error) : onAck()))) {
      failed(new Error('the buffer is full: the rate is more than the broker takes'))
    }
  }

  /** Of its whole life: bytes in for each byte out, what 'auto' chose, records in a batch. */
  summary(): Pick<SubjectReport, 'choice' | 'figures'> {
    const { compressionRatio, compressionChoices, recordsAcknowledged, batchesSent } =
      this.producer.metrics()
    const chosen = compressionChoices[this.#task.topic]
    const level = chosen?.level === undefined ? '' : ` ${chosen.level}`
    const recordsPerBatch = recordsAcknowledged / batchesSent
    return {
      choice: chosen && chosen.codec + level,
      figures: { ratio: 1 / compressionRatio, recordsPerBatch },
    }
  }

  close(): Promise<void> {
    return this.producer.close()
  }

  #record(index: number): ProducerRecord {
    const { topic, keysAndHeaders, keys } = this.#task
    const value = this.#source.payload(index)
    const partition = this.#source.partition(index)
    if (keysAndHeaders) {
      return { topic, key: this.#source.key(index), value, partition, headers: HEADERS }
    }
    if (keys.length > 0) return { topic, key: this.#source.key(index), value, partition }
    return partition === undefined ? { topic, value } : { topic, value, partition }
  }
}
