/**
 * Wires the rooms of one producer together; no rule lives here.
 *
 *   intake -> placement -> accumulator -> sender -> BrokerPool -> brokers
 *                                 ^            |
 *   TopicDirectory <- MetadataCache            v
 *                                          delivery -> promises and callbacks
 */
import { assert } from '../assert.js'
import type { Clock } from '../clock.js'
import { systemClock } from '../system-clock.js'
import type { OttlaError } from '../errors.js'
import { safeLogger, silentLogger, type Log } from '../logger.js'
import { parseAddress } from '../network/address.js'
import { BrokerPool } from '../network/brokers/broker-pool.js'
import { ControlPlane } from '../network/control/control-plane.js'
import { ClusterIdentity } from '../network/metadata/cluster-identity.js'
import { MetadataCache } from '../network/metadata/metadata.js'
import type { NetworkContext } from '../network/context.js'
import type { NetworkOptions } from '../network/options.js'
import { Login } from '../network/sasl/login.js'
import { saslMechanism } from '../network/sasl/sasl-options.js'
import { dialTcp } from '../network/transport/tcp.js'
import { dialTls } from '../network/tls/dial-tls.js'
import type { Dial } from '../network/transport/transport.js'
import { Accumulator } from './batching/accumulator.js'
import type { ProducerBatch } from './batching/batch.js'
import type { CallbackRunner } from './batching/batch-waiters.js'
import { AutoCompression, type CompressionChoice } from './preparing/auto-compression.js'
import { BufferPool } from './batching/buffer-pool.js'
import { compressionPolicy, decompress } from './preparing/compression-policy.js'
import { Compressor } from './preparing/compressor.js'
import { Delivery } from './completing/delivery.js'
import { Intake } from './intake/intake.js'
import { LastResort } from './preparing/last-resort.js'
import { MetricsCounter, type ProducerMetrics } from './metrics.js'
import { MemoryBudget } from './batching/memory-budget.js'
import { Obstacles } from './completing/obstacles.js'
import type { ResolvedOptions } from './options/options.js'
import { OutageNotice } from './outage-notice.js'
import { timeoutError } from './waiting/parked-errors.js'
import { ParkingLot } from './waiting/parking-lot.js'
import type { PartitionQueue } from './sending/partition-queue.js'
import { Placement } from './partitioning/placement.js'
import { ProducerIdSource } from './sequencing/producer-id.js'
import { Sender } from './sending/sender.js'
import type { ProducerTopic } from './partitioning/topic.js'
import { TopicDirectory } from './partitioning/topic-directory.js'

/** Time, chance and sockets: what a test or a simulation may replace. */
export interface Environment {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly dial: Dial
  /** Where the sequence numbers of a producer id begin: a test's near 2^31. Default 0. */
  readonly firstSequence?: number
}

export function systemEnvironment(): Environment {
  const clock = systemClock()
  return { clock, random: Math.random, dial: dialTcp(clock) }
}

const ACKS = { all: -1, 1: 1, 0: 0 } as const

/** Most bytes of a batch before compression: a broker takes them even if compression gains nothing. */
function maxPlainBytes({
  compression,
  batchSizeBytes,
  maxRequestSizeBytes,
}: Pick<
  ResolvedOptions<unknown, unknown>,
  'compression' | 'batchSizeBytes' | 'maxRequestSizeBytes'
>): number {
  return compression === 'none'
    ? batchSizeBytes
    : Math.max(batchSizeBytes, maxRequestSizeBytes - 4096)
}

/** What the network needs to know, and nothing else: no secret travels with it. */
function networkOptions<K, V>(options: ResolvedOptions<K, V>): NetworkOptions {
  return {
    bootstrap: options.brokers.map(parseAddress),
    clientId: options.clientId,
    requestTimeoutMs: options.requestTimeoutMs,
    connectionTimeoutMs: options.connectionTimeoutMs,
    reconnectBackoffMs: options.reconnectBackoffMs,
    reconnectBackoffMaxMs: options.reconnectBackoffMaxMs,
    retryBackoffMs: options.retryBackoffMs,
    retryBackoffMaxMs: options.retryBackoffMaxMs,
    metadataMaxAgeMs: options.metadataMaxAgeMs,
    metadataMaxIdleMs: options.metadataMaxIdleMs,
    connectionsMaxIdleMs: options.connectionsMaxIdleMs,
    apiVersions: options.apiVersions,
    createTopics: options.createTopics,
  }
}

