/**
 * Which topics exist, how many partitions they have and who leads them, kept fresh.
 *
 *   want, requestRefresh, age ──> wait (RefreshSchedule) ──> ask (ControlPlane) ──> merge ──> listener
 *                                  ^                                                  │
 *                                  └── something unknown, leaderless or missing <─────┘
 *
 * One refresh is under way at a time. It asks for the topics that are unknown, missing or without a
 * leader somewhere, or for all wanted topics where a refresh was requested or is due by age. A topic
 * that an answer leaves out, or answers with an error, keeps what was known of it. Counterpart in
 * Kafka: ProducerMetadata, Metadata and the metadata updater of NetworkClient.
 *
 * Not a connection and not a retry of records: it tells the producer, who decides.
 *
 * Neighbours: control-plane.ts asks; topic-metadata.ts merges; the producer listens, and passes
 * brokers on to broker-pool.ts.
 */
import type { Timer } from '../clock.js'
import { BrokerError, ClosedError, OttlaError, ProtocolError, TimeoutError } from '../errors.js'
import { ErrorCodes, errorCode } from '../protocol/error-codes.js'
import { metadata } from '../protocol/messages/metadata.js'
import type { MetadataResponse, MetadataResponseTopic } from '../protocol/messages/metadata.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import { formatAddress } from './address.js'
import type { Broker } from './broker.js'
import type { Connection } from './connection.js'
import { ControlPlane } from './control-plane.js'
import type { NetworkContext } from './options.js'
import { RefreshSchedule } from './refresh-schedule.js'
import { applyHint, lacksLeader, mergeTopic } from './topic-metadata.js'
import type { LeaderHint, TopicMetadata } from './topic-metadata.js'
import { WakeTimer } from './wake-timer.js'

export type { LeaderHint, PartitionMetadata, TopicMetadata } from './topic-metadata.js'

/** A metadata answer takes milliseconds: a broker that needs longer is as good as dead. */
const MAX_REQUEST_TIMEOUT_MS = 5_000

/** First version after whose answer the client itself keeps a throttle (KIP-219). */
const CLIENT_THROTTLES_FROM = 6

/** Told what is learnt. Must not throw. */
export interface MetadataListener {
  /** A topic is known now, or has changed. Called after `onBrokers` has named its leaders. */
  onTopic(topic: TopicMetadata): void
  /**
   * An answer has an error for a wanted topic; called for each such answer. Where it is not
   * retriable (INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED) and nothing else is known of the
   * topic, the topic is forgotten: `want` asks anew.
   */
  onTopicError(name: string, error: BrokerError): void
  /** The cluster's brokers have changed; all of them. For `BrokerPool.updateBrokers`. */
  onBrokers(brokers: readonly Broker[]): void
  /** The cluster asked its clients to start over (KIP-1102). For `BrokerPool.dropAll`. */
  onRebootstrap(reason: OttlaError): void
  /**
   * No broker has answered yet, and every address has failed in a way that no retry mends: what
   * listens there is not Kafka, or has no version in common. It is tried again all the same.
   */
  onFatal?(error: OttlaError): void
  /** Somebody waits for news of the topic, however long ago it was last wanted. Default: nobody. */
  isInUse?(name: string): boolean
}

interface WantedTopic {
  readonly name: string
  lastUsedMs: number
  known: TopicMetadata | undefined
  /**
   * Unknown, or the last answer left it out, had an error for it, a partition without leader, or
   * none of the brokers that leads one.
   */
  isUnresolved: boolean
}

interface ConnectWaiter {
  resolve(): void
  reject(error: OttlaError): void
}

/** The producer's view of the cluster. */
export class MetadataCache {
  readonly #context: NetworkContext
  readonly #listener: MetadataListener
  readonly #control: ControlPlane
  readonly #schedule: RefreshSchedule
  readonly #timer: WakeTimer
  readonly #topics = new Map<string, WantedTopic>()
  readonly #waiters = new Set<ConnectWaiter>()
  #brokers: readonly Broker[] = []
  #isRefreshing = false
  #isRequested = false
  #hasNewTopics = false
  #hasAnswered = false
  #isClosed = false
  #lastFullMs: number

