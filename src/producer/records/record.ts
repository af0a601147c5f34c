/**
 * A record as the user gives it, and the checks that do not need a broker.
 *
 * Before: the user. After: intake.ts. Headers are read and checked by header-reader.ts.
 */
import { inspect } from 'node:util'
import { isBytes } from '../../any-bytes.js'
import { InvalidRecordError } from '../../errors.js'
import type { Headers } from '../../serialization/headers.js'
import type { Serialized } from '../../serialization/serializer.js'

/**
 * What is sent. Bytes of its key, value and headers may be used again, or transferred, as soon as the
 * call has returned, whichever it was and whatever became of the record: what has to wait is copied.
 * Objects that a serializer is given may be changed, too, unless it is asynchronous: then they are its own
 * matter until the record is settled.
 *
 * Text, in keys, values and headers, is written as UTF-8. An unpaired surrogate, which UTF-8 cannot
 * carry, becomes U+FFFD, as everywhere in JavaScript; Java's StringSerializer writes "?" there, so
 * that such a key may lie in another partition than Java's.
 *
 * @typeParam K - the key's type; what the key serializer takes
 * @typeParam V - the value's type; what the value serializer takes
 */
export interface ProducerRecord<K = Serialized, V = Serialized> {
  readonly topic: string
  /**
   * Decides the partition (Java's murmur2) and, on compacted topics, which records replace it. An
   * empty key is one, too: all records with it go to one partition.
   */
  readonly key?: K | null | undefined
  /** null is a tombstone. */
  readonly value: V | null
  /** Overrides the partitioner; an integer from 0. */
  readonly partition?: number | undefined
  /** Milliseconds since 1970, an integer from 0; default: the time of the call. */
  readonly timestamp?: number | undefined
  readonly headers?: Headers | undefined
}

const MAX_TOPIC_NAME_LENGTH = 249
const TOPIC_NAME = /^[a-zA-Z0-9._-]+$/

/** Throws InvalidRecordError where Kafka could have no topic of this name (Kafka's Topic.validate). */
export function checkTopicName(name: unknown): asserts name is string {
  const fail = (why: string): never => {
    throw new InvalidRecordError(`topic ${quote(name)}: ${why}`, {
      topic: typeof name === 'string' ? name : undefined,
    })
  }
  if (typeof name !== 'string' || name === '') fail('a topic is a string that is not empty')
  const text = name as string
  if (text.length > MAX_TOPIC_NAME_LENGTH) fail(`longer than ${MAX_TOPIC_NAME_LENGTH} characters`)
  if (!TOPIC_NAME.test(text)) fail('only letters, digits, ".", "_" and "-" may stand in a name')
  if (text === '.' || text === '..') fail('"." and ".." are no topic names')
}

/** Throws InvalidRecordError unless `partition` can be a partition's number. */
export function checkPartition(topic: string, partition: number): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < 2 ** 31) return partition
  throw new InvalidRecordError(
    `partition ${quote(partition)} of a record for topic "${topic}": give an integer from 0, or leave it out`,
    { topic },
  )
}

/** Throws InvalidRecordError unless `timestamp` is milliseconds as Kafka counts them. */
export function checkTimestamp(topic: string, timestamp: number): void {
  if (Number.isSafeInteger(timestamp) && timestamp >= 0) return
  throw new InvalidRecordError(
    `timestamp ${quote(timestamp)} of a record for topic "${topic}": give milliseconds since 1970 as an integer from 0 (date.getTime()), or leave it out`,
    { topic },
  )
}

/** A record's topic where it can be read; of one that is none, or whose getter throws, ''. */
export function topicOf(record: { readonly topic: unknown } | null | undefined): string {
  try {
    const topic = record?.topic
    return typeof topic === 'string' ? topic : ''
  } catch {
    return ''
  }
}

/** What a value is, for a message: `an object`, `undefined`, `a number (4)`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return `a ${typeof value} (${quote(value)})`
}

/** The same of a value where bytes are taken, and this is not. */
export function kindOfRefused(value: unknown): string {
  return isBytes(value) ? 'bytes whose ArrayBuffer was transferred away' : kindOf(value)
}

/** Of a name in UTF-8: the wire has an int16 for its length. */
export const MAX_NAME_BYTES = 32_767

/** A value in a message, short. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0 })
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