export class Pipeline<K, V> {
  readonly clock: Clock
  readonly logger: Log
  readonly counter = new MetricsCounter()
  readonly budget: MemoryBudget
  readonly accumulator: Accumulator
  readonly directory: TopicDirectory
  readonly lot: ParkingLot
  readonly intake: Intake<K, V>
  readonly sender: Sender
  readonly metadata: MetadataCache
  readonly delivery: Delivery
  readonly #onBroken: (error: unknown) => void
  readonly #control: ControlPlane
  readonly #pool: BrokerPool
  readonly #producerIds: ProducerIdSource | null
  readonly #compressor: Compressor | null
  readonly #lastResort: LastResort | null
  /** Why something is not delivered. */
  readonly obstacles: Obstacles
  /** null with a logger, which is told anyway. */
  readonly #notice: OutageNotice | null
  #autoCompression: AutoCompression | null = null
  #isClosed = false

  /** `onBroken` is told of a defect after which nothing can be relied on. */
  constructor(
    options: ResolvedOptions<K, V>,
    environment: Environment,
    onBroken: (error: unknown) => void,
  ) {
    const { clock, random, firstSequence = 0 } = environment
    this.clock = clock
    this.#onBroken = onBroken
    this.logger = options.logger === undefined ? silentLogger : safeLogger(options.logger)
    this.#notice = options.logger === undefined ? new OutageNotice(clock) : null
    this.budget = new MemoryBudget(options.bufferMemoryBytes, () => this.directory.topics.size)
    const context = this.#networkContext(options, environment)
    this.#control = this.#makeControl(context)
    this.metadata = this.#makeMetadata(context)
    this.#pool = this.#makePool(context)
    this.#producerIds = options.idempotence ? this.#makeProducerIds(options, environment) : null
    this.accumulator = new Accumulator(
      options,
      this.budget,
      new BufferPool({
        batchSizeBytes: options.batchSizeBytes,
        maxPlainBytes: maxPlainBytes(options),
        maxFreeBytes: () => this.budget.availableBytes,
      }),
      {
        onReady: (queue) => this.sender.consider(queue),
        onLingering: (untilMs) => this.sender.wakeAt(untilMs),
        onFull: (batch) => this.#compressor?.prepare(batch),
      },
    )
    this.obstacles = this.#makeObstacles()
    this.directory = this.#makeDirectory(options, environment)
    this.#compressor = this.#makeCompressor(options)
    this.#lastResort = this.#makeLastResort(onBroken)
    this.delivery = new Delivery(options, {
      random,
      logger: this.logger,
      counter: this.counter,
      accumulator: this.accumulator,
      producerIds: this.#producerIds,
      runCallback: this.runCallback,
      decompress,
      onTaken: ({ queue, sizeBytes }) => this.#topicOf(queue).fill.taken(sizeBytes),
      onTooLarge: (batch) => this.#tooLarge(batch),
      compressRefused: (batch, giveUp) => this.#lastResort?.compress(batch, giveUp) ?? false,
      onFreed: () => this.intake.serving.roomFreed(),
      refreshMetadata: (topic) => this.metadata.requestRefresh([topic]),
      whyUnsettled: (batch) => this.obstacles.ofBatch(batch),
      applyLeaderHint: (hint) => this.metadata.applyLeaderHint(hint),
    })
    this.sender = new Sender(
      { ...options, acks: ACKS[options.acks], firstSequence },
      {
        clock,
        counter: this.counter,
        pool: this.#pool,
        accumulator: this.accumulator,
        compressor: this.#compressor,
        delivery: this.delivery,
        producerIds: this.#producerIds,
        topics: this.directory.topics,
        refreshMetadata: (topic) => this.metadata.requestRefresh([topic]),
        refreshMetadataOf: (nodeId) => this.metadata.requestRefreshOf(nodeId),
        onBroken,
      },
    )
    this.delivery.attach(this.sender)
    this.lot = this.#makeLot(options, clock)
    this.intake = this.#makeIntake(options, clock)
  }

  /** What a user's callback throws, or rejects with, is logged, and harms nobody else. */
  readonly runCallback: CallbackRunner = (callback, error, metadata) => {
    try {
      // An async function may stand where one that returns nothing is asked for.
      const returned: unknown = callback(error, metadata)
      if (returned instanceof Promise) returned.catch(this.#callbackThrew)
    } catch (thrown) {
      this.#callbackThrew(thrown)
    }
  }

  readonly #callbackThrew = (thrown: unknown): void => {
    this.logger.error({ err: thrown }, 'a delivery callback threw')
  }

  /** Stops everything; what is still under way has been settled before. */
  close(): void {
    this.#isClosed = true
    this.#notice?.close()
    this.sender.close()
    this.#producerIds?.close()
    this.lot.close()
    this.directory.close()
    this.metadata.close()
    this.#control.close()
    this.#pool.close()
  }

