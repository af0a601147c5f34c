/**
 * Wires the rooms of one producer together; no rule lives here.
 *
 *   intake -> placement -> accumulator -> partition's queue -> broker's sink -> connection -> broker
 *      ^                                        ^                    |
 *   waiting (no room, no topic)                 └── completion <─────┘ answers
 *                                                       └─> promises and callbacks
 *   metadata -> topic directory -> topics -> queues
 *
 * The rooms are made in that order, last first; where two need each other, the later one is looked up
 * when something happens (cluster-news.ts).
 */
import type { Clock } from '../clock.js'
import type { DeliveryError, OttlaError } from '../errors.js'
import { atHome } from '../home-context.js'
import { safeLogger, silentLogger, type Log } from '../logger.js'
import { isPromised } from '../promised.js'
import { BrokerPool } from '../network/brokers/broker-pool.js'
import { ControlPlane } from '../network/control/control-plane.js'
import type { FinalizedFeatures } from '../network/finalized-features.js'
import { MetadataCache } from '../network/metadata/metadata.js'
import { Accumulator } from './batching/accumulator.js'
import type { OutcomeTeller } from './batching/batch-waiters.js'
import type { ProducerBatch } from './batching/batch.js'
import { BufferPool } from './batching/buffer-pool.js'
import { MemoryBudget } from './batching/memory-budget.js'
import { ClusterNews, TopicNews, type ConcernedRooms, type TopicRooms } from './cluster-news.js'
import { Completion } from './completing/completion.js'
import { Obstacles } from './completing/obstacles.js'
import { RefusalLog } from './completing/refusal-log.js'
import { Settlement } from './completing/settlement.js'
import type { Environment } from './environment.js'
import type { ProducerHealth } from './health.js'
import { HealthCheck, isLoss, type Life } from './health-check.js'
import { Gathering } from './intake/gathering.js'
import { Intake } from './intake/intake.js'
import type { ProducerMetrics } from './metrics.js'
import { DiagnosticsObserver } from './diagnostics/diagnostics-observer.js'
import { networkContext } from './network-context.js'
import type { Observer } from './observer.js'
import { MetricsCounter } from './observing/metrics-counter.js'
import { observerOf } from './observing/observers.js'
import type { ResolvedOptions } from './options/options.js'
import { OutageNotice } from './outage-notice.js'
import { UnheardLog } from './completing/unheard-log.js'
import { MeasuredPace } from './pacing/pace.js'
import { Placement } from './partitioning/placement.js'
import type { StickyOptions } from './partitioning/sticky-partitioner.js'
import type { ProducerTopic } from './partitioning/topic.js'
import { TopicDirectory } from './partitioning/topic-directory.js'
import { AutoCompression, type CompressionChoice } from './preparing/auto-compression.js'
import { compressionPolicy, decompress } from './preparing/compression-policy.js'
import { Compressor } from './preparing/compressor.js'
import { LastResort } from './preparing/last-resort.js'
import { NO_PREPARATION, type BatchPreparation } from './preparing/preparation.js'
import type { BrokerSink, SinkOptions } from './sending/broker-sink.js'
import type { QueuePorts } from './queueing/partition-queue.js'
import { Sender } from './sending/sender.js'
import { makeSequencer } from './sequencing/make-sequencer.js'
import type { Sequencer } from './sequencing/sequencer.js'
import { TelemetryReporter } from './telemetry/telemetry-reporter.js'
import { CoordinatorRequests } from './coordinating/coordinator-requests.js'
import { transactionLevel } from './coordinating/transaction-level.js'
import { TransactionManager } from './transactions/transaction-manager.js'
import { WaitErrors } from './waiting/parked-errors.js'
import { ParkingLot } from './waiting/parking-lot.js'

const ABORTING = 'their transaction is being aborted, and its connection is closed'
const ACKS = { all: -1, 1: 1, 0: 0 } as const

