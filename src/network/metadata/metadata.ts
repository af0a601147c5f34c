/**
 * Which topics exist, how many partitions they have and who leads them, kept fresh.
 *
 *   want, requestRefresh, age ──> wait (RefreshSchedule) ──> ask (ControlPlane) ──> merge ──> listener
 *                                  ^                                                  │
 *                                  └── something unknown, leaderless or missing <─────┘
 *
 * One refresh is under way at a time. It asks for the topics that are unknown, missing or without a
 * leader somewhere and for those that a refresh was requested of, or for all wanted topics where it is
 * due by age. A topic that an answer leaves out, or answers with an error, keeps what was known of it.
 * After an answer that leaves something missing the next question goes to another broker, for this one
 * may have an old view. Counterpart in Kafka: ProducerMetadata, Metadata and the metadata updater of
 * NetworkClient.
 *
 * Not a connection and not a retry of records: it tells the producer, who decides.
 *
 * Neighbours: control-plane.ts asks; topic-metadata.ts merges; the producer listens, and passes
 * brokers on to broker-pool.ts.
 */
import {
  ClosedError,
  ConnectionError,
  OttlaError,
  ProtocolError,
  TimeoutError,
} from '../../errors.js'
import type { Api } from '../../protocol/api.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { metadata } from '../../protocol/messages/metadata.js'
import type { MetadataResponse, MetadataResponseTopic } from '../../protocol/messages/metadata.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import { formatAddress } from '../address.js'
import { addressFault, isSameBroker, type Broker } from '../brokers/broker.js'
import type { Connection } from '../connection/connection.js'
import { ControlPlane } from '../control/control-plane.js'
import {
  isFinalRefusal,
  isRefusedLogin,
  rebootstrapRequired,
  requireUsable,
  topicError,
} from './metadata-errors.js'
import type { MetadataListener } from './metadata-listener.js'
import type { NetworkContext } from '../context.js'
import { OutageLog } from '../outage-log.js'
import { RefreshSchedule } from './refresh-schedule.js'
import { forgetLeaders, lacksLeader, mergeTopic, newsOf } from './topic-metadata.js'
import type { LeaderHint, TopicMetadata } from './topic-metadata.js'
import { Waiters } from '../waiters.js'
import { WakeTimer } from '../wake-timer.js'
import type { MetadataAnswer, Question, WantedTopic } from './wanted-topic.js'

export type { LeaderHint, PartitionMetadata, TopicMetadata } from './topic-metadata.js'

/** A metadata answer takes milliseconds: a broker that needs longer is as good as dead. */
const MAX_REQUEST_TIMEOUT_MS = 5_000

/** A refresh that takes longer is told as a failure where somebody asks meanwhile. */
const SLOW_MS = 500

/** First version after whose answer the client itself keeps a throttle (KIP-219). */
const CLIENT_THROTTLES_FROM = 6

/** The producer's view of the cluster. */
export class MetadataCache {
  readonly #context: NetworkContext
  readonly #listener: MetadataListener
  readonly #control: ControlPlane
  readonly #schedule: RefreshSchedule
  readonly #timer: WakeTimer
  readonly #topics = new Map<string, WantedTopic>()
  readonly #waiters: Waiters
  #brokers: readonly Broker[] = []
  #isRefreshing = false
  /** Something has failed: a refresh is wanted, of these topics or of all. */
  #isRequested = false
  #areAllRequested = false
  readonly #requested = new Set<string>()
  #hasNewTopics = false
  #hasAnswered = false
  #isClosed = false
  #lastFullMs: number
  /** When the last refresh began. */
  #startedMs = 0
  readonly #outage: OutageLog

