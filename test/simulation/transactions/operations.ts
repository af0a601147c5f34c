/**
 * What a user does within a transaction: records in every way, a consumer group's offsets, flushes and
 * pauses; one after the other, or two at a time.
 *
 * Neighbours: program.ts begins and ends the transaction; books.ts has what came of it.
 */
import { SendAllError } from '../../../src/errors.js'
import type { ProducerRecord } from '../../../src/producer/records/record.js'
import type { RecordMetadata } from '../../../src/record-metadata.js'
import type { TestCluster } from '../../../src/testing/cluster.js'
import type { SimulatedValue } from '../plan.js'
import type { Random } from '../random.js'
import { isOwnFault, type Books, type RecordEntry, type TransactionEntry } from './books.js'
import type { Client } from './client.js'
import type { ChosenGroup, Groups } from './groups.js'
import type { ProgramPlan, TransactionalPlan } from './plan.js'

export interface OperationsParts {
  readonly plan: TransactionalPlan
  readonly program: ProgramPlan
  readonly random: Random
  readonly books: Books
  readonly client: Client
  readonly cluster: TestCluster
  readonly groups: Groups
}

type SimulatedRecord = ProducerRecord<string, SimulatedValue>

export class Operations {
  readonly #parts: OperationsParts

  constructor(parts: OperationsParts) {
    this.#parts = parts
  }

  /** Null, or what one of the operations has failed with that the user does not put up with. */
  async perform(entry: TransactionEntry): Promise<Error | null> {
    const { random, program } = this.#parts
    const threads = random.chance(0.3) ? 2 : 1
    const count = random.integer(0, program.operations)
    let error: Error | null = null
    const thread = async (): Promise<void> => {
      for (let i = 0; i < count && error === null; i += threads) {
        const failure = await this.#operation(entry)
        if (failure !== null && random.chance(0.5)) error = failure
      }
    }
    await Promise.all(Array.from({ length: threads }, thread))
    return error
  }