/** Most bytes of a batch before compression: a broker takes them even if compression gains nothing. */
function maxPlainBytes<K, V>(options: ResolvedOptions<K, V>): number {
  const { compression, batchSizeBytes, maxRequestSizeBytes } = options
  return compression === 'none'
    ? batchSizeBytes
    : Math.max(batchSizeBytes, maxRequestSizeBytes - 4096)
}

export class Pipeline<K, V> implements ConcernedRooms, TopicRooms {
  readonly clock: Clock
  readonly logger: Log
  readonly observer: Observer
  readonly budget: MemoryBudget
  readonly accumulator: Accumulator
  readonly directory: TopicDirectory
  readonly lot: ParkingLot
  readonly intake: Intake<K, V>
  /** Which transaction records are given to now. */
  readonly gathering = new Gathering()
  readonly sender: Sender
  readonly pool: BrokerPool
  readonly control: ControlPlane
  /** What the whole cluster has agreed on. */
  readonly features: FinalizedFeatures
  readonly metadata: MetadataCache
  readonly completion: Completion
  readonly sequencer: Sequencer
  /** null without transactions. */
  readonly transactions: TransactionManager | null
  /** Why something is not delivered. */
  readonly obstacles: Obstacles
  readonly notice: OutageNotice | null
  /** null where metrics are not pushed. */
  readonly telemetry: TelemetryReporter | null
  /** Failures that nobody else hears of. */
  readonly unheard: UnheardLog
  readonly onBroken: (error: unknown) => void
  readonly #environment: Environment
  readonly #options: ResolvedOptions<K, V>
  readonly #counter: MetricsCounter
  readonly #sinks = new Map<number, BrokerSink>()
  readonly #preparation: BatchPreparation
  readonly #health: HealthCheck
  #autoCompression: AutoCompression | null = null
  #coordinators: CoordinatorRequests | null = null
  #isClosed = false

