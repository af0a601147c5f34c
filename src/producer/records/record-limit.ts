/**
 * How large a record may be: Java's limits, on its largest possible form before compression.
 *
 * Before: intake.ts, for each record whose bytes are known.
 */
import { RecordTooLargeError } from '../../errors.js'
import {
  bufferSizeFor,
  quickSizeUpperBound,
  RECORD_BATCH_HEADER_BYTES,
  recordSizeUpperBound,
} from '../../protocol/record-batch.js'
import type { PreparedRecord } from './prepared-record.js'

export interface RecordLimitOptions {
  readonly maxRequestSizeBytes: number
  readonly bufferMemoryBytes: number
}

export class RecordLimit {
  /** Most bytes of a record. */
  readonly #limitBytes: number
  /** The option that allows no more. */
  readonly #option: keyof RecordLimitOptions
  /** Most bytes of a batch with that record alone. */
  readonly #batchBytes: number

  constructor({ maxRequestSizeBytes, bufferMemoryBytes }: RecordLimitOptions) {
    const largestBytes = bufferMemoryBytes - bufferSizeFor(0) // the room around a batch counts
    const isRequest = maxRequestSizeBytes <= largestBytes
    this.#option = isRequest ? 'maxRequestSizeBytes' : 'bufferMemoryBytes'
    this.#batchBytes = Math.min(maxRequestSizeBytes, largestBytes)
    this.#limitBytes = this.#batchBytes - RECORD_BATCH_HEADER_BYTES
  }

  /** Throws RecordTooLargeError. Most records are so far below that nobody has to count their text. */
  check(record: PreparedRecord): void {
    if (quickSizeUpperBound(record) > this.#limitBytes) this.#checkExactly(record)
  }

  #checkExactly(record: PreparedRecord): void {
    const sizeBytes = recordSizeUpperBound(record)
    if (sizeBytes <= this.#limitBytes) return
    const { name } = record.topic
    throw new RecordTooLargeError(
      `a record for topic "${name}" takes ${RECORD_BATCH_HEADER_BYTES + sizeBytes} bytes, and ${this.#option} allows ${this.#batchBytes}: raise the option (and the topic's max.message.bytes), or send smaller records`,
      { topic: name },
    )
  }
}
