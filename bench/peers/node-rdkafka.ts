/**
 * Peer: node-rdkafka (librdkafka in C). Delivery reports come by polling: as often as a timer can,
 * or, recommended, every 100 ms as in its README. Values are handed over as
 * buffers made beforehand, since it takes no strings.
 */
import { once, type EventEmitter } from 'node:events'
import type { SubjectTask } from '../contract.js'
import { HEADERS, RecordSource } from '../support/record-source.js'
import { runSubject } from '../support/subject.js'
import { readValues } from '../support/values.js'
import { Window } from '../support/window.js'
import { runWorkload, type Client } from '../support/workload.js'
import { librdkafkaSettings } from './librdkafka-settings.js'
import { loadPeer } from './peer-package.js'

const NAME = 'node-rdkafka'
const SHORTEST_POLL_MS = 1
const README_POLL_MS = 100

interface RdKafkaProducer extends EventEmitter {
  connect(): void
  disconnect(callback: () => void): void
  setPollInterval(intervalMs: number): void
  produce(
    topic: string,
    partition: number | null,
    value: Buffer,
    key: string | undefined,
    timestamp: number | undefined,
    opaque: unknown,
    headers: readonly object[] | undefined,
  ): void
}

interface RdKafka {
  readonly Producer: new (options: object) => RdKafkaProducer
}

type Settle = (error: Error | null) => void

class RdKafkaClient implements Client {
  readonly version: string
  readonly #task: SubjectTask
  readonly #producer: RdKafkaProducer
  readonly #source: RecordSource
  readonly #values: readonly Buffer[]
  readonly #window: Window
  readonly #headers: readonly object[] | undefined

  constructor(task: SubjectTask, producer: RdKafkaProducer, version: string) {
    this.version = version
    this.#task = task
    this.#producer = producer
    this.#source = new RecordSource(task)
    this.#values = readValues(task.valuesFile).map((value) => Buffer.from(value))
    this.#window = new Window(task.outstanding)
    const headers = Object.entries(HEADERS).map(([name, value]) => ({ [name]: value }))
    this.#headers = task.keysAndHeaders ? headers : undefined
    producer.on('delivery-report', (error: Error | null, { opaque }: { opaque?: Settle }) => {
      if (opaque !== undefined) opaque(error)
      else if (error) this.#window.failed(error)
      else this.#window.acked()
    })
  }

  async hand(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      const full = this.#window.add()
      if (this.#task.mode === 'send') {
        this.#send(index).then(this.#window.acked, this.#window.failed)
      } else {
        this.#produce(index, undefined)
      }
      if (full !== null) await full
    }
  }

  settle(): Promise<void> {
    return this.#window.drained()
  }

  handOne(index: number, onAck: () => void): void {
    this.#produce(index, (error) => (error ? this.#window.failed(error) : onAck()))
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#producer.disconnect(() => resolve()))
  }

  #send(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#produce(index, (error) => (error ? reject(error) : resolve()))
    })
  }

  #produce(index: number, settle: Settle | undefined): void {
    const value = this.#values[index % this.#values.length] as Buffer // never empty
    const partition = this.#source.partition(index) ?? null
    const key = this.#source.key(index)
    this.#producer.produce(
      this.#task.topic, partition, value, key, undefined, settle, this.#headers,
    ) // prettier-ignore
  }
}

async function connect(task: SubjectTask): Promise<RdKafkaClient> {
  const { exports, version } = await loadPeer<RdKafka>(NAME)
  const { Producer } = exports
  const producer = new Producer({
    'metadata.broker.list': task.brokers.join(','),
    'client.id': 'bench',
    dr_cb: true,
    ...librdkafkaSettings(task),
  })
  producer.connect()
  await once(producer, 'ready')
  producer.setPollInterval(task.recommended ? README_POLL_MS : SHORTEST_POLL_MS)
  return new RdKafkaClient(task, producer, version)
}

runSubject(async (task) => runWorkload(task, await connect(task)))
