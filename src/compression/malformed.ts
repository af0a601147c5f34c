/**
 * How compressed bytes are refused: the default limit of what they may grow to, and the two errors,
 * so that every codec words them alike.
 *
 * Neighbours: thrown by each codec's `decompress`, whatever the library behind it threw.
 */

import { ProtocolError } from '../errors.js'

/**
 * The most that `decompress` makes of its input unless told otherwise: 128 MiB, above any frame
 * that a broker's default `socket.request.max.bytes` (100 MiB) lets through.
 */
export const DEFAULT_MAX_SIZE_BYTES = 128 * 1024 * 1024

/** Where the bytes stopped making sense, and what a library said of them. */
export interface MalformedOptions {
  /** Byte offset in the compressed input, where it is known. */
  readonly offset?: number
  readonly cause?: unknown
}

/** The input is not what the codec writes: wrong magic, cut short, damaged. */
export function malformedError(
  name: string,
  detail: string,
  options: MalformedOptions = {},
): ProtocolError {
  const place = options.offset === undefined ? '' : ` at byte ${options.offset}`
  return new ProtocolError(`malformed ${name} data${place}: ${detail}`, options)
}

/** The input would grow beyond the limit: too low a limit, or bytes made to exhaust memory. */
export function expansionError(name: string, maxSizeBytes: number): ProtocolError {
  return new ProtocolError(
    `${name} data decompresses to more than ${maxSizeBytes} bytes: ` +
      'raise maxSizeBytes if it comes from a source you trust',
  )
}

/** What a thrown value says of itself. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
