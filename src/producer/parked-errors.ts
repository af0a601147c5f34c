/**
 * What a record is told that waited for `maxBlockMs` in vain: for its serializer, its topic, its
 * partition or for room.
 */
import { BufferFullError, TopicUnavailableError, type DeliveryError } from '../errors.js'
import type { ParkedRecord } from './parked-record.js'
import { GroupRest } from './record-group.js'

export interface TimeoutParts {
  readonly maxBlockMs: number
  readonly bufferMemoryBytes: number
  /** Why nothing is known of a topic. */
  readonly unavailable: (topic: string) => TopicUnavailableError
}

/** The error of one that waited too long. */
export function timeoutError(
  waiting: ParkedRecord | GroupRest,
  { maxBlockMs, bufferMemoryBytes, unavailable }: TimeoutParts,
): DeliveryError {
  const { topic } = waiting
  const { name, partitionCount } = topic
  if (!topic.isKnown) return unavailable(name)
  if (waiting instanceof GroupRest) return noRoom(name, bufferMemoryBytes, maxBlockMs)
  const { partition, isSerialized } = waiting
  if (!isSerialized) {
    return new BufferFullError(
      `topic "${name}": a serializer was not done within maxBlockMs (${maxBlockMs} ms)`,
      { topic: name },
    )
  }
  if (partition < partitionCount) return noRoom(name, bufferMemoryBytes, maxBlockMs)
  return new TopicUnavailableError(
    `topic "${name}" has ${partitionCount} partitions (0 to ${partitionCount - 1}), and still no partition ${partition} after maxBlockMs (${maxBlockMs} ms)`,
    { topic: name, partition },
  )
}

function noRoom(topic: string, bufferMemoryBytes: number, maxBlockMs: number): BufferFullError {
  return new BufferFullError(
    `topic "${topic}": no room in bufferMemoryBytes (${bufferMemoryBytes}) within maxBlockMs (${maxBlockMs} ms): the brokers take records more slowly than they are sent`,
    { topic },
  )
}