  /** `onBroken` is called with a defect after which nothing can be relied on. */
  constructor(
    options: ResolvedOptions<K, V>,
    environment: Environment,
    onBroken: (error: unknown) => void,
  ) {
    const { clock } = environment
    this.clock = clock
    this.onBroken = onBroken
    this.#environment = environment
    this.#options = options
    this.logger = options.logger === undefined ? silentLogger : safeLogger(options.logger)
    this.unheard = new UnheardLog(clock, this.logger)
    const hasRecords = (): boolean => this.#health.hasUnsettled
    this.notice = options.logger === undefined ? new OutageNotice(clock, hasRecords) : null
    this.#counter = new MetricsCounter(clock)
    this.observer = observerOf(this.#counter, new DiagnosticsObserver(options.clientId, clock))
    this.budget = new MemoryBudget(options.bufferMemoryBytes, () => this.directory.topics.size)
    const context = networkContext(options, environment, this.logger, this.#counter.connections)
    const listener = new ClusterNews(this)
    this.control = new ControlPlane({ ...context, listener })
    this.metadata = new MetadataCache({ ...context, control: this.control, listener })
    this.pool = new BrokerPool({ ...context, listener })
    this.features = context.features
    this.telemetry = this.#makeTelemetry()
    this.transactions = this.#makeTransactions()
    this.sequencer = this.#makeSequencer()
    this.accumulator = this.#makeAccumulator()
    this.obstacles = new Obstacles({
      ...{ clock, metadata: this.metadata, pool: this.pool, sequencer: this.sequencer },
      ...{ sinks: this.#sinks, accumulator: this.accumulator },
    })
    this.#health = this.#makeHealth()
    this.#preparation = this.#makePreparation()
    this.completion = this.#makeCompletion()
    this.sender = this.#makeSender()
    this.directory = this.#makeDirectory()
    this.lot = this.#makeLot(options, clock)
    this.intake = this.#makeIntake(options, clock)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What a user's callback throws, or rejects with, is logged, and harms nobody else. */
  readonly runCallback: OutcomeTeller = (callback, error, metadata) => {
    if (callback === null) {
      this.#logUnheard(error)
      return
    }
    try {
      // An async function may stand where one that returns nothing is asked for.
      isPromised(callback(error, metadata), this.#callbackThrew)
    } catch (thrown) {
      this.#callbackThrew(thrown)
    }
  }

  readonly #callbackThrew = (thrown: unknown): void => {
    this.logger.error({ err: thrown }, 'a delivery callback threw')
  }

  #logUnheard(error: DeliveryError | null): void {
    if (error === null) return
    const { topic } = error
    const facts = topic === undefined ? { err: error } : { topic, err: error }
    this.unheard.error(facts, 'records without a callback were not delivered')
  }

  /** A record was given, and will not be delivered. */
  readonly #onFailed = (error: OttlaError, isHeard = true): void => {
    this.#health.failed(error)
    this.transactions?.recordFailed(error, isHeard)
  }

  /** The same, of so many records that are in no batch. */
  readonly #onNotAppended = (error: OttlaError, isHeard = true, recordCount = 1): void => {
    if (isLoss(error)) this.observer.recordsNotAppended(recordCount)
    this.#onFailed(error, isHeard)
  }

  /** Memory came free. */
  readonly #onFreed = (): void => this.intake.serving.roomFreed()

  readonly #defer = (callback: () => void): void => this.clock.defer(callback)

  /** Calls back once every record until now is settled, wherever it is; does not wait for linger. */
  flush(onFlushed: () => void): void {
    this.accumulator.releaseLingering(Infinity) // what waits lingers no more either (parking-lot.ts)
    // Later, so that whoever awaits a record has gone on before: its promise takes a few microtasks.
    this.accumulator.spans.whenOver(() => this.clock.defer(onFlushed))
  }

  /** As `flush`, for the user, who may ask how long it takes. */
  flushTimed(onFlushed: () => void): void {
    const sinceMs = this.clock.monotonicMs()
    this.flush(() => {
      this.observer.flushed(this.clock.monotonicMs() - sinceMs)
      onFlushed()
    })
  }

  /** Fails whatever is left, when the time is up or nothing can be relied on. */
  abandonAll(
    reason: DeliveryError,
    reasonOf: (waiting: { readonly topic: ProducerTopic }) => DeliveryError = () => reason,
  ): void {
    this.lot.settleAll(() => true, reasonOf)
    for (const batch of [...this.accumulator.incomplete]) {
      try {
        this.completion.abandon(batch, reason)
      } catch (error) {
        this.logger.error({ err: error }, 'a batch could not be abandoned; this is a bug in Ottla')
      }
    }
  }

  /** Stops everything; every record has been settled before. */
  close(): void {
    this.#isClosed = true
    this.#coordinators?.close()
    this.notice?.close()
    this.telemetry?.close()
    this.unheard.close()
    this.sender.close()
    this.sequencer.close()
    this.lot.close()
    this.directory.close()
    this.metadata.close()
    this.control.close()
    this.pool.close()
  }

  #makeTelemetry(): TelemetryReporter | null {
    const { metricsPush, transactionalId } = this.#options
    if (!metricsPush) return null
    const { clock, logger, control } = this
    const anyAnswer = { check: () => {} }
    return new TelemetryReporter({
      ...{ clock, logger, random: this.#environment.random },
      ask: async (api, request, address) =>
        (await control.ask(api, request, { address }, anyAnswer)).response,
      metrics: () => this.metrics(),
      resource: transactionalId === null ? {} : { transactional_id: transactionalId },
    })
  }

  #makeTransactions(): TransactionManager | null {
    const { transactionalId, transactionTimeoutMs, maxBlockMs, apiVersions } = this.#options
    if (transactionalId === null) return null
    const { clock, logger, observer, control, features } = this
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#options
    const requests = new CoordinatorRequests({
      ...{ control, clock, logger, random: this.#environment.random },
      backoff: { initialMs, maxMs },
    })
    this.#coordinators = requests
    return new TransactionManager(
      { transactionalId, transactionTimeoutMs, maxBlockMs },
      {
        ...{ clock, logger, observer, requests },
        level: () => transactionLevel(features, apiVersions),
        records: {
          flush: (onFlushed) => this.flush(onFlushed),
          end: (reason) => this.gathering.end(reason),
          cancel: (reason) =>
            atHome(() => {
              this.gathering.cancel(reason)
              this.abandonAll(reason)
            }),
          leaveOwing: () => this.#leaveOwing(),
        },
      },
    )
  }

  #leaveOwing(): void {
    for (const sink of this.#sinks.values()) if (sink.inFlight.length > 0) sink.leave(ABORTING)
  }

  #makeSequencer(): Sequencer {
    const { clock, logger, control, transactions } = this
    const { random, firstSequence } = this.#environment
    return makeSequencer(this.#options, {
      ...{ clock, random, logger, control, transactions, firstSequence },
      onRefused: (error, refused) => this.completion.abandonUnidentified(error, refused),
    })
  }

  #makeAccumulator(): Accumulator {
    const { batchSizeBytes } = this.#options
    const pool = new BufferPool({
      batchSizeBytes,
      maxPlainBytes: maxPlainBytes(this.#options),
      maxFreeBytes: () => this.budget.availableBytes,
    })
    return new Accumulator(this.#options, this.budget, pool, {
      onReady: (queue) => queue.schedule(),
      onLingering: (untilMs) => this.sender.wakeAt(untilMs),
      onFull: (batch) => this.#preparation.prepare(batch),
    })
  }

  #makePreparation(): BatchPreparation {
    const { clock, logger, observer, accumulator } = this
    const { compression, apiVersions } = this.#options
    const policy = compressionPolicy(compression, {
      stopwatchMs: () => clock.stopwatchMs(),
      logger,
      maxProduceVersion: apiVersions['Produce'] ?? Infinity,
    })
    if (policy === null) return NO_PREPARATION
    if (policy instanceof AutoCompression) this.#autoCompression = policy
    const [onFreed, defer] = [this.#onFreed, this.#defer]
    return new Compressor({ policy, accumulator, logger, observer, onFreed, defer })
  }

  #makeCompletion(): Completion {
    const { clock, logger, observer, accumulator, runCallback, obstacles, metadata } = this
    const { random } = this.#environment
    const refusals = new RefusalLog({ clock, logger }, this.#options.lingerMs)
    const onFreed = ({ queue }: ProducerBatch): void => {
      refusals.left(queue)
      this.#onFreed()
    }
    const transaction = {
      recordFailed: (error: OttlaError) => this.#onFailed(error),
      answerCame: (isAcknowledged: boolean) => this.transactions?.answerCame(isAcknowledged),
    }
    const health = this.#health
    const { unheard } = this
    const settlement = new Settlement({
      ...{ observer, accumulator, runCallback, decompress, onFreed, transaction },
      unheard,
    })
    const lastResort = this.#makeLastResort()
    return new Completion(this.#options, {
      ...{
        random,
        logger,
        settlement,
        accumulator,
        metadata,
        lastResort,
        obstacles,
        refusals,
        health,
      },
    })
  }

  /** Any other codec than those of 'auto' has been tried by the time a batch is refused. */
  #makeLastResort(): LastResort | null {
    const auto = this.#autoCompression
    if (auto === null) return null
    const { accumulator, observer, onBroken } = this
    return new LastResort({
      ...{ auto, accumulator, observer, decompress, onBroken },
      ...{ onFreed: this.#onFreed, defer: this.#defer },
    })
  }

  #makeSender(): Sender {
    const { clock, observer, accumulator, completion, metadata, onBroken } = this
    const { clientId, acks, maxInFlight, maxRequestSizeBytes } = this.#options
    const { requestTimeoutMs, retries, transactionalId } = this.#options
    const isIdempotent = this.#options.idempotence
    const options: SinkOptions = {
      ...{ clientId, acks: ACKS[acks], maxInFlight, maxRequestSizeBytes },
      ...{ requestTimeoutMs, retries, isIdempotent, transactionalId },
    }
    return new Sender(options, {
      ...{ clock, observer, accumulator, completion, metadata, onBroken },
      network: this.pool,
      transaction: this.transactions?.gate ?? null,
      preparation: this.#preparation,
      sinks: this.#sinks,
      newPace: () => new MeasuredPace(),
    })
  }

  #makeDirectory(): TopicDirectory {
    const { batchSizeBytes, partitionerAdaptive: isAdaptive } = this.#options
    const { clock, metadata } = this
    const stickyOptions: StickyOptions = {
      ...{ random: this.#environment.random, batchSizeBytes, isAdaptive },
      maxPlainBytes: maxPlainBytes(this.#options),
    }
    return new TopicDirectory({
      ...{ clock, metadata, stickyOptions },
      ports: this.#queuePorts(),
      listener: new TopicNews(this),
    })
  }

  #queuePorts(): QueuePorts<ProducerBatch> {
    const { sender, sequencer, completion } = this
    return {
      scheduler: sender,
      maxInFlight: this.#options.maxInFlight,
      numberingOf: (partition) => sequencer.numberingOf(partition),
      failDoubtful: (batch) => completion.failDoubtful(batch),
    }
  }

  /** What has been done so far, and what is held. */
  metrics(): ProducerMetrics {
    const { budget, lot, accumulator, metadata, transactions } = this
    const inFlightOf = (nodeId: number): number => this.#sinks.get(nodeId)?.inFlight.length ?? 0
    let requestsInFlight = 0
    for (const nodeId of this.#sinks.keys()) requestsInFlight += inFlightOf(nodeId)
    return this.#counter.snapshot({
      ...{ inFlightOf, requestsInFlight, isTransactional: transactions !== null },
      compressionChoices: this.#compressionChoices(),
      bufferAvailableBytes: budget.availableBytes,
      bufferTotalBytes: budget.totalBytes,
      waitingSends: lot.waitingCount,
      batchesIncomplete: accumulator.incomplete.size,
      metadataAgeMs: metadata.ageMs,
    })
  }

  /** How it is; `failure`: why it has failed as a whole. */
  health(life: Life, failure: unknown): ProducerHealth {
    return this.#health.look(life, failure)
  }

  #makeHealth(): HealthCheck {
    const { clock, metadata, accumulator, obstacles, transactions } = this
    const { clientId, lingerMs, requestTimeoutMs, maxBlockMs, sasl } = this.#options
    return new HealthCheck(
      { clientId, lingerMs, requestTimeoutMs, maxBlockMs, hasLogin: sasl !== undefined },
      {
        ...{ clock, metadata, accumulator, obstacles, transactions },
        rooms: this,
      },
    )
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
    const { budget, unheard: logger, runCallback, directory, obstacles, metadata } = this
    const { accumulator } = this
    const errors = new WaitErrors(options, { directory, obstacles, metadata })
    const onFailed = this.#onNotAppended
    return new ParkingLot(options, {
      ...{ clock, budget, accumulator, logger, runCallback, errors, onFailed },
    })
  }

  #makeIntake(options: ResolvedOptions<K, V>, clock: Clock): Intake<K, V> {
    const { accumulator, directory, budget, lot } = this
    const placement = new Placement(options, accumulator, clock, directory)
    const { onBroken, observer, gathering } = this
    return new Intake(options, {
      ...{ clock, placement, directory, budget, lot, accumulator, observer, onBroken, gathering },
      onRefused: this.#onNotAppended,
    })
  }
}
