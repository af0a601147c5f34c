/**
 * The users of the simulated producer: calls of every kind, at any time, some of them foolish.
 * Writes down in the ledger what was called and what came back.
 *
 * Neighbours: plan.ts says how much; simulation.ts gives it a producer and a clock.
 */
import type { Clock } from '../../src/clock.js'
import { ClosedError, SendAllError, SerializationError } from '../../src/errors.js'
import type { Producer } from '../../src/producer/producer.js'
import type { ProducerRecord } from '../../src/producer/records/record.js'
import type { RecordMetadata } from '../../src/record-metadata.js'
import type { HeldMemory } from './held-memory.js'
import type { Entry, Ledger, Tell } from './ledger.js'
import type { Plan, SimulatedValue } from './plan.js'
import type { Random } from './random.js'

export type SimulatedProducer = Producer<string, SimulatedValue>

/** Most records of one sendAll. */
export const MOST_IN_GROUP = 8

type Call = readonly [weight: number, call: () => void]

export interface WorkloadParts {
  readonly plan: Plan
  readonly random: Random
  readonly clock: Clock
  readonly ledger: Ledger
  readonly producer: SimulatedProducer
  readonly tell: Tell
  /** Null where nobody asks. */
  readonly held: HeldMemory | null
}

export class Workload {
  readonly #parts: WorkloadParts
  readonly #topics: readonly string[]
  readonly #calls: readonly Call[]
  #callsLeft: number
  /** Somebody has called close. */
  isClosed = false
  /** Promises that the producer gave for something else than a record, and which must settle. */
  readonly #openWaits = new Set<string>()
  /** Set once the last call was made. */
  isDone = false