  constructor({ listener, ...context }: NetworkContext & { readonly listener: MetadataListener }) {
    this.#context = context
    this.#listener = listener
    this.#control = new ControlPlane(context)
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
    this.#topics.set(name, { name, lastUsedMs, known: undefined, isUnresolved: true })
    this.#hasNewTopics = true
    this.#wake()
  }

  /** Takes no interest in a topic any longer. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /** Something has failed: all wanted topics are asked for, at once or as soon as backoff allows. */
  requestRefresh(): void {
    this.#isRequested = true
    this.#wake()
  }

  /**
   * Takes a leader from a Produce response (KIP-951) if its epoch is strictly newer than the one
   * known and its address is given or known. True: taken, and the listener has been told.
   */
  applyLeaderHint(hint: LeaderHint): boolean {
    const topic = this.#topics.get(hint.topic)
    const known = topic?.known && applyHint(topic.known, hint)
    if (topic === undefined || known === undefined) return false
    if (hint.endpoint?.nodeId === hint.leaderId) this.#learnBroker(hint.endpoint)
    if (!this.#brokers.some(({ nodeId }) => nodeId === hint.leaderId)) return false
    topic.known = known
    this.#listener.onTopic(known)
    return true
  }

  /**
   * Resolves at the first answer of any broker. Rejects with TimeoutError, naming each address and
   * its failure, after `timeoutMs`; with ConnectionError as soon as no retry can mend it; with
   * ClosedError when closed.
   */
  connect(timeoutMs: number): Promise<void> {
    if (this.#hasAnswered) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = this.#context.clock.setTimer(() => {
        waiter.reject(this.#connectTimeout(timeoutMs))
      }, timeoutMs)
      const waiter = this.#addWaiter(timer, resolve, reject)
      if (this.#isClosed) waiter.reject(new ClosedError('the producer is closed'))
      this.#wake()
    })
  }

  /**
   * A connection for control requests, to any broker. Rejects with ConnectionError, usually
   * retriable, when every address has failed once.
   */
  controlConnection(): Promise<Connection> {
    return this.#control.connection()
  }

  /** Why no broker has answered yet, each address with its cause; empty once one has. */
  describeFailure(): string {
    return this.#hasAnswered ? '' : this.#control.describeAttempts()
  }

  /** Stops for good; leaves no socket and no timer. */
  close(): void {
    this.#isClosed = true
    this.#timer.clear()
    const reason = new ClosedError('the producer is closed')
    for (const waiter of [...this.#waiters]) waiter.reject(reason)
    this.#control.close(reason)
  }

  #addWaiter(
    timer: Timer,
    resolve: () => void,
    reject: (error: OttlaError) => void,
  ): ConnectWaiter {
    const done = (): void => {
      timer.clear()
      this.#waiters.delete(waiter)
    }
    const waiter: ConnectWaiter = {
      resolve: () => {
        done()
        resolve()
      },
      reject: (error) => {
        done()
        reject(error)
      },
    }
    this.#waiters.add(waiter)
    return waiter
  }

  #connectTimeout(timeoutMs: number): TimeoutError {
    const fates = this.#control.describeAttempts()
    return new TimeoutError(
      `no broker has answered within ${timeoutMs} ms: ${fates}; check the addresses in option brokers`,
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
    const isFull = this.#isRequested || this.#isAged(startedMs)
    this.#isRequested = false
    this.#hasNewTopics = false
    this.#dropIdle(startedMs)
    this.#schedule.start(startedMs)
    const asked = isFull ? [...this.#topics.values()] : this.#unresolved()
    try {
      const { connection, result } = await this.#control.ask((connection) => {
        return this.#askFor(connection, asked)
      })
      if (this.#isClosed) return
      if (isFull) this.#lastFullMs = startedMs
      this.#take(connection, result, asked)
    } catch (error) {
      this.#isRequested ||= isFull
      this.#fail(asOttlaError(error))
    } finally {
      this.#isRefreshing = false
      this.#wake()
    }
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
    }
  }

