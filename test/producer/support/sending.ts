/**
 * A sender with its delivery, accumulator and queues, on a manual clock, against brokers that do
 * what a test says: each request that leaves is decoded and kept until the test answers it.
 */
import { ConnectionError, type OttlaError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/logger.js'
import { ApiVersionTable } from '../../../src/network/connection/api-version-table.js'
import type { ProduceConnection, ProducePort } from '../../../src/network/brokers/produce-port.js'
import type { ResponseHandler } from '../../../src/network/connection/request-queue.js'
import type { LeaderHint } from '../../../src/network/metadata/topic-metadata.js'
import { Accumulator, Appended } from '../../../src/producer/batching/accumulator.js'
import { BufferPool } from '../../../src/producer/batching/buffer-pool.js'
import { Completion } from '../../../src/producer/completing/completion.js'
import { Settlement } from '../../../src/producer/completing/settlement.js'
import { MemoryBudget } from '../../../src/producer/batching/memory-budget.js'
import { NO_OBSERVER, type Observer } from '../../../src/producer/observer.js'
import type { QueueScheduler } from '../../../src/producer/queueing/partition-queue.js'
import { MeasuredPace } from '../../../src/producer/pacing/pace.js'
import { NO_PREPARATION } from '../../../src/producer/preparing/preparation.js'
import { UNLIMITED_RETRIES } from '../../../src/producer/options/options.js'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { ProducerIdentity } from '../../../src/producer/sequencing/partition-sequence.js'
import {
  IdempotentSequencer,
  NO_SEQUENCER,
  type IdentitySource,
} from '../../../src/producer/sequencing/sequencer.js'
import type { BrokerSink } from '../../../src/producer/sending/broker-sink.js'
import { Sender } from '../../../src/producer/sending/sender.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { decodeRequestHeader } from '../../../src/protocol/header.js'
import {
  produce,
  type BatchIndexAndErrorMessage,
  type ProduceResponse,
} from '../../../src/protocol/messages/produce.js'
import { decodeBatch, decodeRecords } from '../../../src/protocol/record-batch-reader.js'
import { Reader } from '../../../src/protocol/reader.js'
import { Writer } from '../../../src/protocol/writer.js'
import { ManualClock } from '../../support/manual-clock.js'
import { metadataOf, preparedRecord, topicOf } from './pieces.js'

export const IDENTITY: ProducerIdentity = { producerId: 77n, producerEpoch: 0 }
const PRODUCE_VERSION = 10

/** One batch as it travelled. */
export interface SentBatch {
  readonly partition: number
  readonly values: readonly string[]
  readonly epoch: number
  readonly sequence: number
  readonly bytes: number
}

/** One request that left, and how to end it. */
export class SentRequest {
  readonly nodeId: number
  readonly acks: number
  /** How long the broker is to wait for its replicas. */
  readonly timeoutMs: number
  readonly batches: readonly SentBatch[]
  readonly #version: number
  readonly #handler: ResponseHandler | null
  readonly #acks0: { written(): void; failed(error: OttlaError): void } | null

  constructor(
    nodeId: number,
    frame: readonly Uint8Array[],
    handler: ResponseHandler | null,
    acks0: { written(): void; failed(error: OttlaError): void } | null = null,
  ) {
    const bytes = Buffer.concat(frame)
    const reader = new Reader(bytes.subarray(4), { apiName: 'Produce', version: PRODUCE_VERSION })
    const isFlexible = bytes.readInt16BE(6) >= produce.flexibleFrom
    const { apiVersion } = decodeRequestHeader(reader, isFlexible)
    const { acks, timeoutMs, topicData } = produce.decodeRequest(reader, apiVersion)
    this.nodeId = nodeId
    this.acks = acks
    this.timeoutMs = timeoutMs
    this.#version = apiVersion
    this.batches = topicData.flatMap(({ partitionData }) =>
      partitionData.map(({ index, records }) => sentBatch(index, Buffer.from(records ?? []))),
    )
    this.#handler = handler
    this.#acks0 = acks0
  }

  /** Every value in it, in order. */
  get values(): string[] {
    return this.batches.flatMap(({ values }) => values)
  }

  /** Answers every partition with `codes`, by partition, or NONE; from offset 100 on. */
  answer(
    codes: Readonly<Record<number, number>> = {},
    more: Partial<ProduceResponse> & {
      readonly leader?: LeaderOf
      readonly recordErrors?: readonly BatchIndexAndErrorMessage[]
    } = {},
  ): void {
    const { leader, recordErrors = [], ...response } = more
    const partitionResponses = this.batches.map(({ partition }) => ({
      index: partition,
      errorCode: codes[partition] ?? ErrorCodes.NONE,
      baseOffset: (codes[partition] ?? 0) === 0 ? 100n : -1n,
      logAppendTimeMs: -1n,
      logStartOffset: 0n,
      recordErrors,
      errorMessage: null,
      currentLeader: leader ?? { leaderId: -1, leaderEpoch: -1 },
    }))
    this.respond({
      responses: [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionResponses }],
      throttleTimeMs: 0,
      nodeEndpoints: [],
      ...response,
    })
  }

  respond(response: ProduceResponse): void {
    const writer = new Writer()
    produce.encodeResponse(writer, response, this.#version)
    const bytes = writer.toBuffer()
    const reader = new Reader(bytes, { apiName: 'Produce', version: this.#version })
    this.#handler?.onResponse(reader, bytes)
  }

  /** Its connection closes. */
  lose(): void {
    this.#handler?.onFailure(LOST)
    this.#acks0?.failed(LOST)
  }

  /** acks 0: the socket has taken the bytes. */
  written(): void {
    this.#acks0?.written()
  }
}

interface LeaderOf {
  readonly leaderId: number
  readonly leaderEpoch: number
}

const LOST = new ConnectionError('the connection was lost', {
  host: 'kafka',
  port: 9092,
  phase: 'request',
})

function sentBatch(partition: number, bytes: Buffer): SentBatch {
  const batch = decodeBatch(bytes)
  return {
    partition,
    values: decodeRecords(batch).map(({ value }) => String(value)),
    epoch: batch.producerEpoch,
    sequence: batch.baseSequence,
    bytes: bytes.length,
  }
}

/** A connection whose broker answers when the test says so. */
export class FakeConnection implements ProduceConnection {
  readonly nodeId: number
  readonly host = 'kafka'
  readonly port = 9092
  readonly versions: ApiVersionTable
  isOpen = true
  isWritable = true
  throttledUntilMs = 0
  throttledSinceMs = 0
  shortestRoundTripMs = 1
  readonly throttles: number[] = []
  readonly sent: SentRequest[] = []
  #correlationId = 0

  constructor(nodeId: number, maxVersion: number) {
    this.nodeId = nodeId
    const range = { apiKey: produce.key, minVersion: 3, maxVersion }
    this.versions = new ApiVersionTable([range], {}, 'kafka:9092')
  }

  nextCorrelationId(): number {
    return this.#correlationId++
  }

  throttle(ms: number): void {
    this.throttles.push(ms)
  }

  sendFrame(
    frame: readonly Uint8Array[],
    _correlationId: number,
    _api: unknown,
    _version: number,
    _timeoutMs: number,
    handler: ResponseHandler,
  ): void {
    this.sent.push(new SentRequest(this.nodeId, frame, handler))
  }

  sendFrameWithoutAnswer(
    frame: readonly Uint8Array[],
    _timeoutMs: number,
    written: () => void,
    failed: (error: OttlaError) => void,
  ): void {
    this.sent.push(new SentRequest(this.nodeId, frame, null, { written, failed }))
  }
}

export interface RigOptions {
  readonly leaders?: readonly number[]
  readonly acks?: -1 | 0 | 1
  readonly isIdempotent?: boolean
  readonly identity?: ProducerIdentity | null
  readonly maxInFlight?: number
  readonly maxRequestSizeBytes?: number
  readonly batchSizeBytes?: number
  readonly lingerMs?: number
  readonly deliveryTimeoutMs?: number
  readonly retries?: number
  readonly produceVersion?: number
  readonly observer?: Observer
}

export class SendingRig {
  readonly clock = new ManualClock()
  readonly budget = new MemoryBudget(10_000_000)
  readonly topic: ProducerTopic
  readonly accumulator: Accumulator
  readonly completion: Completion
  readonly sequencer: IdempotentSequencer
  #sender: Sender | null = null
  readonly connections = new Map<number, FakeConnection>()
  readonly sinks = new Map<number, BrokerSink>()
  readonly dropped: number[] = []
  /** Brokers that need not be waited for any longer. */
  readonly forgiven: number[] = []
  /** What each record was told: `value: offset`, or `value: outcome`. */
  readonly told: string[] = []
  readonly errors: Error[] = []
  readonly hints: LeaderHint[] = []
  readonly renewals: ((identity: ProducerIdentity) => void)[] = []
  identity: ProducerIdentity | null
  acquired = 0
  refreshes = 0
  /** How often a connection was asked for. */
  ensured = 0
  freed = 0
  readonly #produceVersion: number
  #epoch = 1

  constructor(options: RigOptions = {}) {
    this.#produceVersion = options.produceVersion ?? PRODUCE_VERSION
    const { leaders = [1], lingerMs = 0, deliveryTimeoutMs = 120_000 } = options
    const { retries = UNLIMITED_RETRIES } = options
    const { acks = -1, maxInFlight = 5, maxRequestSizeBytes = 1_000_000 } = options
    const { batchSizeBytes = 16_384, isIdempotent = true, identity = IDENTITY } = options
    this.identity = identity
    const { observer = NO_OBSERVER } = options
    this.sequencer = new IdempotentSequencer(this.#producerIds())
    const sequencer = isIdempotent ? this.sequencer : NO_SEQUENCER
    this.topic = topicOf(leaders, {
      batchSizeBytes,
      ports: {
        scheduler: this.#scheduler(),
        maxInFlight,
        numberingOf: (partition) => sequencer.numberingOf(partition),
        failDoubtful: (batch) => this.completion.failDoubtful(batch),
      },
    })
    this.accumulator = new Accumulator(
      { lingerMs, deliveryTimeoutMs },
      this.budget,
      new BufferPool({
        batchSizeBytes,
        maxPlainBytes: batchSizeBytes,
        maxFreeBytes: () => 1_000_000,
      }),
      {
        onReady: (queue) => queue.schedule(),
        onLingering: (untilMs) => this.sender.wakeAt(untilMs),
        onFull: () => {},
      },
    )
    const metadata = {
      requestRefresh: () => void this.refreshes++,
      requestRefreshOf: () => void this.refreshes++,
      applyLeaderHint: (hint: LeaderHint) => void this.hints.push(hint),
    }
    const settlement = new Settlement({
      unheard: silentLogger,
      observer,
      accumulator: this.accumulator,
      runCallback: (callback, error, metadata) => callback(error, metadata),
      decompress: () => {
        throw new Error('nothing is compressed here')
      },
      onFreed: () => this.freed++,
    })
    this.completion = new Completion(
      { retries, deliveryTimeoutMs, retryBackoffMs: 100, retryBackoffMaxMs: 1000 },
      {
        random: () => 0.5,
        logger: silentLogger,
        settlement,
        refusals: { refused() {}, acknowledged() {} },
        accumulator: this.accumulator,
        metadata,
        lastResort: null,
        obstacles: { ofBatch: ({ lastError }) => lastError },
      },
    )
    this.#sender = new Sender(
      {
        ...{ clientId: 'test', acks, maxInFlight, maxRequestSizeBytes },
        ...{ requestTimeoutMs: 30_000, retries, isIdempotent },
      },
      {
        clock: this.clock,
        observer,
        network: this.#pool(),
        accumulator: this.accumulator,
        completion: this.completion,
        preparation: NO_PREPARATION,
        metadata,
        sinks: this.sinks,
        newPace: () => new MeasuredPace(),
        onBroken: (error) => {
          throw error
        },
      },
    )
    for (const leader of leaders) if (leader >= 0) this.connection(leader)
  }

  get sender(): Sender {
    if (this.#sender === null) throw new Error('the rig is not made yet')
    return this.#sender
  }

  /** The sender, which is made after the queues that it schedules. */
  #scheduler(): QueueScheduler<ProducerBatch> {
    return {
      consider: (queue) => this.#sender?.consider(queue),
      pause: (queue) => this.sender.pause(queue),
      leaderChanged: (queue) => this.#sender?.leaderChanged(queue),
      recovered: (nodeId) => this.sender.recovered(nodeId),
    }
  }

  #pool(): ProducePort {
    return {
      ensure: (nodeId) => {
        this.ensured++
        return this.connections.get(nodeId)
      },
      connection: (nodeId) => this.connections.get(nodeId),
      knows: (nodeId) => this.connections.has(nodeId),
      whyUnreachable: () => null,
      forgiveFailures: (nodeId) => this.forgiven.push(nodeId),
      drop: (nodeId) => this.dropped.push(nodeId),
    }
  }

  #producerIds(): IdentitySource {
    const identity = (): ProducerIdentity | null => this.identity
    return {
      get identity() {
        return identity()
      },
      mustBeginAtZero: false,
      acquire: () => void this.acquired++,
      renew: (_used, adopt) => void this.renewals.push(adopt),
      retire() {},
      whyNone: () => null,
      forget() {},
      close() {},
    }
  }

  /** The connection to a broker; made where there is none. */
  connection(nodeId: number): FakeConnection {
    let connection = this.connections.get(nodeId)
    if (connection === undefined) {
      connection = new FakeConnection(nodeId, this.#produceVersion)
      this.connections.set(nodeId, connection)
    }
    return connection
  }

  /** What has been sent to a broker. */
  sent(nodeId = 1): SentRequest[] {
    return this.connection(nodeId).sent
  }

  queue(partition = 0): BatchQueue {
    return this.topic.partitions[partition] as BatchQueue
  }

  /** Takes a record; nothing leaves before `run`. */
  take(value: string, partition = 0): void {
    const queue = this.queue(partition)
    const record = preparedRecord(this.topic, {
      value,
      partition,
      callback: (error, metadata) => {
        this.told.push(`${value}: ${metadata?.offset ?? (error as { outcome?: string }).outcome}`)
        if (error !== null) this.errors.push(error)
      },
    })
    if (this.accumulator.appendToOpen(queue, record) !== Appended.batchFull) return
    this.accumulator.appendToNew(queue, record, this.clock.monotonicMs())
  }

  /** Takes a record that leaves in a batch of its own, if it may leave. */
  send(value: string, partition = 0): void {
    this.take(value, partition)
    this.queue(partition).closeOpen()
    this.queue(partition).schedule()
    this.run()
  }

  /** What was deferred happens. */
  run(): void {
    this.clock.runDeferred()
  }

  /** A first batch is acknowledged, so that several may be in flight. */
  prove(partition = 0): void {
    const { nodeId, sent } = this.connection(this.queue(partition).leaderId)
    this.send('proof', partition)
    this.sent(nodeId)[sent.length - 1]?.answer()
    this.run()
    sent.length = 0
    this.told.length = 0
  }

  /** Metadata names other leaders. */
  lead(leaders: readonly number[]): void {
    for (const leader of leaders) if (leader >= 0) this.connection(leader)
    this.topic.update(metadataOf('orders', leaders, ++this.#epoch))
    this.run()
  }
}