  constructor(parts: WorkloadParts) {
    this.#parts = parts
    this.#topics = Object.keys(parts.plan.topics)
    this.#callsLeft = parts.plan.workload.calls
    this.#calls = [
      [40, () => this.#send()],
      [25, () => this.#enqueue()],
      [3, () => this.#enqueueUnheard()],
      [8, () => this.#sendAll()],
      [parts.plan.workload.aborts, () => this.#sendAbortable()],
      [5, () => this.flush()],
      [3, () => this.#wait('writable', this.#parts.producer.writable())],
      [2, () => this.#wait('partitionsFor', this.#parts.producer.partitionsFor(this.#topic()))],
      [1, () => this.#wait('connect', this.#parts.producer.connect())],
    ]
  }

  /** What has not come back although it should have. */
  get openWaits(): readonly string[] {
    return [...this.#openWaits]
  }

  start(): void {
    const { clock, plan } = this.#parts
    const { closeAfterMs, closeTimeoutMs } = plan.workload
    if (closeAfterMs < Infinity) clock.setTimer(() => void this.close(closeTimeoutMs), closeAfterMs)
    this.#next()
  }

  /** The logger, or a subscriber of a diagnostics channel, uses the producer. */
  fromWithin(): void {
    this.#parts.tell('from within:')
    this.#parts.random.weighted<() => void>([
      [20, () => this.#enqueue()],
      [10, () => this.#send()],
      [5, () => this.#enqueueUnheard()],
      [5, () => this.#sendAll()],
      [3, () => this.flush()],
      [1, () => void (this.isClosed || this.close(0))],
    ])()
  }

  /** Sends one record, to see whether the producer still can. */
  probe(topic: string, partition: number): Entry {
    const entry = this.#parts.ledger.open(topic, 'send')
    this.#parts.tell(`#${entry.id} probe ${topic}-${partition}`)
    const value = { id: entry.id, length: 10, serializeMs: -1, failsToSerialize: false }
    entry.expected = { text: textOf(value), key: null, partition }
    this.#follow(entry, this.#parts.producer.send({ topic, partition, value }))
    return entry
  }

  flush(): void {
    const { ledger, producer, tell, clock } = this.#parts
    const before = ledger.openEntries
    tell('flush')
    this.#openWaits.add('flush')
    void producer.flush().then(() => {
      tell('flushed')
      this.#openWaits.delete('flush')
      // After the promises that were settled with it had their turn.
      clock.defer(() => {
        const late = before.filter(({ fate }) => fate === 'open')
        if (late.length > 0)
          ledger.violations.push(`flush left ${late.map(({ id }) => `#${id}`).join(' ')} open`)
      })
    })
  }

  async close(timeoutMs?: number): Promise<void> {
    const { producer, tell, ledger } = this.#parts
    tell(`close ${timeoutMs ?? ''}`)
    this.isClosed = true
    this.#openWaits.add('close')
    await producer.close(timeoutMs === undefined ? {} : { timeoutMs }).catch((error: unknown) => {
      ledger.violations.push(`close rejected: ${String(error)}`)
    })
    this.#openWaits.delete('close')
    tell('closed')
  }

  #next(): void {
    const { random, plan, clock } = this.#parts
    for (let i = random.integer(1, plan.workload.burst); i > 0 && this.#callsLeft > 0; i--) {
      this.#callsLeft--
      random.weighted(this.#calls)()
    }
    this.isDone = this.#callsLeft === 0
    if (!this.isDone) clock.setTimer(() => this.#next(), random.around(plan.workload.pauseMs))
  }

  #topic(): string {
    return this.#parts.random.pick(this.#topics)
  }

  #record(via: Entry['via']): { entry: Entry; record: ProducerRecord<string, SimulatedValue> } {
    const { random, ledger, plan, tell } = this.#parts
    const topic = this.#topic()
    const entry = ledger.open(topic, via)
    const { mostBytes, isSerializerAsync, serializeMs: meanMs, missing } = plan.workload
    const shaped = this.#shaped(entry)
    if (shaped !== null) return shaped
    const length = random.chance(0.05)
      ? random.integer(0, 4 * mostBytes)
      : random.integer(0, mostBytes)
    const serializeMs = isSerializerAsync && random.chance(0.5) ? random.around(meanMs) : -1
    const failsToSerialize = random.chance(0.02)
    const value = { id: entry.id, length, serializeMs, failsToSerialize }
    // At times a partition that there is not, or not yet.
    const partition = random.integer(
      0,
      random.chance(missing) ? 5 : (plan.topics[topic]?.partitions ?? 1) - 1,
    )
    const place = random.weighted<Partial<ProducerRecord<string, SimulatedValue>>>([
      [5, { partition }],
      [4, { key: `k${random.integer(0, 5)}` }],
      [2, {}],
    ])
    const headers = random.chance(0.1) ? { headers: { h: 'x'.repeat(random.integer(0, 9)) } } : {}
    const timestamp = random.chance(0.2) ? { timestamp: 1_700_000_000_000 + entry.id } : {}
    entry.expected = { text: textOf(value), key: place.key ?? null, partition: place.partition }
    tell(`#${entry.id} ${via} ${topic}-${place.partition ?? place.key ?? ''} ${length} bytes`)
    return { entry, record: { topic, value, ...place, ...headers, ...timestamp } }
  }

  /** The next record of the plan's own, if it has any. */
  #shaped(entry: Entry): { entry: Entry; record: ProducerRecord<string, SimulatedValue> } | null {
    const { shapes } = this.#parts.plan.workload
    const shape = shapes?.[entry.id % shapes.length]
    if (shape === undefined) return null
    const { keyBytes, valueBytes, headerBytes, timestamp } = shape
    const length = Math.max(0, valueBytes - `${entry.id}:`.length)
    const value = { id: entry.id, length, serializeMs: -1, failsToSerialize: false }
    const key = keyBytes < 0 ? null : 'k'.repeat(keyBytes)
    const headers = headerBytes < 0 ? {} : { headers: { h: 'x'.repeat(headerBytes) } }
    entry.expected = { text: textOf(value), key, partition: 0 }
    this.#parts.tell(`#${entry.id} ${entry.via} ${entry.topic}-0 ${JSON.stringify(shape)}`)
    const place = { topic: entry.topic, partition: 0, ...(key === null ? {} : { key }) }
    return { entry, record: { ...place, value, timestamp, ...headers } }
  }

  #send(): void {
    const { entry, record } = this.#record('send')
    this.#follow(entry, this.#parts.producer.send(record))
  }

  #follow(entry: Entry, promise: Promise<RecordMetadata>): void {
    const { ledger, held } = this.#parts
    held?.note(entry.id, promise)
    promise.then(
      (metadata) => ledger.acked(entry, metadata),
      (error: unknown) => ledger.failed(entry, error),
    )
  }

  #enqueue(): void {
    const { ledger, producer, random, held } = this.#parts
    const { entry, record } = this.#record('enqueue')
    let hasReturned = false
    const again = random.chance(0.05)
    const throws = random.chance(0.02)
    const callback = (error: Error | null, metadata: RecordMetadata | null): void => {
      if (!hasReturned) ledger.violations.push(`#${entry.id} was told during enqueue`)
      if (metadata !== null) ledger.acked(entry, metadata)
      else ledger.failed(entry, error)
      if (again)
        this.#send() // from inside a callback
      else if (throws) throw new Error('a callback of the simulation threw')
    }
    held?.note(entry.id, callback)
    const wasTaken = producer.enqueue(record, callback)
    hasReturned = true
    if (!wasTaken) ledger.refused(entry)
  }

  #enqueueUnheard(): void {
    const { ledger, producer } = this.#parts
    const { entry, record } = this.#record('unheard')
    if (!producer.enqueue(record)) ledger.refused(entry)
  }

  #sendAll(): void {
    const { ledger, producer, random } = this.#parts
    const both = Array.from({ length: random.integer(0, MOST_IN_GROUP) }, () =>
      this.#record('sendAll'),
    )
    producer.sendAll(both.map(({ record }) => record)).then(
      (metadata) => {
        if (metadata.length !== both.length) ledger.violations.push('sendAll told another number')
        both.forEach(({ entry }, i) => ledger.acked(entry, metadata[i] as RecordMetadata)) // checked
      },
      (error: unknown) => {
        if (!(error instanceof SendAllError)) {
          ledger.violations.push(`sendAll rejected with ${String(error)}`)
          return
        }
        both.forEach(({ entry }, i) => {
          const result = error.results[i]
          if (result?.status === 'fulfilled') ledger.acked(entry, result.value)
          else ledger.failed(entry, result?.reason)
        })
      },
    )
  }

  #sendAbortable(): void {
    const { clock, producer, random } = this.#parts
    const { entry, record } = this.#record('send')
    const abort = new AbortController()
    const afterMs = random.pick([-1, 0, random.around(50)])
    const fire = (): void => {
      this.#parts.tell(`#${entry.id} abort`)
      entry.wasAborted = true
      abort.abort()
    }
    if (afterMs < 0) fire()
    else clock.setTimer(fire, afterMs)
    this.#follow(entry, producer.send(record, { signal: abort.signal }))
  }

  /** Promises that may reject, but must settle. */
  #wait(what: string, promise: Promise<unknown>): void {
    const name = `${what} at ${Math.round(this.#parts.clock.monotonicMs())} ms`
    this.#openWaits.add(name)
    const done = (): void => void this.#openWaits.delete(name)
    promise.then(done, (error: unknown) => {
      done()
      if (error instanceof ClosedError && !this.isClosed) {
        this.#parts.ledger.violations.push(`${name}: ClosedError of an open producer`)
      }
    })
  }
}

/** What the value is on the wire. */
function textOf({ id, length }: SimulatedValue): string {
  return `${id}:${'x'.repeat(length)}`
}

function known(held: HeldMemory | null, id: number, text: string): Buffer {
  const bytes = Buffer.from(text)
  held?.note(id, bytes)
  return bytes
}

type Serialize = (value: SimulatedValue) => string | Buffer | Promise<string>

/** Value to text `id:xxxx` (or to its bytes), at once or later, or not at all. */
export function serializer(clock: Clock, held: HeldMemory | null): Serialize {
  return (value) => {
    const { serializeMs, failsToSerialize } = value
    const result = (): string => {
      if (failsToSerialize) throw new SerializationError('the serializer of the simulation failed')
      return textOf(value)
    }
    if (serializeMs < 0 && held === null) return result()
    if (serializeMs < 0) return known(held, value.id, result())
    return new Promise((resolve, reject) => {
      clock.setTimer(() => {
        try {
          resolve(result())
        } catch (error) {
          reject(error)
        }
      }, serializeMs)
    })
  }
}