  constructor({ listener, ...context }: NetworkContext & { readonly listener: MetadataListener }) {
    this.#context = context
    this.#listener = listener
    this.#outage = new OutageLog(context)
    this.#control = new ControlPlane(context)
    this.#waiters = new Waiters(context.clock)
    this.#schedule = new RefreshSchedule(context.options, context.random)
    this.#lastFullMs = context.clock.monotonicMs()
    this.#timer = new WakeTimer(context.clock, () => {
      this.#wake()
    })
  }

  /** What is known of a topic; undefined until an answer has told. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)?.known
  }

  /**
   * Takes an interest in a topic, and renews it: call it on every use. An unknown topic is asked for
   * at once, and again until it is known or forgotten; one unused for `metadataMaxIdleMs` is dropped.
   */
  want(name: string): void {
    const lastUsedMs = this.#context.clock.monotonicMs()
    const topic = this.#topics.get(name)
    if (topic !== undefined) {
      topic.lastUsedMs = lastUsedMs
      return
    }
    this.#topics.set(name, {
      name,
      lastUsedMs,
      known: undefined,
      isUnresolved: true,
      hasError: false,
      hasGaps: false,
    })
    this.#hasNewTopics = true
    this.#wake()
  }

  /** Takes no interest in a topic any longer. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /**
   * Something has failed: these topics are asked for, at once or as soon as backoff allows; and the
   * brokers, as always. Default: all wanted topics.
   */
  requestRefresh(topics?: Iterable<string>): void {
    this.#request(topics)
    this.#wake()
  }

  /** As `requestRefresh`, of the topics that this broker leads somewhere. */
  requestRefreshOf(nodeId: number): void {
    const isLed = ({ known }: WantedTopic): boolean =>
      known?.partitions.some(({ leaderId }) => leaderId === nodeId) === true
    const led = [...this.#topics.values()].filter(isLed)
    this.requestRefresh(led.map(({ name }) => name))
  }

  #request(topics?: Iterable<string>): void {
    this.#isRequested = true
    if (topics === undefined) this.#areAllRequested = true
    else for (const name of topics) this.#requested.add(name)
  }

  /**
   * Takes a leader from a Produce response (KIP-951) if its epoch is strictly newer than the one
   * known and its address is given or known. True: taken, and the listener has been told.
   */
  applyLeaderHint(hint: LeaderHint): boolean {
    const known = this.#topics.get(hint.topic)?.known
    const news = known && newsOf(known, hint)
    if (known === undefined || news === undefined) return false
    const { endpoint } = hint
    const isUsable = endpoint?.nodeId === hint.leaderId && addressFault(endpoint) === undefined
    if (isUsable) this.#learnBroker(endpoint)
    if (!this.#brokers.some(({ nodeId }) => nodeId === hint.leaderId)) return false
    known.partitions[hint.partition] = news
    this.#listener.onLeader(hint.topic, news)
    return true
  }

  /**
   * Resolves at the first answer of any broker. Rejects with TimeoutError, naming each address and
   * its failure, after `timeoutMs`; with ConnectionError as soon as no retry can mend it; with
   * ClosedError when closed.
   */
  connect(timeoutMs: number): Promise<void> {
    if (this.#hasAnswered) return Promise.resolve()
    if (this.#isClosed) return Promise.reject(new ClosedError('the producer is closed'))
    const answered = this.#waiters.wait(timeoutMs, () => this.#connectTimeout(timeoutMs))
    this.#wake()
    return answered
  }

  /**
   * Puts a request to any broker of the cluster (control-plane.ts). Rejects with BrokerError where it
   * is refused, and with ConnectionError, usually retriable, where every address has failed once.
   */
  async ask<Request, Response extends { readonly errorCode: number }>(
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response> {
    try {
      return await this.#control.request(api, request)
    } catch (error) {
      if (!this.#isClosed) this.requestRefresh([]) // brokers may have gone, or the whole cluster
      throw error
    }
  }

  /** Why no broker answers, each address with its cause; null while one does. */
  failure(): OttlaError | null {
    const askedForMs = this.#context.clock.monotonicMs() - this.#startedMs
    const isSlow = this.#isRefreshing && askedForMs >= SLOW_MS
    const isMissed = isSlow || !this.#hasAnswered
    return this.#outage.error ?? (isMissed ? this.#control.failure() : null)
  }

  /** Stops for good; leaves no socket and no timer. */
  close(): void {
    this.#isClosed = true
    this.#timer.clear()
    const cause = this.failure() ?? undefined
    const reason = new ClosedError('the producer is closed', { cause })
    this.#waiters.reject(reason)
    this.#control.close(reason)
  }

  #connectTimeout(timeoutMs: number): TimeoutError {
    const fates = this.#control.describeAttempts()
    return new TimeoutError(
      `no broker has answered within ${timeoutMs} ms: ${fates}; check the addresses in option brokers`,
      { cause: this.failure() ?? undefined },
    )
  }

  /** The one place that decides: refresh now, or when to look again. */
  #wake(): void {
    if (this.#isClosed || this.#isRefreshing) return
    const dueMs = this.#dueMs()
    this.#timer.clear()
    if (dueMs <= this.#context.clock.monotonicMs()) void this.#refresh()
    else this.#timer.wakeAt(dueMs, { keepAlive: this.#isAwaited() })
  }

  #dueMs(): number {
    if (this.#hasNewTopics && this.#hasAnswered) return this.#schedule.earliestForNewMs
    const isNeeded = this.#isRequested || this.#waiters.size > 0 || this.#unresolved().length > 0
    const agedMs = this.#lastFullMs + this.#context.options.metadataMaxAgeMs
    return isNeeded ? this.#schedule.earliestMs : Math.max(agedMs, this.#schedule.earliestMs)
  }

  /** Somebody waits for what the next refresh may bring. */
  #isAwaited(): boolean {
    return this.#waiters.size > 0 || this.#unresolved().some(({ known }) => known === undefined)
  }

  #unresolved(): WantedTopic[] {
    return [...this.#topics.values()].filter(({ isUnresolved }) => isUnresolved)
  }

  async #refresh(): Promise<void> {
    this.#isRefreshing = true
    const startedMs = this.#context.clock.monotonicMs()
    this.#dropIdle(startedMs)
    const question = this.#question(startedMs)
    this.#schedule.start(startedMs)
    this.#startedMs = startedMs
    this.#listener.onAsking?.()
    try {
      const { connection, result } = await this.#control.ask((connection) => {
        return this.#askFor(connection, question.topics)
      })
      if (this.#isClosed) return
      if (question.isFull) this.#lastFullMs = startedMs
      this.#take(connection, result, question)
    } catch (error) {
      if (question.isRequested && !isFinalRefusal(error))
        this.#request(question.topics.map(({ name }) => name))
      this.#areAllRequested ||= question.isFull
      this.#fail(asOttlaError(error))
    } finally {
      this.#isRefreshing = false
      this.#wake()
    }
  }

  /** What is to be asked now; that much is no longer requested. */
  #question(nowMs: number): Question {
    const isRequested = this.#isRequested
    const isFull = this.#areAllRequested || this.#isAged(nowMs)
    const isAsked = ({ name, isUnresolved }: WantedTopic): boolean =>
      isFull || isUnresolved || this.#requested.has(name)
    const topics = [...this.#topics.values()].filter(isAsked)
    this.#isRequested = false
    this.#areAllRequested = false
    this.#requested.clear()
    this.#hasNewTopics = false
    return { topics, isFull, isRequested }
  }

  #isAged(nowMs: number): boolean {
    return nowMs - this.#lastFullMs >= this.#context.options.metadataMaxAgeMs
  }

  #dropIdle(nowMs: number): void {
    for (const { name, lastUsedMs } of this.#topics.values()) {
      if (nowMs - lastUsedMs < this.#context.options.metadataMaxIdleMs) continue
      if (this.#listener.isInUse?.(name) === true) continue
      this.#context.logger.debug({ topic: name }, 'a topic is not used any longer')
      this.#topics.delete(name)
      this.#listener.onIdle?.(name)
    }
  }

  async #askFor(connection: Connection, topics: readonly WantedTopic[]): Promise<MetadataAnswer> {
    const { clock } = this.#context
    const { requestTimeoutMs, createTopics } = this.#context.options
    const askedMs = clock.monotonicMs()
    const request = {
      // By name: brokers look at ids from v12 only, and an id would miss a topic made anew.
      topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID })),
      allowAutoTopicCreation: createTopics,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const timeoutMs = Math.min(requestTimeoutMs, MAX_REQUEST_TIMEOUT_MS)
    const response = await connection.request(metadata, request, { timeoutMs })
    requireUsable(connection, response)
    return { response, tookMs: clock.monotonicMs() - askedMs }
  }

  #take(connection: Connection, { response, tookMs }: MetadataAnswer, question: Question): void {
    const nowMs = this.#context.clock.monotonicMs()
    const version = connection.versions.version(metadata)
    if (version >= CLIENT_THROTTLES_FROM && response.throttleTimeMs > 0) {
      connection.throttle(response.throttleTimeMs)
      this.#schedule.throttle(nowMs + response.throttleTimeMs)
    }
    if (response.errorCode === ErrorCodes.REBOOTSTRAP_REQUIRED) {
      this.#rebootstrap(connection)
      return
    }
    this.#listener.onAnswered?.()
    this.#outage.over('metadata is there again')
    this.#learnCluster(connection, response.clusterId)
    const hasNewBrokers = this.#setBrokers(response.brokers)
    const hasNewTopics = this.#takeTopics(response, version, question.topics)
    this.#hasAnswered = true
    this.#waiters.resolve()
    const broughtNews = hasNewBrokers || hasNewTopics
    this.#finish(nowMs, broughtNews, tookMs)
    const isMissing =
      question.topics.some(({ isUnresolved }) => isUnresolved) ||
      (question.isRequested && !broughtNews)
    if (isMissing) this.#control.turnFrom(connection)
    else this.#control.rest()
  }

  #finish(nowMs: number, broughtNews: boolean, tookMs: number): void {
    const unresolved = this.#unresolved()
    const isLeaderless = unresolved.some(({ known }) => known !== undefined)
    this.#schedule.finish(nowMs, {
      broughtNews,
      isUnsettled: unresolved.length > 0,
      isUrgent: this.#isRequested || isLeaderless || unresolved.length === 0,
      tookMs,
    })
  }

  /** Where the answer is another cluster's, all that was known is the old one's. */
  #learnCluster(connection: Connection, clusterId: string | null): void {
    const { cluster, logger } = this.#context
    const { id } = cluster
    if (!cluster.learn(connection, clusterId)) return
    const where = formatAddress(connection)
    logger.warn(
      { fromClusterId: id, toClusterId: clusterId },
      `another cluster stands at ${where}: all that the old one knew of this producer is void, and what may have been written there is unknown`,
    )
    this.#control.rest()
    this.#brokers = []
    for (const topic of this.#topics.values()) this.#forgetLeaders(topic)
    const { host, port } = connection
    const message = `the cluster ${id} is gone: the cluster ${clusterId} stands at ${where}`
    this.#listener.onAnotherCluster?.(new ConnectionError(message, { host, port, phase: 'close' }))
  }

  #forgetLeaders(topic: WantedTopic): void {
    if (topic.known === undefined) return
    topic.isUnresolved = true
    topic.known = forgetLeaders(topic.known)
    this.#listener.onTopic(topic.known)
  }

  #takeTopics(response: MetadataResponse, version: number, asked: readonly WantedTopic[]): boolean {
    const brokerIds = new Set(response.brokers.map(({ nodeId }) => nodeId))
    const answers = new Map(response.topics.map((topic) => [topic.name, topic]))
    let hasNews = false
    for (const wanted of asked) {
      const answer = answers.get(wanted.name)
      if (this.#topics.get(wanted.name) !== wanted) continue // forgotten in the meantime
      wanted.isUnresolved = true // until the answer has shown otherwise
      if (answer === undefined) continue
      if (answer.errorCode !== ErrorCodes.NONE) this.#takeError(wanted, answer)
      else if (this.#takeTopic(wanted, answer, version, brokerIds)) hasNews = true
    }
    return hasNews
  }

  #takeTopic(
    wanted: WantedTopic,
    answer: MetadataResponseTopic,
    version: number,
    brokerIds: ReadonlySet<number>,
  ): boolean {
    const merged = mergeTopic(wanted.known, { topic: answer, version, brokerIds })
    if (merged === undefined) {
      const level = wanted.hasGaps ? 'debug' : 'warn'
      wanted.hasGaps = true
      this.#context.logger[level](
        { topic: wanted.name },
        'a metadata answer has gaps; asking again',
      )
      return false
    }
    wanted.hasGaps = false
    wanted.isUnresolved = lacksLeader(merged, brokerIds)
    if (merged === wanted.known && !wanted.hasError) return false
    wanted.known = merged
    wanted.hasError = false
    this.#listener.onTopic(merged)
    return true
  }

  #takeError(wanted: WantedTopic, answer: MetadataResponseTopic): void {
    const { options, logger } = this.#context
    const error = topicError(wanted.name, answer.errorCode, options.createTopics)
    logger.debug({ topic: wanted.name, err: error }, 'no metadata of a topic')
    wanted.hasError = true
    if (!error.retriable) {
      wanted.isUnresolved = false
      if (wanted.known === undefined) this.#topics.delete(wanted.name)
    }
    this.#listener.onTopicError(wanted.name, error)
  }

  #setBrokers(brokers: readonly Broker[]): boolean {
    const isSame =
      brokers.length === this.#brokers.length &&
      brokers.every((broker) => this.#brokers.some((other) => isSameBroker(broker, other)))
    if (isSame) return false
    this.#brokers = brokers
    this.#control.setBrokers(brokers)
    this.#listener.onBrokers(brokers)
    this.#missLeaders()
    return true
  }

  /**
   * An answer may be older than the leaders that are known (from a hint, or another broker), and not
   * list the broker that one of them is: it is asked for until it is listed.
   */
  #missLeaders(): void {
    const brokerIds = new Set(this.#brokers.map(({ nodeId }) => nodeId))
    for (const topic of this.#topics.values()) {
      if (topic.known !== undefined && lacksLeader(topic.known, brokerIds))
        topic.isUnresolved = true
    }
  }

  #learnBroker(broker: Broker): void {
    if (this.#brokers.some((known) => isSameBroker(known, broker))) return
    const others = this.#brokers.filter(({ nodeId }) => nodeId !== broker.nodeId)
    this.#setBrokers([...others, broker])
  }

  #rebootstrap(connection: Connection): void {
    const reason = rebootstrapRequired(connection)
    this.#brokers = []
    this.#control.forgetBrokers(reason)
    this.#listener.onRebootstrap(reason)
    this.#request()
    this.#fail(reason)
  }

  #fail(error: OttlaError): void {
    if (this.#isClosed) return
    this.#outage.failed(error, 'no metadata; trying again')
    const nowMs = this.#context.clock.monotonicMs()
    this.#schedule.finish(nowMs, {
      broughtNews: false,
      isUnsettled: true,
      isUrgent: !isRefusedLogin(error),
      tookMs: 0,
      isRefused: isRefusedLogin(error),
    })
    if (error.retriable || this.#hasAnswered) return // what has answered is Kafka
    this.#waiters.reject(error)
    this.#listener.onFatal?.(error)
  }
}

function asOttlaError(error: unknown): OttlaError {
  if (error instanceof OttlaError) return error
  return new ProtocolError(`metadata could not be asked for: ${String(error)}`, { cause: error })
}
