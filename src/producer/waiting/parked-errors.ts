/**
 * What a record is told that waited in vain, for `maxBlockMs` or until the producer was closed: for its
 * serializer, its topic, its partition or for room.
 */
import {
  BufferFullError,
  ClosedError,
  TopicUnavailableError,
  type DeliveryError,
  type OttlaError,
} from '../../errors.js'
import type { ParkedRecord } from './parked-record.js'
import { GroupRest } from '../intake/record-group.js'

export interface TimeoutParts {
  readonly maxBlockMs: number
  readonly bufferMemoryBytes: number
  /** Why nothing is known of a topic. */
  readonly unavailable: (topic: string) => TopicUnavailableError
  /** Why the buffer does not empty, and why no broker answers; null where nothing is amiss. */
  readonly whyNoRoom: () => OttlaError | null
  readonly whyNoMetadata: () => OttlaError | null
}

/** The error of one that waited too long. */
export function timeoutError(
  waiting: ParkedRecord | GroupRest,
  parts: TimeoutParts,
): DeliveryError {
  const { maxBlockMs, unavailable } = parts
  const { topic } = waiting
  const { name, partitionCount } = topic
  if (!topic.isKnown) return unavailable(name)
  if (waiting instanceof GroupRest) return noRoom(name, parts)
  const { partition, isSerialized } = waiting
  if (!isSerialized) {
    return new BufferFullError(
      `topic "${name}": a serializer was not done within maxBlockMs (${maxBlockMs} ms)`,
      { topic: name },
    )
  }
  if (partition < partitionCount) return noRoom(name, parts)
  const cause = parts.whyNoMetadata()
  return new TopicUnavailableError(
    `topic "${name}" has ${partitionCount} partitions (0 to ${partitionCount - 1}), and still no partition ${partition} after maxBlockMs (${maxBlockMs} ms)${because(cause)}`,
    { topic: name, partition, cause: cause ?? undefined },
  )
}

function noRoom(
  topic: string,
  { bufferMemoryBytes, maxBlockMs, whyNoRoom }: TimeoutParts,
): BufferFullError {
  const cause = whyNoRoom()
  const why = cause?.message ?? 'the brokers take records more slowly than they are sent'
  return new BufferFullError(
    `topic "${topic}": no room in bufferMemoryBytes (${bufferMemoryBytes}) within maxBlockMs (${maxBlockMs} ms): ${why}`,
    { topic, cause: cause ?? undefined },
  )
}

/** The producer was closed first. */
export function closedError(topic: string, what: string, cause: OttlaError | null): ClosedError {
  const message = `topic "${topic}": ${what}${because(cause)}`
  return new ClosedError(message, { topic, cause: cause ?? undefined })
}

/** A failure as the end of another's message. */
export function because(cause: OttlaError | null): string {
  return cause === null ? '' : `: ${cause.message}`
}
