/**
 * Which topics exist, how many partitions they have and who leads them, kept fresh.
 *
 *   want, requestRefresh ──> RefreshLoop ──> ask (ControlPlane) ──> take ──> WantedTopics ──> listener
 *                                 ^                                  │
 *                                 └── something is missing <─────────┘
 *
 * After an answer that leaves something missing the next question goes to another broker, for this one
 * may have an old view; and so it does while this one wants a pause. Counterpart in Kafka: ProducerMetadata, Metadata and the metadata updater of
 * NetworkClient.
 *
 * Not a connection and not a retry of records: it informs the producer, which decides.
 *
 * Neighbours: control-plane.ts asks, and has the brokers; wanted-topics.ts has the topics; the producer
 * listens, and passes brokers on to broker-pool.ts.
 */
import {
  ClosedError,
  ConnectionError,
  OttlaError,
  ProtocolError,
  TimeoutError,
} from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { metadata } from '../../protocol/messages/metadata.js'
import type { MetadataResponse } from '../../protocol/messages/metadata.js'
import { formatAddress } from '../address.js'
import { addressFault } from '../brokers/broker.js'
import type { Connection } from '../connection/connection.js'
import type { NetworkContext } from '../context.js'
import type { ControlPlane } from '../control/control-plane.js'
import type { ControlAnswer } from '../control/control-question.js'
import { OutageLog } from '../outage-log.js'
import { throttleError } from '../throttle-error.js'
import { Waiters } from '../waiters.js'
import {
  isFinalRefusal,
  isRefusedLogin,
  rebootstrapRequired,
  requireUsable,
} from './metadata-errors.js'
import type { MetadataListener } from './metadata-listener.js'
import { requestOf, type Question } from './metadata-question.js'
import { RefreshLoop } from './refresh-loop.js'
import { newsOf } from './topic-metadata.js'
import type { LeaderHint, TopicMetadata } from './topic-metadata.js'
import { WantedTopics } from './wanted-topics.js'

export type { LeaderHint, PartitionMetadata, TopicMetadata } from './topic-metadata.js'

/**
 * A metadata answer takes milliseconds: a broker that needs longer is as good as dead, unless all of them
 * do. So the limit doubles with each pass that it has brought to nothing, up to `requestTimeoutMs`.
 */
const FIRST_TIMEOUT_MS = 5_000

/** A refresh that takes longer counts as a failure where somebody asks meanwhile. */
const SLOW_MS = 500

/** First version after whose answer the client itself keeps a throttle (KIP-219). */
const CLIENT_THROTTLES_FROM = 6

/** What the cache works with. */
export interface MetadataParts extends NetworkContext {
  readonly control: ControlPlane
  readonly listener: MetadataListener
}

/** The producer's view of the cluster. */
export class MetadataCache {
  readonly #context: NetworkContext
  readonly #listener: MetadataListener
  readonly #control: ControlPlane
  readonly #topics: WantedTopics
  readonly #loop: RefreshLoop
  /** Who waits for the first answer. */
  readonly #waiters: Waiters
  readonly #outage: OutageLog
  #hasAnswered = false
  /** The broker that wanted a pause last. */
  #throttledBy = ''
  /** Monotonic. */
  #answeredAtMs = -Infinity
  /** How long an answer may take. */
  #timeoutMs = FIRST_TIMEOUT_MS
  #isClosed = false