  #networkContext(options: ResolvedOptions<K, V>, environment: Environment): NetworkContext {
    const { clock, random, dial } = environment
    return {
      clock,
      random,
      login: this.#login(options, environment),
      dial: options.tls === undefined ? dial : dialTls(clock, options.tls, this.logger),
      dialPlain: options.tls === undefined ? undefined : dial,
      options: networkOptions(options),
      logger: this.logger,
      cluster: new ClusterIdentity(),
    }
  }

  #login(options: ResolvedOptions<K, V>, { clock, random }: Environment): Login | undefined {
    if (options.sasl === undefined) return undefined
    const { logger } = this
    const mechanism = saslMechanism(options.sasl.reveal(), { clock, random, logger })
    if (mechanism.isClearText && options.tls === undefined) {
      const { name } = mechanism
      logger.warn({}, `the credentials of ${name} travel in clear text: set the option tls`)
    }
    return new Login({ mechanism, clock, random, logger })
  }

  #makeControl(context: NetworkContext): ControlPlane {
    return new ControlPlane({
      ...context,
      listener: { onFailure: () => this.metadata.requestRefresh([]) },
    })
  }

  #makeMetadata(context: NetworkContext): MetadataCache {
    return new MetadataCache({
      ...context,
      control: this.#control,
      listener: {
        onTopic: this.#guarded((topic) => this.directory.onTopic(topic)),
        onLeader: this.#guarded((name, partition) => this.directory.onLeader(name, partition)),
        onTopicError: this.#guarded((name, error) => this.directory.onTopicError(name, error)),
        onBrokers: this.#guarded((brokers) => {
          this.#pool.updateBrokers(brokers)
          this.sender.wake() // batches may have waited for a broker that was not known
        }),
        onRebootstrap: this.#guarded((reason) => this.#pool.dropAll(reason)),
        onAnotherCluster: this.#guarded((reason) => this.#startOver(reason)),
        onFatal: this.#guarded((error) => this.directory.onFatal(error)),
        onAsking: () => this.#notice?.attempted('metadata', () => this.metadata.failure()),
        onAnswered: () => this.#notice?.succeeded('metadata'),
        onIdle: (name) => this.directory.onIdle(name),
        isInUse: (name) => this.directory.isInUse(name),
      },
    })
  }

  /** What a listener throws is a defect of ours, whoever calls it and whatever he makes of errors. */
  #guarded<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        act(...args)
      } catch (error) {
        this.#onBroken(error)
      }
    }
  }

  #makePool(context: NetworkContext): BrokerPool {
    return new BrokerPool({
      ...context,
      listener: {
        onDialling: () => this.#notice?.attempted('leaders', () => this.#pool.whyNoneReachable()),
        onReady: () => {
          this.#notice?.succeeded('leaders')
          this.sender.wake()
        },
        onWritable: () => this.sender.wake(),
        onLost: (nodeId) => {
          if (this.#isClosed) return
          this.metadata.requestRefreshOf(nodeId)
          this.sender.wake()
        },
      },
    })
  }

  #makeProducerIds(
    options: ResolvedOptions<K, V>,
    { clock, random }: Environment,
  ): ProducerIdSource {
    return new ProducerIdSource(options, {
      clock,
      random,
      ask: async (api, request) => (await this.#control.ask(api, request, 'any')).response,
      onIdentity: () => this.sender.identified(),
      onRefused: (error) => this.#refused(error),
    })
  }

  /** Another cluster stands where ours was: what the old one has given is void, and what it owes is lost. */
  #startOver(reason: OttlaError): void {
    this.#pool.dropAll(reason)
    this.#producerIds?.forget()
    for (const { partitions } of this.directory.topics.values()) {
      for (const queue of partitions) this.delivery.renounceNumbers(queue)
    }
  }

  /** No producer id: what waits for one fails; later records ask again. */
  #refused(error: OttlaError): void {
    this.delivery.abandonUnidentified(this.sender.takeUnidentified(), error)
  }

  /** A batch was refused for its size; returns most bytes for each part of it, before compression. */
  #tooLarge({ queue, records, sizeBytes }: ProducerBatch): number {
    const { fill } = this.#topicOf(queue)
    fill.refused(sizeBytes)
    return fill.partBytes(records.sizeBytes, sizeBytes)
  }

  #makeObstacles(): Obstacles {
    return new Obstacles({
      nowMs: () => this.clock.monotonicMs(),
      metadata: this.metadata,
      pool: this.#pool,
      producerIds: this.#producerIds,
      unanswered: (nodeId) => this.sender.unanswered(nodeId),
      incomplete: () => this.accumulator.incomplete,
    })
  }

  #topicOf(queue: PartitionQueue): ProducerTopic {
    const topic = this.directory.topics.get(queue.topic)
    assert(topic !== undefined, 'a topic with batches stays in the directory')
    return topic
  }

  #makeDirectory(options: ResolvedOptions<K, V>, { clock, random }: Environment): TopicDirectory {
    return new TopicDirectory({
      clock,
      stickyOptions: {
        random,
        batchSizeBytes: options.batchSizeBytes,
        maxPlainBytes: maxPlainBytes(options),
        isAdaptive: options.partitionerAdaptive,
      },
      want: (name) => this.metadata.want(name),
      forget: (name) => this.metadata.forget(name),
      refresh: (name) => this.metadata.requestRefresh([name]),
      failure: () => this.metadata.failure(),
      listener: {
        onKnown: (topic) => this.intake.serving.moveOn(topic),
        onUnavailable: (topic, error) =>
          this.lot.settleAll(
            (waiting) => waiting.topic === topic,
            () => error,
          ),
        onLost: (topic) => this.intake.serving.moveOn(topic),
        onDropped: (topic) => this.#dropped(topic),
        onLeader: (queue) => this.sender.leaderChanged(queue),
      },
    })
  }

  /** The next topic of this name begins with new queues, and so with new numbers. */
  #dropped({ partitions }: ProducerTopic): void {
    for (const { sequence } of partitions) {
      if (sequence !== null) this.#producerIds?.retire(sequence.identity)
    }
    this.intake.serving.roomFreed() // fewer topics share the memory
  }

  #makeCompressor(options: ResolvedOptions<K, V>): Compressor | null {
    const { clock, logger } = this
    const policy = compressionPolicy(options.compression, {
      stopwatchMs: () => clock.stopwatchMs(),
      logger,
      maxProduceVersion: options.apiVersions['Produce'] ?? Infinity,
    })
    if (policy === null) return null
    if (policy instanceof AutoCompression) this.#autoCompression = policy
    return new Compressor({
      policy,
      accumulator: this.accumulator,
      topics: this.directory.topics,
      logger,
      counter: this.counter,
      onReady: (queue) => this.sender.consider(queue),
      onFreed: () => this.intake.serving.roomFreed(),
      defer: (callback) => clock.defer(callback),
    })
  }

  #makeLastResort(onBroken: (error: unknown) => void): LastResort | null {
    const auto = this.#autoCompression
    if (auto === null) return null // any other codec has been tried by then
    return new LastResort({
      codecsFor: ({ queue, recordCount, codecId }) =>
        auto.codecsForRefused(this.#topicOf(queue), recordCount, codecId),
      accumulator: this.accumulator,
      counter: this.counter,
      decompress,
      onReady: (queue) => this.sender.consider(queue),
      onFreed: () => this.intake.serving.roomFreed(),
      onBroken,
      defer: (callback) => this.clock.defer(callback),
    })
  }

  /** What has been done so far, and what is held. */
  metrics(): ProducerMetrics {
    const { counter, budget, lot, accumulator } = this
    const { plainBytes, compressedBytes, ...totals } = counter
    return {
      ...totals,
      compressionRatio: plainBytes === 0 ? 1 : compressedBytes / plainBytes,
      compressionChoices: this.#compressionChoices(),
      bufferAvailableBytes: budget.availableBytes,
      waitingSends: lot.waitingCount,
      batchesIncomplete: accumulator.incomplete.size,
    }
  }

  #compressionChoices(): Record<string, CompressionChoice> {
    const choices: [string, CompressionChoice][] = []
    for (const topic of this.directory.topics.values()) {
      const choice = this.#autoCompression?.choiceOf(topic) ?? null
      if (choice !== null) choices.push([topic.name, choice])
    }
    return Object.fromEntries(choices)
  }

  #makeLot(options: ResolvedOptions<K, V>, clock: Clock): ParkingLot {
    return new ParkingLot(options, {
      clock,
      budget: this.budget,
      runCallback: this.runCallback,
      onUnheard: (error) =>
        this.logger.error({ err: error }, 'a record without a callback was not delivered'),
      whyNoRoom: () => this.obstacles.ofRoom(),
      timeoutError: (waiting) =>
        timeoutError(waiting, {
          ...options,
          unavailable: (topic) => this.directory.unavailable(topic, options.maxBlockMs),
          whyNoRoom: () => this.obstacles.ofRoom(),
          whyNoMetadata: () => this.metadata.failure(),
        }),
      onSettled: (topic) => {
        this.directory.dropIfUnused(topic)
        this.intake.serving.moveOn(topic)
      },
    })
  }

  #makeIntake(options: ResolvedOptions<K, V>, clock: Clock): Intake<K, V> {
    const placement = new Placement(
      { partitioner: options.partitioner, ignoreKeys: options.partitionerIgnoreKeys },
      this.accumulator,
      () => clock.monotonicMs(),
      (topic) => this.directory.touch(topic),
    )
    const hasPartitioner = options.partitioner !== undefined
    return new Intake(
      { ...options, hasPartitioner },
      {
        clock,
        placement,
        directory: this.directory,
        budget: this.budget,
        lot: this.lot,
        onNoRoom: () => this.accumulator.releaseLingering(Infinity),
        onBroken: this.#onBroken,
      },
    )
  }
}
