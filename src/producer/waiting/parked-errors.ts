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
import { GroupRest } from './group-rest.js'
import type { ParkedErrors } from './parking-lot.js'

export interface WaitErrorOptions {
  readonly maxBlockMs: number
  readonly bufferMemoryBytes: number
}

/** Who knows what a record waits for; each gives null where nothing is amiss. */
export interface WaitErrorParts {
  readonly directory: {
    /** Why nothing is known of a topic. */
    unavailable(topic: string, maxBlockMs: number): TopicUnavailableError
  }
  readonly obstacles: {
    /** Why the buffer does not empty. */
    ofRoom(): OttlaError | null
  }
  readonly metadata: {
    /** Why no broker answers. */
    failure(): OttlaError | null
  }
}

export class WaitErrors implements ParkedErrors {
  readonly #options: WaitErrorOptions
  readonly #parts: WaitErrorParts

  constructor(options: WaitErrorOptions, parts: WaitErrorParts) {
    this.#options = options
    this.#parts = parts
  }

  timeout(waiting: ParkedRecord | GroupRest): DeliveryError {
    const { directory } = this.#parts
    const { maxBlockMs } = this.#options
    const { name, isKnown, partitionCount } = waiting.topic
    if (!isKnown) return directory.unavailable(name, maxBlockMs)
    if (waiting instanceof GroupRest) return this.#noRoom(name)
    if (!waiting.isSerialized) {
      return new BufferFullError(
        `topic "${name}": a serializer was not done within maxBlockMs (${maxBlockMs} ms)`,
        { topic: name },
      )
    }
    if (waiting.partition < partitionCount) return this.#noRoom(name)
    return this.#noPartition(waiting)
  }

  #noPartition({ topic, partition }: ParkedRecord): TopicUnavailableError {
    const { name, partitionCount } = topic
    const cause = this.#parts.metadata.failure()
    return new TopicUnavailableError(
      `topic "${name}" has ${partitionCount} partitions (0 to ${partitionCount - 1}), and still no partition ${partition} after maxBlockMs (${this.#options.maxBlockMs} ms)${because(cause)}`,
      { topic: name, partition, cause: cause ?? undefined, retriable: true },
    )
  }

  #noRoom(topic: string): BufferFullError {
    const { bufferMemoryBytes, maxBlockMs } = this.#options
    const cause = this.#parts.obstacles.ofRoom()
    const why = cause?.message ?? 'the brokers take records more slowly than they are sent'
    return new BufferFullError(
      `topic "${topic}": no room in bufferMemoryBytes (${bufferMemoryBytes}) within maxBlockMs (${maxBlockMs} ms): ${why}`,
      { topic, cause: cause ?? undefined },
    )
  }

  tooManySends(topic: string, waitingSends: number): BufferFullError {
    const cause = this.#parts.obstacles.ofRoom()
    return new BufferFullError(
      `topic "${topic}": ${waitingSends} sends wait for room already (maxWaitingSends): await earlier sends first, or use enqueue() with writable()${because(cause)}`,
      { topic, cause: cause ?? undefined },
    )
  }
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
