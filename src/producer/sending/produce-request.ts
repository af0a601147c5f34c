/**
 * One Produce request: which batches it carries, and how an answer finds them again.
 *
 * From v13 on an answer names topics by id. The ids are those of the moment when the request was
 * made: the topic may have been made anew since (KAFKA-19397).
 *
 * Before: request-builder.ts. After: the connection calls exactly one of the two handlers, once.
 */
import { assert } from '../../assert.js'
import { BrokerError, type OttlaError } from '../../errors.js'
import type { ResponseHandler } from '../../network/connection/request-queue.js'
import type { ApiIdentity, CommonVersions } from '../../network/connection/api-version-table.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import {
  frameProduceRequest,
  type FramedPartition,
  type FramedTopic,
} from '../../protocol/produce-framing.js'
import { produce, type ProduceResponse } from '../../protocol/messages/produce.js'
import type { Reader } from '../../protocol/reader.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { ProducerBatch } from '../batching/batch.js'

/** From this version on a request names topics by id. */
const FIRST_VERSION_WITH_TOPIC_IDS = 13
/** From this version on the client itself keeps the pause that an answer asks for (KIP-219). */
export const FIRST_VERSION_CLIENT_THROTTLES = 6
/** From this version on a batch may be compressed with zstd (KIP-110). */
export const FIRST_VERSION_WITH_ZSTD = 7
const ZSTD_ID = 4

/** What the broker said of one partition. */
export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

/** Called with what became of a request; exactly one of the two, once. */
export interface ProduceListener {
  onAnswer(request: ProduceRequest, response: ProduceResponse): void
  onLost(request: ProduceRequest, error: OttlaError): void
}

/** The batches of one topic in a request. */
interface TopicEntry {
  readonly name: string
  readonly topicId: string
  readonly batches: Map<number, ProducerBatch>
}

/** What is settled of a request before its batches are in it. */
export interface RequestFacts {
  readonly nodeId: number
  /** Monotonic. */
  readonly sentAtMs: number
  /** Of the Produce API. */
  readonly version: number
  /** Its batches are retries, to leaders that have acknowledged nothing since. */
  readonly isProbe: boolean
  /** How long the broker may wait for its replicas before it answers. */
  readonly replicationTimeoutMs: number
}

export class ProduceRequest implements ResponseHandler, RequestFacts {
  readonly nodeId: number
  readonly sentAtMs: number
  readonly version: number
  readonly isProbe: boolean
  readonly replicationTimeoutMs: number
  readonly #topics = new Map<string, TopicEntry>()
  readonly #listener: ProduceListener
  #silentSinceMs: number
  #sizeBytes = 0
  #frameBytes = 0

  constructor(facts: RequestFacts, listener: ProduceListener) {
    this.nodeId = facts.nodeId
    this.sentAtMs = facts.sentAtMs
    this.version = facts.version
    this.isProbe = facts.isProbe
    this.replicationTimeoutMs = facts.replicationTimeoutMs
    this.#silentSinceMs = facts.sentAtMs
    this.#listener = listener
  }

  /** Monotonic: since when its broker could have answered, and has not. */
  get silentSinceMs(): number {
    return this.#silentSinceMs
  }

  /** The broker answers nothing before `untilMs` (monotonic): it has said so. */
  paused(untilMs: number): void {
    this.#silentSinceMs = untilMs
  }

  /** Bytes of its batches. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Bytes of all of it, as it travels; 0 before `frame`. */
  get frameBytes(): number {
    return this.#frameBytes
  }

  add(batch: ProducerBatch): void {
    const { topic, partition } = batch.queue
    const key = this.#usesTopicIds() ? topic.topicId : topic.name
    let entry = this.#topics.get(key)
    if (entry === undefined) {
      entry = { name: topic.name, topicId: topic.topicId, batches: new Map() }
      this.#topics.set(key, entry)
    }
    assert(!entry.batches.has(partition), 'a request has one batch of a partition')
    entry.batches.set(partition, batch)
    this.#sizeBytes += batch.sizeBytes
  }

