/**
 * The topics that this producer writes to: made at the first record, filled by metadata, dropped
 * when the cluster says that there can be no such topic, or none yet and nobody waits for it. There is
 * one way out (`#drop`), and only for a topic without batches: the next of its name begins with new
 * queues and new numbers, which stand beside no others.
 *
 * Before: network/metadata/metadata.ts tells it what it learns. After: the intake and the sender look topics up.
 */
import type { Clock, Timer } from '../../clock.js'
import { AuthenticationError, BrokerError, TopicUnavailableError } from '../../errors.js'
import type { DeliveryError, OttlaError, ProtocolError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { PartitionMetadata, TopicMetadata } from '../../network/metadata/topic-metadata.js'
import { authorizationError, forbiddenBy } from '../completing/authorization.js'
import { closedError } from '../waiting/parked-errors.js'
import { checkTopicName } from '../records/record.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { QueuePorts } from '../queueing/partition-queue.js'
import { ProducerTopic } from './topic.js'
import type { StickyOptions } from './sticky-partitioner.js'

/** A topic that was known is gone once so many answers, over so long, do not know it. */
const GONE_AFTER_ANSWERS = 3
const GONE_AFTER_MS = 1000
/** How often to ask for what somebody waits for, and metadata does not ask for by itself. */
const ASK_AGAIN_MS = 250

export interface DirectoryListener {
  /** The topic can be written to now, or has more partitions. */
  onKnown(topic: ProducerTopic): void
  /** There is no such topic, or we may not know it: nobody waits for it any longer. */
  onUnavailable(topic: ProducerTopic, error: DeliveryError): void
  /** The cluster does not know the topic any more: its records wait, as for one that is not known yet. */
  onLost(topic: ProducerTopic): void
  /** The topic has no batches, and has left the directory. */
  onDropped(topic: ProducerTopic): void
}

/** Where topics are asked for. */
export interface TopicMetadataSource {
  want(name: string): void
  forget(name: string): void
  requestRefresh(topics: readonly string[]): void
  /** Why no broker answers; null where one does. */
  failure(): OttlaError | null
  /** Why it is not asked for at present, although brokers answer; null where it is. */
  whyPausing(): OttlaError | null
}

interface Waiter {
  readonly name: string
  resolve(topic: ProducerTopic): void
  reject(error: OttlaError): void
}

export class TopicDirectory {
  readonly topics = new Map<string, ProducerTopic>()
  readonly #clock: Clock
  readonly #stickyOptions: StickyOptions
  readonly #ports: QueuePorts<ProducerBatch>
  readonly #metadata: TopicMetadataSource
  readonly #listener: DirectoryListener
  readonly #waiters = new Set<Waiter>()
  /** Of topics that are looked at again soon. */
  readonly #timers = new Map<ProducerTopic, Timer>()
  /** Why a topic is not known yet, as far as the cluster says. */
  readonly #lastErrors = new Map<string, OttlaError>()
  /** Topics that were known and are not, as far as the last answers say. */
  readonly #missing = new Map<string, { readonly sinceMs: number; answers: number }>()
  #last: ProducerTopic | null = null
  #isClosed = false

  constructor(parts: {
    readonly clock: Clock
    readonly stickyOptions: StickyOptions
    /** What the queues of partitions work with. */
    readonly ports: QueuePorts<ProducerBatch>
    readonly metadata: TopicMetadataSource
    readonly listener: DirectoryListener
  }) {
    this.#clock = parts.clock
    this.#stickyOptions = parts.stickyOptions
    this.#ports = parts.ports
    this.#metadata = parts.metadata
    this.#listener = parts.listener
  }

  /** The topic of that name, asked for if it is new. Throws InvalidRecordError for a bad name. */
  get(name: string): ProducerTopic {
    if (this.#last !== null && this.#last.name === name) return this.#last
    let topic = this.topics.get(name)
    if (topic === undefined) {
      checkTopicName(name)
      topic = new ProducerTopic(name, this.#stickyOptions, this.#ports)
      this.topics.set(name, topic)
      this.#metadata.want(name)
    }
    this.#last = topic
    return topic
  }

  /** Tells metadata that the topic is in use. */
  touch(topic: ProducerTopic): void {
    this.#metadata.want(topic.name)
  }

  /**
   * Records wait for a partition that the topic lacks: asks for it, again and again while any does.
   * (Metadata announces only what has changed: an answer that changes nothing is not heard of.)
   */
  awaitPartitions(topic: ProducerTopic): void {
    if (this.#timers.has(topic)) return
    this.touch(topic)
    this.#metadata.requestRefresh([topic.name])
    this.#lookLater(topic)
  }

  #lookLater(topic: ProducerTopic): void {
    if (this.#timers.has(topic)) return
    const look = (): void => {
      this.#timers.delete(topic)
      this.#look(topic)
    }
    this.#timers.set(topic, this.#clock.setTimer(look, ASK_AGAIN_MS))
  }

  /** Asks for a topic that somebody waits for; one that was given up leaves once it has no batches. */
  #look(topic: ProducerTopic): void {
    const { name, isKnown } = topic
    if (this.topics.get(name) !== topic) return
    const isMissed =
      topic.beyond.length > 0 || (!isKnown && (topic.hasParked || this.#isAwaited(name)))
    if (isMissed) this.awaitPartitions(topic)
    else if (!isKnown && topic.hasBatches) this.#lookLater(topic)
    else this.dropIfUnused(topic)
  }

  /** Resolves once the topic is known; rejects with TopicUnavailableError after `timeoutMs`. */
  whenKnown(name: string, timeoutMs: number): Promise<ProducerTopic> {
    const topic = this.get(name)
    if (topic.isKnown) return Promise.resolve(topic)
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(
        () => waiter.reject(this.unavailable(name, timeoutMs)),
        timeoutMs,
      )
      const leave = (): void => {
        timer.clear()
        this.#waiters.delete(waiter)
        this.dropIfUnused(topic)
      }
      const waiter: Waiter = {
        name,
        resolve: (known) => (leave(), resolve(known)),
        reject: (error) => (leave(), reject(error)),
      }
      this.#waiters.add(waiter)
    })
  }

  /**
   * Somebody waits for news of the topic: a record, or a caller of `whenKnown`. However long ago a
   * batch was last opened for it: once metadata forgets the topic, its records learn of no leader
   * any more.
   */
  isInUse(name: string): boolean {
    return this.topics.get(name)?.hasRecords === true || this.#isAwaited(name)
  }

  #isAwaited(topicName: string): boolean {
    return [...this.#waiters].some(({ name }) => name === topicName)
  }

  /** Why a record for `name` cannot be placed after `waitedMs`. */
  unavailable(name: string, waitedMs: number): TopicUnavailableError {
    const cause = this.whyUnknown(name) ?? undefined
    const why = cause === undefined ? 'no broker has answered about it' : whyOf(name, cause)
    return new TopicUnavailableError(
      `topic "${name}": nothing known of it after maxBlockMs (${Math.round(waitedMs)} ms): ${why}`,
      { topic: name, cause, retriable: true },
    )
  }

  /** Why nothing is known of a topic: no broker answers, what one has said of it, or that it wants a pause. */
  whyUnknown(name: string): OttlaError | null {
    const said = this.#lastErrors.get(name)
    return this.#metadata.failure() ?? said ?? this.#metadata.whyPausing()
  }

  /**
   * Nobody waits any longer for a topic that never became known: it is not asked for any more, once an
   * answer has not known it either. Before, the answer may be on its way: were it forgotten here, who has
   * less patience than metadata takes would never get it.
   */
  dropIfUnused(topic: ProducerTopic): void {
    if (topic.isKnown || this.isInUse(topic.name) || !this.#lastErrors.has(topic.name)) return
    this.#drop(topic)
  }

  /**
   * Metadata has given the topic up, since it was not used for long. Looked at later, since this may
   * be in the middle of a call that is just about to use it.
   */
  onIdle(name: string): void {
    this.#clock.defer(() => {
      const topic = this.topics.get(name)
      if (topic === undefined || this.#isClosed) return
      if (this.isInUse(name)) this.#metadata.want(name)
      else this.#drop(topic)
    })
  }

  #drop(topic: ProducerTopic): void {
    if (this.topics.get(topic.name) !== topic) return
    this.topics.delete(topic.name)
    this.#lastErrors.delete(topic.name)
    this.#missing.delete(topic.name)
    if (this.#last === topic) this.#last = null
    this.#metadata.forget(topic.name) // or it would not be told to the next of that name
    this.#listener.onDropped(topic)
  }

  onTopic(metadata: TopicMetadata): void {
    const topic = this.topics.get(metadata.name)
    if (topic === undefined) return
    this.#lastErrors.delete(topic.name)
    this.#missing.delete(topic.name)
    topic.update(metadata)
    if (!topic.isKnown) return
    this.#listener.onKnown(topic)
    for (const waiter of this.#waiters) if (waiter.name === topic.name) waiter.resolve(topic)
  }

  /** One partition has another leader. */
  onLeader(name: string, partition: PartitionMetadata): void {
    this.topics.get(name)?.updateLeader(partition)
  }

  onTopicError(name: string, error: BrokerError | ProtocolError): void {
    const topic = this.topics.get(name)
    if (topic === undefined) return
    this.#lastErrors.set(name, error)
    if (!topic.isKnown && !error.retriable) this.#giveUp(topic, error)
    else if (topic.isKnown && isUnknownTopic(error)) this.#miss(topic)
    else this.dropIfUnused(topic)
  }

  /** One broker may be behind for a moment; several answers over a while mean that it is deleted. */
  #miss(topic: ProducerTopic): void {
    const nowMs = this.#clock.monotonicMs()
    const missing = this.#missing.get(topic.name) ?? { sinceMs: nowMs, answers: 0 }
    this.#missing.set(topic.name, missing)
    missing.answers++
    if (missing.answers < GONE_AFTER_ANSWERS || nowMs - missing.sinceMs < GONE_AFTER_MS) return
    topic.lose()
    this.#listener.onLost(topic)
  }

  /** No broker can be spoken to, and no retry fixes it: nobody needs to wait for a topic. */
  onFatal(error: OttlaError): void {
    for (const topic of this.topics.values()) if (!topic.isKnown) this.#giveUp(topic, error)
  }

  /**
   * Nobody waits for it any longer. Batches, of a topic that was known once, go on and keep it: a broker
   * may still be writing them, under numbers that may not begin anew meanwhile.
   */
  #giveUp(topic: ProducerTopic, cause: OttlaError): void {
    const { name } = topic
    if (topic.hasBatches) this.#lookLater(topic)
    else this.#drop(topic)
    const unavailable = unavailableBecause(name, cause)
    this.#listener.onUnavailable(topic, unavailable)
    for (const waiter of this.#waiters) if (waiter.name === name) waiter.reject(unavailable)
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) timer.clear()
    for (const waiter of this.#waiters) {
      const { name } = waiter
      waiter.reject(closedError(name, 'the producer was closed', this.whyUnknown(name)))
    }
  }
}

/** No other answer says that a known topic is gone: not one that leaves it out. */
function isUnknownTopic(error: BrokerError | ProtocolError): boolean {
  return error instanceof BrokerError && error.errorCode === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
}

/** Its words, without the topic, which has been named. */
function whyOf(topic: string, { message }: OttlaError): string {
  const prefix = `topic "${topic}": `
  return message.startsWith(prefix) ? message.slice(prefix.length) : message
}

/** A refused login, or a right that is missing, is told as what it is. */
function unavailableBecause(topic: string, cause: OttlaError): DeliveryError {
  const forbidden = forbiddenBy(cause, { topic })
  if (forbidden !== undefined) return authorizationError(cause.message, forbidden, { topic })
  const message = `topic "${topic}": ${whyOf(topic, cause)}`
  if (!(cause instanceof AuthenticationError)) {
    return new TopicUnavailableError(message, { topic, cause })
  }
  const { host, port, mechanism, user, code } = cause
  return new AuthenticationError(message, { host, port, mechanism, user, code, topic, cause })
}
