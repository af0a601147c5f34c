/**
 * Which partition a record goes to, in this order: the one it names, the user's partitioner, the
 * hash of its key (murmur2, as Java's client), the topic's sticky partition.
 */
import { InvalidRecordError } from '../../errors.js'
import { isPromised } from '../../promised.js'
import type { Serialized } from '../../serialization/serializer.js'
import { partitionForKey } from './murmur2.js'
import type { PreparedRecord } from '../records/prepared-record.js'
import { quote } from '../records/record.js'
import { STICKY } from './undecided.js'

/** What a partitioner is told of a record. */
export interface PartitionerInput {
  readonly topic: string
  /** The serialized key; valid during the call only. */
  readonly key: Uint8Array | null
  /** The serialized value; bytes are valid during the call only. */
  readonly value: Serialized
  /** Partitions of the topic, with or without a leader: the answer is 0 .. partitionCount - 1. */
  readonly partitionCount: number
  /** Partitions that have a leader now, ascending; frozen. */
  readonly availablePartitions: readonly number[]
}

/**
 * Chooses a partition; undefined leaves it to Ottla (key hash, or sticky). Called in the order of
 * the records; what it throws fails that record alone.
 */
export type Partitioner = (input: PartitionerInput) => number | undefined

/**
 * The record's partition, or STICKY. Throws InvalidRecordError where the user's function errs.
 *
 * @internal
 */
export function choosePartition(
  record: PreparedRecord,
  partitioner: Partitioner | undefined,
  ignoreKeys: boolean,
): number {
  if (record.partition >= 0) return record.partition
  if (partitioner !== undefined) {
    const chosen = askPartitioner(record, partitioner)
    if (chosen !== undefined) return chosen
  }
  if (record.key === null || ignoreKeys) return STICKY
  return partitionForKey(record.key, record.keyLength, record.topic.partitionCount)
}

function askPartitioner(record: PreparedRecord, partitioner: Partitioner): number | undefined {
  const { topic, key, keyLength, value } = record
  const { name, partitionCount } = topic
  let chosen: number | undefined
  try {
    chosen = partitioner({
      topic: name,
      key: key === null ? null : key.subarray(0, keyLength),
      value,
      partitionCount,
      availablePartitions: topic.available,
    })
  } catch (cause) {
    throw new InvalidRecordError(
      `the partitioner threw for a record of topic "${name}": ${cause instanceof Error ? cause.message : quote(cause)}`,
      { topic: name, cause },
    )
  }
  if (
    chosen === undefined ||
    (Number.isInteger(chosen) && chosen >= 0 && chosen < partitionCount)
  ) {
    return chosen
  }
  const made = isPromised(chosen) ? 'returned a promise' : `chose ${quote(chosen)}`
  throw new InvalidRecordError(
    `the partitioner ${made} for topic "${name}": it must be an integer from 0 to ${partitionCount - 1}, or undefined`,
    { topic: name },
  )
}