  /** One of each, of which none may fail. */
  async probe(entry: TransactionEntry): Promise<void> {
    const { cluster, groups } = this.#parts
    const sends = cluster.topics.flatMap((topic) =>
      cluster.partitions(topic).map(({ index }) => {
        const { record, recordEntry } = this.#record(entry, false, { topic, partition: index })
        return this.#follow(recordEntry, entry.handle.send(record))
      }),
    )
    const failures = await Promise.all([...sends, this.#sendOffsets(entry, groups.own())])
    const failed = failures.find((it) => it !== null) ?? null
    if (failed !== null) throw failed
  }

  /** Nothing more may be taken. */
  async afterEnd(entry: TransactionEntry): Promise<void> {
    const { books } = this.#parts
    const { handle } = entry
    if (handle.state === 'open') return
    const value = { id: 999_999_999, length: 3, serializeMs: -1, failsToSerialize: false }
    const topic = this.#topic()
    const offset = { topic, partition: 0, offset: 1n }
    for (const call of [handle.send({ topic, value }), handle.sendOffsets('late', [offset])]) {
      const wasTaken = await call.then(
        () => true,
        () => false,
      )
      if (wasTaken) books.violations.push(`T${entry.id} took something after its end`)
    }
  }

  /** Null, or what it failed with, where the user waits for it. */
  async #operation(entry: TransactionEntry): Promise<Error | null> {
    const { random, program, plan, books, client } = this.#parts
    const { handle } = entry
    if (random.chance(0.5)) await this.#sleep(random.around(program.pauseMs))
    const isAwaited = random.chance(0.4)
    const act = random.weighted<() => Promise<Error | null>>([
      [40, () => this.#send(entry)],
      [15, () => this.#enqueue(entry)],
      [6, () => this.#enqueueUnheard(entry)],
      [10, () => this.#sendAll(entry)],
      [18, () => this.#sendOffsets(entry, this.#parts.groups.any(client.life.transactionalId))],
      [4, () => this.#wait(books.call(client.life, 'flush', handle.flush()))],
      [2, () => this.#wait(books.call(client.life, 'writable', handle.writable()))],
      [plan.isSound ? 0 : 1, () => this.#longPause(entry)],
    ])
    const result = act()
    return isAwaited ? result : null
  }

  async #wait(promise: Promise<unknown>): Promise<null> {
    await promise.catch(() => {})
    return null
  }

  /** Beyond the time of the transaction. */
  async #longPause(entry: TransactionEntry): Promise<null> {
    const { plan, random } = this.#parts
    entry.isSpoiled = true
    await this.#sleep(plan.transactionTimeoutMs * (0.5 + random.next()))
    return null
  }

  #topic(): string {
    return this.#parts.random.pick(Object.keys(this.#parts.plan.base.topics))
  }

  #record(
    of: TransactionEntry,
    isUnheard: boolean,
    fixed: { readonly topic: string; readonly partition: number } | null = null,
  ): { record: SimulatedRecord; recordEntry: RecordEntry } {
    const { random, plan, books } = this.#parts
    const topic = fixed?.topic ?? this.#topic()
    const { mostBytes, isSerializerAsync, serializeMs: meanMs } = plan.base.workload
    const length = fixed === null ? random.integer(0, mostBytes) : 3
    const failsToSerialize = fixed === null && random.chance(0.02)
    const isAsync = fixed === null && isSerializerAsync && random.chance(0.5)
    const serializeMs = isAsync ? random.around(meanMs) : -1
    const isMissing = !plan.isSound && random.chance(0.01)
    const partitions = isMissing ? 6 : (plan.base.topics[topic]?.partitions ?? 1)
    const partition = fixed?.partition ?? random.integer(0, partitions - 1)
    const place: Partial<SimulatedRecord> =
      fixed !== null || random.chance(0.5)
        ? { partition }
        : random.chance(0.6)
          ? { key: `k${random.integer(0, 5)}` }
          : {}
    const id = books.records.length
    const value = { id, length, serializeMs, failsToSerialize }
    const recordEntry = books.record(of, {
      ...{ topic, text: `${id}:${'x'.repeat(length)}`, isUnheard },
      ...{ key: place.key ?? null, partition: place.partition },
    })
    if (isUnheard && failsToSerialize) of.isSpoiled = true
    return { record: { topic, value, ...place }, recordEntry }
  }

  #send(entry: TransactionEntry): Promise<Error | null> {
    const { random, plan, client } = this.#parts
    if (entry.handle.state !== 'open') return Promise.resolve(null)
    const { record, recordEntry } = this.#record(entry, false)
    if (random.chance(0.93) || plan.isSound)
      return this.#follow(recordEntry, entry.handle.send(record))
    const abort = new AbortController()
    client.clock.setTimer(() => abort.abort(), random.around(30))
    return this.#follow(recordEntry, entry.handle.send(record, { signal: abort.signal }))
  }

  async #follow(recordEntry: RecordEntry, promise: Promise<RecordMetadata>): Promise<Error | null> {
    const { books, client, plan } = this.#parts
    const { maxBlockMs = 0, deliveryTimeoutMs = 0 } = plan.base.options
    const limits = { mostMs: maxBlockMs + deliveryTimeoutMs, stalledMs: () => client.stalledMs }
    try {
      books.acked(
        recordEntry,
        await books.call(client.life, `send #${recordEntry.id}`, promise, limits),
      )
      return null
    } catch (error) {
      books.failed(recordEntry, error)
      return isOwnFault(error as Error) ? null : (error as Error)
    }
  }

  #enqueue(entry: TransactionEntry): Promise<Error | null> {
    const { books, client } = this.#parts
    if (entry.handle.state !== 'open') return Promise.resolve(null)
    const { record, recordEntry } = this.#record(entry, false)
    const { promise, resolve, reject } = deferred<RecordMetadata>()
    const wasTaken = entry.handle.enqueue(record, (error, metadata) => {
      if (metadata !== null) resolve(metadata)
      else reject(error)
    })
    if (wasTaken) return this.#follow(recordEntry, promise)
    recordEntry.fate = 'refused'
    promise.then(
      () => books.violations.push(`${client.life.name}: #${recordEntry.id} was refused, and told`),
      () => books.violations.push(`${client.life.name}: #${recordEntry.id} was refused, and told`),
    )
    return Promise.resolve(null)
  }

  #enqueueUnheard(entry: TransactionEntry): Promise<Error | null> {
    if (entry.handle.state === 'open') {
      const { record, recordEntry } = this.#record(entry, true)
      if (!entry.handle.enqueue(record)) recordEntry.fate = 'refused'
    }
    return Promise.resolve(null)
  }

  async #sendAll(entry: TransactionEntry): Promise<Error | null> {
    const { random, books, client } = this.#parts
    if (entry.handle.state !== 'open') return null
    const both = Array.from({ length: random.integer(0, 6) }, () => this.#record(entry, false))
    const call = entry.handle.sendAll(both.map(({ record }) => record))
    try {
      const all = await books.call(client.life, 'sendAll', call)
      both.forEach(({ recordEntry }, i) => books.acked(recordEntry, all[i] as RecordMetadata))
      return null
    } catch (error) {
      if (!(error instanceof SendAllError)) {
        books.violations.push(`sendAll rejected with ${String(error)}`)
        return error as Error
      }
      both.forEach(({ recordEntry }, i) => {
        const result = error.results[i]
        if (result?.status === 'fulfilled') books.acked(recordEntry, result.value)
        else books.failed(recordEntry, result?.reason)
      })
      return error
    }
  }

  async #sendOffsets(entry: TransactionEntry, group: ChosenGroup): Promise<Error | null> {
    const { books, client, random } = this.#parts
    if (entry.handle.state !== 'open') return null
    const [topic = ''] = Object.keys(this.#parts.plan.base.topics)
    const { groupId, isAlone, metadata } = group
    const offsets = books.offsetsOf(entry, { groupId, isAlone, topic })
    const offset = random.pick([BigInt(offsets.id), offsets.id, String(offsets.id)])
    const call = entry.handle.sendOffsets(metadata, [{ topic, partition: 0, offset }])
    try {
      await books.call(client.life, `sendOffsets ${groupId} @${offsets.id}`, call)
      offsets.fate = 'done'
      return null
    } catch (error) {
      offsets.fate = 'failed'
      return error as Error
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.client.clock.setTimer(resolve, ms))
  }
}

function deferred<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: unknown) => void
} {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