  #usesTopicIds(): boolean {
    return this.version >= FIRST_VERSION_WITH_TOPIC_IDS
  }

  /** The broker's whole time for its replicas has passed: it has waited, so that nobody else need. */
  hasWaited(nowMs: number): boolean {
    return nowMs - this.sentAtMs >= this.replicationTimeoutMs
  }

  /** True while some of its batches have no answer. */
  get hasBatches(): boolean {
    for (const { batches } of this.#topics.values()) if (batches.size > 0) return true
    return false
  }

  /** Every batch, grouped by topic. */
  *batches(): Generator<ProducerBatch> {
    for (const { batches } of this.#topics.values()) yield* batches.values()
  }

  /** The bytes: a list of buffers, in which the records are not copied. The batches are sealed. */
  frame(options: {
    readonly correlationId: number
    readonly clientId: string
    readonly acks: number
    readonly transactionalId: string | null
  }): Uint8Array[] {
    const topics: FramedTopic[] = []
    for (const { name, topicId, batches } of this.#topics.values()) {
      const partitions: FramedPartition[] = []
      for (const [index, { wire, attempts }] of batches) {
        const { buffer, start, end } = wire
        // What was sent before may lie in a socket still: nothing is written beside it.
        partitions.push({ index, batch: { buffer, start, end, mayUseRoom: attempts === 0 } })
      }
      topics.push({ name, topicId, partitions })
    }
    const { version, replicationTimeoutMs: timeoutMs } = this
    const { correlationId, clientId, acks, transactionalId } = options
    const frame = frameProduceRequest(
      { version, correlationId, clientId, transactionalId, acks, timeoutMs },
      topics,
    )
    for (const { length } of frame) this.#frameBytes += length
    return frame
  }

  /** The id that the topic had when the request was made; ZERO_UUID where it is none of its topics. */
  topicIdOf(topic: { name: string; topicId: string }): string {
    return this.#topics.get(this.#usesTopicIds() ? topic.topicId : topic.name)?.topicId ?? ZERO_UUID
  }

  /** Takes the batch that an answer is for; undefined where none was sent, or it is answered. */
  takeBatch(
    topic: { name: string; topicId: string },
    partition: number,
  ): ProducerBatch | undefined {
    const entry = this.#topics.get(this.#usesTopicIds() ? topic.topicId : topic.name)
    const batch = entry?.batches.get(partition)
    entry?.batches.delete(partition)
    return batch
  }

  onResponse(reader: Reader): void {
    this.#listener.onAnswer(this, produce.decodeResponse(reader, this.version))
  }

  onFailure(error: OttlaError): void {
    this.#listener.onLost(this, error)
  }
}

/** Whether brokers of this version know the batch's codec. */
export function isCodecKnown(version: number, { codecId }: ProducerBatch): boolean {
  return codecId !== ZSTD_ID || version >= FIRST_VERSION_WITH_ZSTD
}

/** Why a zstd batch is not sent in this version. */
export function codecUnknown(version: number): BrokerError {
  const { name, code } = errorCode(ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE)
  return new BrokerError(
    `the broker speaks Produce up to version ${version}, and zstd needs version ${FIRST_VERSION_WITH_ZSTD} (Kafka 2.1): choose another compression, or raise apiVersions.Produce if that is set`,
    { apiName: 'Produce', errorCode: code, errorName: name },
  )
}

/**
 * The version to speak: the highest common one of those that `api` allows, below topic ids where a topic
 * has none. Throws BrokerError where there is none.
 */
export function produceVersion(
  versions: CommonVersions,
  batches: Iterable<ProducerBatch>,
  api: ApiIdentity = produce,
): number {
  const version = versions.version(api)
  if (version < FIRST_VERSION_WITH_TOPIC_IDS) return version
  for (const { queue } of batches) {
    if (queue.topic.topicId !== ZERO_UUID) continue
    return versions.version({ ...api, maxVersion: FIRST_VERSION_WITH_TOPIC_IDS - 1 })
  }
  return version
}