  async #askFor(connection: Connection, topics: readonly WantedTopic[]): Promise<MetadataResponse> {
    const request = {
      // By name: brokers look at ids from v12 only, and an id would miss a topic made anew.
      topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID })),
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const timeoutMs = Math.min(this.#context.options.requestTimeoutMs, MAX_REQUEST_TIMEOUT_MS)
    const response = await connection.request(metadata, request, { timeoutMs })
    requireUsable(connection, response)
    return response
  }

  #take(connection: Connection, response: MetadataResponse, asked: readonly WantedTopic[]): void {
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
    const hasNewBrokers = this.#setBrokers(response.brokers)
    const hasNewTopics = this.#takeTopics(response, version, asked)
    this.#hasAnswered = true
    for (const waiter of [...this.#waiters]) waiter.resolve()
    this.#finish(nowMs, hasNewBrokers || hasNewTopics)
  }

  #finish(nowMs: number, broughtNews: boolean): void {
    const unresolved = this.#unresolved()
    const isLeaderless = unresolved.some(({ known }) => known !== undefined)
    this.#schedule.finish(nowMs, {
      broughtNews,
      isUnsettled: unresolved.length > 0,
      isUrgent: this.#isRequested || isLeaderless || unresolved.length === 0,
    })
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
      this.#context.logger.warn({ topic: wanted.name }, 'a metadata answer has gaps; asking again')
      return false
    }
    wanted.isUnresolved = lacksLeader(merged, brokerIds)
    if (merged === wanted.known) return false
    wanted.known = merged
    this.#listener.onTopic(merged)
    return true
  }

  #takeError(wanted: WantedTopic, answer: MetadataResponseTopic): void {
    const error = topicError(wanted.name, answer.errorCode)
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
    const others = this.#brokers.filter(({ nodeId }) => nodeId !== broker.nodeId)
    this.#setBrokers([...others, broker])
  }

  #rebootstrap(connection: Connection): void {
    const { name, description } = errorCode(ErrorCodes.REBOOTSTRAP_REQUIRED)
    const reason = new BrokerError(
      `the broker at ${formatAddress(connection)} asks to start over: ${name}, ${description}`,
      {
        apiName: metadata.name,
        errorCode: ErrorCodes.REBOOTSTRAP_REQUIRED,
        errorName: name,
        retriable: true,
      },
    )
    this.#brokers = []
    this.#control.forgetBrokers(reason)
    this.#listener.onRebootstrap(reason)
    this.#isRequested = true
    this.#fail(reason)
  }

  #fail(error: OttlaError): void {
    if (this.#isClosed) return
    this.#context.logger.warn({ error }, 'no metadata; trying again')
    const nowMs = this.#context.clock.monotonicMs()
    this.#schedule.finish(nowMs, { broughtNews: false, isUnsettled: true, isUrgent: true })
    if (error.retriable || this.#hasAnswered) return // what has answered is Kafka
    for (const waiter of [...this.#waiters]) waiter.reject(error)
    this.#listener.onFatal?.(error)
  }
}

/** Answers that are of no use are failures of the broker that gave them: another one is asked. */
function requireUsable(
  connection: Connection,
  { brokers, errorCode: code }: MetadataResponse,
): void {
  const where = formatAddress(connection)
  if (code !== ErrorCodes.NONE && code !== ErrorCodes.REBOOTSTRAP_REQUIRED) {
    const { name, description, retriable } = errorCode(code)
    const message = `the broker at ${where} refuses metadata: ${name}, ${description}`
    throw new BrokerError(message, {
      apiName: metadata.name,
      errorCode: code,
      errorName: name,
      retriable,
    })
  }
  if (brokers.length === 0 && code === ErrorCodes.NONE) {
    const message = `the broker at ${where} lists no broker: it is starting, or leaving its cluster`
    throw new ProtocolError(message, { apiName: metadata.name, retriable: true })
  }
}

function topicError(topic: string, code: number): BrokerError {
  const { name, description, retriable } = errorCode(code)
  return new BrokerError(`topic ${JSON.stringify(topic)}: ${name}, ${description}`, {
    apiName: metadata.name,
    errorCode: code,
    errorName: name,
    retriable,
  })
}

function isSameBroker(a: Broker, b: Broker): boolean {
  return a.nodeId === b.nodeId && a.host === b.host && a.port === b.port && a.rack === b.rack
}

function asOttlaError(error: unknown): OttlaError {
  if (error instanceof OttlaError) return error
  return new ProtocolError(`metadata could not be asked for: ${String(error)}`, { cause: error })
}