  constructor({ listener, control, ...context }: MetadataParts) {
    this.#context = context
    this.#listener = listener
    this.#control = control
    this.#outage = new OutageLog(context)
    this.#waiters = new Waiters(context.clock)
    this.#topics = new WantedTopics({ context, listener, brokers: control.brokers })
    this.#loop = new RefreshLoop({
      context,
      topics: this.#topics,
      hasAnswered: () => this.#hasAnswered,
      isAwaited: () => this.#waiters.size > 0,
      pausingUntilMs: () => control.pausingUntilMs,
      refresh: (question) => this.#refresh(question),
    })
  }

  /** What is known of a topic; undefined until an answer has named it. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.known(name)
  }

  /**
   * Takes an interest in a topic, and renews it: call it on every use. An unknown topic is asked for
   * at once, and again until it is known or forgotten; one unused for `metadataMaxIdleMs` is dropped.
   */
  want(name: string): void {
    if (this.#topics.want(name)) this.#loop.newTopic()
  }

  /** Takes no interest in a topic any longer. */
  forget(name: string): void {
    this.#topics.forget(name)
  }

  /**
   * Something has failed: these topics are asked for, at once or as soon as backoff allows; and the
   * brokers, as always. Default: all wanted topics.
   */
  requestRefresh(topics?: Iterable<string>): void {
    this.#loop.request(topics)
    this.#loop.wake()
  }

  /** As `requestRefresh`, of the topics that this broker leads somewhere. */
  requestRefreshOf(nodeId: number): void {
    this.requestRefresh(this.#topics.ledBy(nodeId))
  }

  /**
   * Takes a leader from a Produce response (KIP-951) if its epoch is strictly newer than the one
   * known and its address is given or known. True: it was used, and the listener was called.
   */
  applyLeaderHint(hint: LeaderHint): boolean {
    const known = this.#topics.known(hint.topic)
    const news = known && newsOf(known, hint)
    if (known === undefined || news === undefined) return false
    const { brokers } = this.#control
    const { endpoint } = hint
    const isUsable = endpoint?.nodeId === hint.leaderId && addressFault(endpoint) === undefined
    if (isUsable && brokers.learn(endpoint)) this.#brokersChanged()
    if (brokers.get(hint.leaderId) === undefined) return false
    this.#topics.lead(known, news)
    return true
  }

  /**
   * Resolves at the first answer of any broker. Rejects with TimeoutError, naming each address and
   * its failure, after `timeoutMs`; with ConnectionError as soon as no retry can fix it; with
   * ClosedError when closed.
   */
  connect(timeoutMs: number): Promise<void> {
    if (this.#hasAnswered) return Promise.resolve()
    if (this.#isClosed) return Promise.reject(new ClosedError('the producer is closed'))
    const answered = this.#waiters.wait(timeoutMs, () => this.#connectTimeout(timeoutMs))
    this.#loop.wake()
    return answered
  }

  /** Since the last answer; null before the first. */
  get ageMs(): number | null {
    return this.#hasAnswered ? this.#context.clock.monotonicMs() - this.#answeredAtMs : null
  }

  /** Some broker has answered, however long ago. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** Why no broker answers, each address with its cause; null while one does. */
  failure(): OttlaError | null {
    const isMissed = !this.#hasAnswered || this.#loop.askingForMs >= SLOW_MS
    return this.#outage.error ?? (isMissed ? this.#control.failure() : null)
  }

  /** Why it is not asked for at present, although brokers answer; null where it is. */
  whyPausing(): OttlaError | null {
    const leftMs = this.#control.pausingUntilMs - this.#context.clock.monotonicMs()
    return throttleError(this.#throttledBy, leftMs)
  }

  /** Stops for good; leaves no timer. */
  close(): void {
    this.#isClosed = true
    this.#loop.close()
    const cause = this.failure() ?? undefined
    this.#waiters.reject(new ClosedError('the producer is closed', { cause }))
  }

  #connectTimeout(timeoutMs: number): TimeoutError {
    const fates = this.#control.describeAttempts()
    return new TimeoutError(
      `no broker has answered within ${timeoutMs} ms: ${fates}; check the addresses in option brokers`,
      { cause: this.failure() ?? undefined },
    )
  }

  async #refresh(question: Question): Promise<void> {
    const { requestTimeoutMs, createTopics } = this.#context.options
    this.#listener.onAsking?.()
    const timeoutMs = Math.min(requestTimeoutMs, this.#timeoutMs)
    const askedMs = this.#context.clock.monotonicMs()
    try {
      const request = requestOf(question, createTopics)
      const answer = await this.#control.ask(metadata, request, 'any', {
        timeoutMs,
        check: (response, connection) => requireUsable(connection, response),
        isDiscovery: true,
      })
      if (this.#isClosed) return
      this.#timeoutMs = Math.max(FIRST_TIMEOUT_MS, Math.min(timeoutMs, 2 * answer.tookMs))
      this.#loop.answered(question)
      this.#take(answer, question)
    } catch (error) {
      const tookMs = this.#context.clock.monotonicMs() - askedMs
      if (tookMs >= timeoutMs) this.#timeoutMs = 2 * timeoutMs
      this.#loop.putBack(question, question.isRequested && !isFinalRefusal(error))
      this.#fail(asOttlaError(error))
    }
  }

  #take(answer: ControlAnswer<MetadataResponse>, question: Question): void {
    const { connection, response, tookMs } = answer
    const version = connection.versions.version(metadata)
    if (version >= CLIENT_THROTTLES_FROM && response.throttleTimeMs > 0) {
      this.#control.pause(connection, response.throttleTimeMs)
      this.#throttledBy = `the broker at ${formatAddress(connection)}`
    }
    if (response.errorCode === ErrorCodes.REBOOTSTRAP_REQUIRED) {
      this.#rebootstrap(connection)
      return
    }
    this.#listener.onAnswered?.()
    this.#outage.over('metadata is there again')
    this.#learnCluster(connection, response.clusterId)
    const hasNewBrokers = this.#control.brokers.set(response.brokers)
    if (hasNewBrokers) this.#brokersChanged()
    const hasNewTopics = this.#topics.take(response, version, question)
    this.#hasAnswered = true
    this.#answeredAtMs = this.#context.clock.monotonicMs()
    this.#waiters.resolve()
    const broughtNews = hasNewBrokers || hasNewTopics
    this.#loop.finished({ broughtNews, tookMs })
    const isMissing =
      question.topics.some(({ isUnresolved }) => isUnresolved) ||
      (question.isRequested && !broughtNews)
    if (isMissing) this.#control.turnFrom(connection)
    else this.#control.rest()
  }

  /** Where the answer is another cluster's, all that was known is the old one's. */
  #learnCluster(connection: Connection, clusterId: string | null): void {
    const { cluster, features, logger } = this.#context
    const { id } = cluster
    if (!cluster.learn(connection, clusterId)) return
    const where = formatAddress(connection)
    logger.warn(
      { fromClusterId: id, toClusterId: clusterId },
      `${where} now belongs to another cluster; starting over, and what may have been written to the old one is unknown`,
    )
    features.forget()
    this.#control.rest()
    this.#control.brokers.clear()
    this.#topics.forgetLeaders()
    const { host, port } = connection
    const message = `the cluster ${id} is gone: the cluster ${clusterId} stands at ${where}`
    this.#listener.onAnotherCluster?.(new ConnectionError(message, { host, port, phase: 'close' }))
  }

  /**
   * Announced before the topics: a new leader wakes the sender, which asks the pool for that broker
   * at once.
   */
  #brokersChanged(): void {
    this.#listener.onBrokers(this.#control.brokers.all)
    this.#topics.missLeaders()
  }

  #rebootstrap(connection: Connection): void {
    const reason = rebootstrapRequired(connection)
    this.#control.startOver(reason)
    this.#listener.onRebootstrap(reason)
    this.#loop.request()
    this.#fail(reason)
  }

  #fail(error: OttlaError): void {
    if (this.#isClosed) return
    this.#outage.failed(error, 'no metadata; trying again')
    this.#loop.failed(isRefusedLogin(error))
    if (error.retriable || this.#hasAnswered) return // what has answered is Kafka
    this.#waiters.reject(error)
    this.#listener.onFatal?.(error)
  }
}

function asOttlaError(error: unknown): OttlaError {
  if (error instanceof OttlaError) return error
  return new ProtocolError(`metadata could not be asked for: ${String(error)}`, { cause: error })
}
