/**
 * The topics that somebody wants to know of, and what is known of each: the network's one place for
 * leaders.
 *
 *   want ──> unknown ──answer──> known ──> unused for metadataMaxIdleMs, and nobody waits: dropped
 *                └──refused for good──> dropped
 *
 * A topic that an answer leaves out, or answers with an error, keeps what was known of it. It is
 * unresolved for as long as something of it is missing: then it is asked for again.
 *
 * Neighbours: metadata.ts owns it; topic-metadata.ts merges.
 */
import type { BrokerError, ProtocolError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { MetadataResponse, MetadataResponseTopic } from '../../protocol/messages/metadata.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { BrokerList } from '../brokers/broker-list.js'
import type { NetworkContext } from '../context.js'
import { incompleteTopic, leaderlessTopic, topicError } from './metadata-errors.js'
import { FormerLife } from './former-life.js'
import type { MetadataListener } from './metadata-listener.js'
import type { Question } from './metadata-question.js'
import { forgetEpochs, forgetLeaders, goesBack, lacksLeader, mergeTopic } from './topic-metadata.js'
import type { PartitionMetadata, TopicAnswer, TopicMetadata } from './topic-metadata.js'
import { TopicOutage } from './topic-outage.js'
import type { WantedTopic } from './wanted-topic.js'

/** What they are kept with. */
export interface WantedTopicsParts {
  readonly context: Pick<NetworkContext, 'clock' | 'options' | 'logger'>
  readonly brokers: BrokerList
  readonly listener: MetadataListener
}

/** By name. */
export class WantedTopics {
  readonly #parts: WantedTopicsParts
  readonly #topics = new Map<string, WantedTopic>()
  // Those that are unresolved. Asked for with each batch that is refused, and so not looked for then.
  /** Nothing is known of them. */
  readonly #unknown = new Set<WantedTopic>()
  /** They are known, and something is missing: a leader, as a rule. */
  readonly #incomplete = new Set<WantedTopic>()

  constructor(parts: WantedTopicsParts) {
    this.#parts = parts
  }

  get all(): Iterable<WantedTopic> {
    return this.#topics.values()
  }

  /** Some topic is unresolved. */
  get hasUnresolved(): boolean {
    return this.#unknown.size > 0 || this.hasIncomplete
  }

  /** Some topic is, although it is known. */
  get hasIncomplete(): boolean {
    return this.#incomplete.size > 0
  }

  /** Somebody waits for a topic that is not known. */
  get isAwaited(): boolean {
    const { listener } = this.#parts
    for (const { name } of this.#unknown) if (listener.isInUse?.(name) === true) return true
    return false
  }

  /** What is known of a topic; undefined until an answer has named it. */
  known(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)?.known
  }

  /** Somebody uses it: true where it was not wanted before. */
  want(name: string): boolean {
    const lastUsedMs = this.#nowMs()
    const topic = this.#topics.get(name)
    if (topic !== undefined) {
      topic.lastUsedMs = lastUsedMs
      return false
    }
    const outage = new TopicOutage(this.#parts.context, name)
    const news = { known: undefined, isUnresolved: true, hasError: false }
    const formerLife = new FormerLife()
    const wanted = { name, lastUsedMs, ...news, formerLife, outage }
    this.#topics.set(name, wanted)
    this.#unknown.add(wanted)
    return true
  }

  forget(name: string): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    topic.outage.dropped()
    this.#drop(topic)
  }

  #drop(topic: WantedTopic): void {
    this.#topics.delete(topic.name)
    this.#unknown.delete(topic)
    this.#incomplete.delete(topic)
  }

  /** The one place that says whether a topic is unresolved. */
  #mark(topic: WantedTopic, isUnresolved: boolean): void {
    topic.isUnresolved = isUnresolved
    this.#unknown.delete(topic)
    this.#incomplete.delete(topic)
    if (isUnresolved) (topic.known === undefined ? this.#unknown : this.#incomplete).add(topic)
  }

  /** The topics that a broker leads somewhere. */
  ledBy(nodeId: number): string[] {
    const isLed = ({ known }: WantedTopic): boolean =>
      known?.partitions.some(({ leaderId }) => leaderId === nodeId) === true
    return [...this.#topics.values()].filter(isLed).map(({ name }) => name)
  }

  /** Drops what was unused for `metadataMaxIdleMs`. */
  dropIdle(nowMs: number): void {
    const { context, listener } = this.#parts
    for (const topic of this.#topics.values()) {
      const { name, lastUsedMs } = topic
      if (nowMs - lastUsedMs < context.options.metadataMaxIdleMs) continue
      if (listener.isInUse?.(name) === true) continue
      context.logger.debug({ topic: name }, 'a topic is not used any longer')
      this.forget(name)
      listener.onIdle?.(name)
    }
  }

  /** Takes what an answer says of the topics that it was asked for: true where something is new. */
  take(response: MetadataResponse, version: number, question: Question): boolean {
    const brokerIds = new Set(response.brokers.map(({ nodeId }) => nodeId))
    const answers = new Map(response.topics.map((topic) => [topic.name, topic]))
    let hasNews = false
    for (const wanted of question.topics) {
      const topic = answers.get(wanted.name)
      if (this.#topics.get(wanted.name) !== wanted) continue // forgotten in the meantime
      const isAmiss = question.isRequested || wanted.isUnresolved
      this.#mark(wanted, true) // until the answer has shown otherwise
      if (topic === undefined) this.#missed(wanted, incompleteTopic(wanted.name))
      else if (topic.errorCode !== ErrorCodes.NONE) this.#takeError(wanted, topic)
      else if (this.#takeTopic(wanted, { topic, version, brokerIds }, isAmiss)) hasNews = true
    }
    return hasNews
  }

  /** Takes one partition's new leader, which is news. */
  lead(known: TopicMetadata, news: PartitionMetadata): void {
    known.partitions[news.partition] = news
    this.#parts.listener.onLeader(known.name, news)
  }

  /** The cluster that had these leaders is gone. */
  forgetLeaders(): void {
    for (const topic of this.#topics.values()) {
      if (topic.known === undefined) continue
      topic.known = forgetLeaders(topic.known)
      this.#mark(topic, true)
      this.#parts.listener.onTopic(topic.known)
    }
  }

  /**
   * The brokers have changed. An answer may be older than the leaders that are known (from a hint, or
   * another broker), and not list the broker that one of them is: it is asked for until it is listed.
   */
  missLeaders(): void {
    const { ids } = this.#parts.brokers
    for (const topic of this.#topics.values()) {
      if (topic.known !== undefined && lacksLeader(topic.known, ids)) this.#mark(topic, true)
    }
  }

  #takeTopic(wanted: WantedTopic, answer: TopicAnswer, isAmiss: boolean): boolean {
    const { brokerIds } = answer
    this.#doubt(wanted, answer, isAmiss)
    const merged = mergeTopic(wanted.known, answer)
    if (merged === undefined) {
      this.#missed(wanted, incompleteTopic(wanted.name))
      return false
    }
    const isNews = merged !== wanted.known || wanted.hasError
    const isUnresolved = lacksLeader(merged, brokerIds)
    if (isUnresolved) wanted.outage.lasts(() => leaderlessTopic(merged, brokerIds))
    else wanted.outage.over()
    wanted.known = merged
    wanted.hasError = false
    this.#mark(wanted, isUnresolved)
    if (isNews) this.#parts.listener.onTopic(merged)
    return isNews
  }

  #takeError(wanted: WantedTopic, { errorCode }: MetadataResponseTopic): void {
    const { createTopics } = this.#parts.context.options
    const isUnknown = errorCode === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
    if (isUnknown && wanted.formerLife.notKnown(this.#nowMs())) this.#forgetEpochs(wanted)
    this.#missed(wanted, topicError(wanted.name, errorCode, createTopics))
  }

  /** What is known may be of a topic that was deleted, and made anew since. */
  #doubt(wanted: WantedTopic, answer: TopicAnswer, isAmiss: boolean): void {
    const { known, formerLife } = wanted
    if (known === undefined || !goesBack(known, answer)) formerLife.goesOn()
    else if (isAmiss && formerLife.goneBack(this.#nowMs())) this.#forgetEpochs(wanted)
  }

  #forgetEpochs(wanted: WantedTopic): void {
    const { known } = wanted
    if (known?.topicId === ZERO_UUID) wanted.known = forgetEpochs(known)
  }

  #nowMs(): number {
    return this.#parts.context.clock.monotonicMs()
  }

  /** The answer is of no use for this topic: whoever waits for it is told why. */
  #missed(wanted: WantedTopic, error: BrokerError | ProtocolError): void {
    const { logger } = this.#parts.context
    logger.debug({ topic: wanted.name, err: error }, 'no metadata of a topic')
    wanted.hasError = true
    if (error.retriable) wanted.outage.lasts(() => error)
    else {
      this.#mark(wanted, false)
      if (wanted.known === undefined) this.forget(wanted.name)
    }
    this.#parts.listener.onTopicError(wanted.name, error)
  }
}
