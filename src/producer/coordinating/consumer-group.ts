/**
 * Which consumer group, and which of its members, commits which offsets in a transaction: from what a
 * user gives, in the shapes that other libraries' consumers have it.
 *
 * A group without generation and member is not fenced: a consumer that has lost its partitions
 * meanwhile may still commit (KIP-447).
 *
 * Before: transaction.ts. After: offset-commits.ts sends it.
 */
import { InvalidRecordError } from '../../errors.js'
import { isWellFormed } from '../../serialization/well-formed.js'
import { checkTopicName, kindOf, MAX_NAME_BYTES, quote } from '../records/record.js'

/** The member of a consumer group that has read the records; take it when the records are handed out. */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  /** The group's generation, or (KIP-848) the member's epoch. Default -1: none. */
  readonly generationId?: number | undefined
  /** Default '': none. */
  readonly memberId?: string | undefined
  /** The member's own name, of static membership (KIP-345). Default null: none. */
  readonly groupInstanceId?: string | null | undefined
}

/** An offset to commit: the next one to read, so the last one processed, plus 1. */
export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** From 0; text, as kafkajs gives offsets, too. */
  readonly offset: bigint | number | string
  /** Of the last record that was read. Default -1: not known. */
  readonly leaderEpoch?: number | null | undefined
  /** A text of the user's own. Default null. */
  readonly metadata?: string | null | undefined
}

/** The same, checked, with every default filled in. */
export interface GroupMember {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** The same, checked. */
export interface CheckedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

const MAX_OFFSET = 2n ** 63n - 1n
const MAX_INT32 = 2 ** 31 - 1

/** Throws InvalidRecordError for what is no group. */
export function groupMember(group: unknown): GroupMember {
  const given: unknown = typeof group === 'string' ? { groupId: group } : Object(group)
  const { groupId, generationId, memberId, groupInstanceId } = given as Partial<
    Record<keyof ConsumerGroupMetadata, unknown>
  >
  checkGroupId(group, groupId)
  const generation = generationId ?? -1
  if (!isInteger(generation, -1)) {
    throw invalid(`a generationId that is ${kindOf(generation)}: give an integer from -1`)
  }
  const member = textOf('a memberId', memberId ?? '')
  const instance = groupInstanceId ?? null
  return {
    ...{ groupId, generationId: generation, memberId: member },
    groupInstanceId: instance === null ? null : textOf('a groupInstanceId', instance),
  }
}

function textOf(what: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(`${what} that is ${kindOf(value)}: give text`)
  checkText(what, value)
  return value
}

/** It would be refused when it is written, and by then the transaction would have to be aborted. */
function checkText(what: string, text: string): void {
  if (!isWellFormed(text)) {
    throw invalid(`${what} with an unpaired surrogate (${quote(text)}), which UTF-8 cannot carry`)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_NAME_BYTES) return
  throw invalid(`${what} of ${bytes} bytes (${quote(text)}): Kafka takes at most ${MAX_NAME_BYTES}`)
}

function checkGroupId(group: unknown, groupId: unknown): asserts groupId is string {
  if (typeof groupId !== 'string' || groupId === '') {
    const what =
      typeof group === 'object' && group !== null
        ? `a group whose groupId is ${kindOf(groupId)}`
        : kindOf(group)
    throw invalid(
      `${what}: give the group's id, or { groupId, generationId, memberId, groupInstanceId }`,
    )
  }
  checkText('a groupId', groupId)
}

/** Throws InvalidRecordError for what are no offsets. */
export function checkOffsets(offsets: unknown): CheckedOffset[] {
  const isList = offsets !== null && offsets !== undefined && Symbol.iterator in Object(offsets)
  if (!isList || typeof offsets === 'string') {
    throw invalid(`${kindOf(offsets)} for offsets: give a list of { topic, partition, offset }`)
  }
  return Array.from(offsets as Iterable<unknown>, checkedOffset)
}

function checkedOffset(given: unknown): CheckedOffset {
  const { topic, partition, offset, leaderEpoch, metadata } = Object(given) as Partial<
    Record<keyof OffsetToCommit, unknown>
  >
  if (typeof topic !== 'string' || topic === '') {
    throw invalid(`an offset whose topic is ${kindOf(topic)}: give { topic, partition, offset }`)
  }
  checkTopicName(topic)
  if (!isInteger(partition, 0)) {
    throw invalid(
      `an offset of topic ${quote(topic)} whose partition is ${kindOf(partition)}: give an integer from 0`,
    )
  }
  const epoch = leaderEpoch ?? -1
  if (!isInteger(epoch, -1))
    throw invalid(`a leaderEpoch that is ${kindOf(epoch)}: give an integer from -1`)
  const text = metadata ?? null
  return {
    topic,
    partition,
    offset: offsetOf(offset, topic, partition),
    leaderEpoch: epoch,
    metadata: text === null ? null : textOf("an offset's metadata", text),
  }
}

function offsetOf(given: unknown, topic: string, partition: number): bigint {
  const isNumber =
    typeof given === 'number' ? Number.isSafeInteger(given) : typeof given === 'bigint'
  const isText = typeof given === 'string' && /^\d{1,19}$/.test(given)
  const offset = isNumber || isText ? BigInt(given as bigint) : -1n
  if (offset >= 0n && offset <= MAX_OFFSET) return offset
  throw invalid(
    `an offset of topic ${quote(topic)} partition ${partition} that is ${kindOf(given)}: give the next one to read, from 0, as bigint, integer or text`,
  )
}

function isInteger(value: unknown, least: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= MAX_INT32
}

function invalid(what: string): InvalidRecordError {
  return new InvalidRecordError(`sendOffsets was given ${what}`)
}
