/** Transactional producers against the test cluster, on a virtual clock and network. */
import type { Test } from 'tap'
import { TransactionalProducer, type Transaction } from '../../../src/index.js'
import {
  TestCluster,
  type SeenRequest,
  type TestClusterOptions,
} from '../../../src/testing/cluster.js'
import { VirtualNetwork, type VirtualNetworkOptions } from '../../../src/testing/virtual-network.js'
import type { TransactionalProducerOptions } from '../../../src/producer/transactional/transactional-options.js'
import { ManualClock } from '../../support/manual-clock.js'

/** Both protocols; a cluster of level 1 offers the versions of level 2 as well. */
export const LEVELS = [1, 2] as const
export type Level = (typeof LEVELS)[number]

type Options = Partial<TransactionalProducerOptions<string, string>>
export type TestProducer = TransactionalProducer<string, string>
export type TestTransaction = Transaction<string, string>

export interface RigOptions extends TestClusterOptions {
  readonly producer?: Options
  readonly delayMs?: VirtualNetworkOptions['delayMs']
}

/** The APIs that belong to transactions, Produce included. */
const TRANSACTIONAL: readonly string[] = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
  'Produce',
]

/** A cluster with the topic `orders` of three partitions, and a producer `copy-0`. */
export class Rig {
  readonly clock: ManualClock
  readonly network: VirtualNetwork
  readonly cluster: TestCluster
  readonly producer: TestProducer
  readonly errors: string[] = []
  readonly #options: Options
  readonly #producers: TestProducer[] = []

  constructor(network: VirtualNetwork, clock: ManualClock, cluster: TestCluster, options: Options) {
    this.network = network
    this.clock = clock
    this.cluster = cluster
    this.#options = options
    this.producer = this.open('copy-0')
  }

  /** Another producer. */
  open(transactionalId: string, options: Options = {}): TestProducer {
    const { clock, network, cluster } = this
    const note = (facts: object, message?: string): void => {
      const { err } = facts as { err?: Error }
      this.errors.push(`${message}: ${err?.message}`)
    }
    const producer = new TransactionalProducer<string, string>(
      {
        brokers: cluster.bootstrap,
        logger: { debug() {}, info() {}, warn() {}, error: note },
        ...this.#options,
        ...options,
        transactionalId,
      },
      { clock, random: () => 0.5, dial: network.dial },
    )
    this.#producers.push(producer)
    return producer
  }

  /** Moves time on until the promise is settled. */
  async run<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    await this.until(() => isSettled, limitMs)
    return promise
  }

  /** Moves time on until it is so. */
  async until(isSo: () => boolean, limitMs = 600_000): Promise<void> {
    const { clock } = this
    const endMs = clock.monotonicMs() + limitMs
    await this.settle(isSo)
    while (!isSo() && clock.monotonicMs() < endMs) {
      await clock.advanceSettled(Math.max(1, (clock.nextTimerMs ?? 0) - clock.monotonicMs()))
      await this.settle(isSo)
    }
    if (!isSo()) throw new Error(`not so after ${limitMs} virtual ms`)
  }

  /** Lets everything go on that needs no time. */
  async settle(isSo: () => boolean = () => false): Promise<void> {
    for (let turn = 0; turn < 12 && !isSo(); turn++) await this.clock.settle()
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceSettled(ms)
    await this.settle()
  }

  /** 'ok', or the code of the error. */
  fate(promise: Promise<unknown>): Promise<string> {
    return this.run(fateOf(promise))
  }

  /** The error that it is rejected with. */
  failure(promise: Promise<unknown>): Promise<Failure> {
    return this.run(failureOf(promise))
  }

  /** A transaction that has begun. */
  begin(producer = this.producer): Promise<TestTransaction> {
    return this.run(producer.begin())
  }

  /** One that is committed. */
  async commit(...values: string[]): Promise<void> {
    const transaction = await this.begin()
    for (const value of values) void this.send(transaction, value)
    await this.run(transaction.commit())
  }

  /** Its fate: 'ok' or a code. Nothing waits for it. */
  send(transaction: TestTransaction, value: string, partition = 0): Promise<string> {
    return fateOf(transaction.send({ topic: 'orders', partition, value }))
  }

  /** What a consumer of committed records sees. */
  committed(topic = 'orders'): (string | undefined)[] {
    return this.cluster
      .records(topic, { isolation: 'read_committed' })
      .map(({ value }) => value?.toString())
  }

  stored(topic = 'orders'): (string | undefined)[] {
    return this.cluster.records(topic).map(({ value }) => value?.toString())
  }

  requests(api: string): readonly SeenRequest[] {
    return this.cluster.requests.filter((it) => it.api === api)
  }

  count(api: string): number {
    return this.requests(api).length
  }

  /** EndTxn requests: true for each commit. */
  get ends(): boolean[] {
    return this.requests('EndTxn').map(({ body }) => (body as { committed: boolean }).committed)
  }

  /** The transactional requests of a client, in order; repetitions of one next to another are one. */
  apis(from = 0): string[] {
    const names = this.cluster.requests.slice(from).map((it) => it.api)
    const all = names.filter((name) => TRANSACTIONAL.includes(name))
    return all.filter((name, i) => name !== all[i - 1])
  }

  async close(): Promise<void> {
    for (const producer of this.#producers) await this.run(producer.close({ timeoutMs: 0 }))
    await this.cluster.close()
  }
}

export async function rig(t: Test, level: Level | 0, options: RigOptions = {}): Promise<Rig> {
  const { producer = {}, delayMs, ...cluster } = options
  const clock = new ManualClock()
  const network = new VirtualNetwork(delayMs === undefined ? { clock } : { clock, delayMs })
  const started = await TestCluster.start({
    topics: { orders: { partitions: 3 }, input: { partitions: 2 } },
    transactionVersion: level,
    ...cluster,
    network,
  })
  const it = new Rig(network, clock, started, producer)
  t.teardown(() => it.close())
  return it
}

/** 'ok', or the code of the error; it is never rejected. */
export function fateOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  )
}

export type Failure = Error & { readonly code?: string; readonly cause?: unknown }

/** What it is rejected with. */
export function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => new Error('it was not rejected'),
    (error: unknown) => error as Failure,
  )
}

export const ABORTED = 'ERR_OTTLA_TRANSACTION_ABORTED'
export const FENCED = 'ERR_OTTLA_FENCED'
export const UNKNOWN = 'ERR_OTTLA_TRANSACTION_UNKNOWN'
export const STATE = 'ERR_OTTLA_TRANSACTION_STATE'
export const TIMEOUT = 'ERR_OTTLA_TIMEOUT'
export const CLOSED = 'ERR_OTTLA_CLOSED'
export const FATAL = 'ERR_OTTLA_FATAL'
