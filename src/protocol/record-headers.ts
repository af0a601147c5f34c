/**
 * The headers of a record (KIP-82): an ordered list of names and values, in which a name may occur
 * twice and a value may be null.
 *
 *   header count varint | (name length varint, name UTF-8 | value length varint (-1 null), value)*
 *
 * Neighbours: record-batch.ts and record-batch-reader.ts, whose records these are part of.
 */
import { copyBytes } from './copy-bytes.js'
import { textSizeBytes, writeText } from './record-text.js'
import { MAX_VARINT_BYTES, varintSizeBytes, writeVarint } from './varint.js'

/** Names and values by turns, [name, value, name, value, …]: text is written as UTF-8. */
export type WireHeaders = readonly (string | Uint8Array | null)[]

/** A guess at the bytes that the headers take: exact where text is ASCII and everything is short. */
export function roughHeadersSizeBytes(headers: WireHeaders | null): number {
  if (headers === null) return 1
  let sizeBytes = 1 + headers.length
  for (const part of headers) if (part !== null) sizeBytes += part.length
  return sizeBytes
}

/** Bytes that the lengths of the headers, and their count, take beyond the guess at most. */
export function headerLengthsBytes(headers: WireHeaders | null): number {
  return headers === null ? 0 : (1 + headers.length) * MAX_VARINT_BYTES
}

/** Bytes that the headers take, their count included. */
export function headersSizeBytes(headers: WireHeaders | null): number {
  if (headers === null) return 1
  let sizeBytes = varintSizeBytes(headers.length / 2)
  for (const part of headers) {
    const partBytes =
      part === null ? 0 : typeof part === 'string' ? textSizeBytes(part) : part.length
    sizeBytes += varintSizeBytes(partBytes) + partBytes
  }
  return sizeBytes
}

/** Writes the headers at `offset`, where there is room for them; returns the offset behind them. */
export function writeHeaders(buffer: Buffer, offset: number, headers: WireHeaders): number {
  offset = writeVarint(buffer, offset, headers.length / 2)
  for (let i = 0; i < headers.length; i++) {
    offset = writePart(buffer, offset, headers[i] as string | Uint8Array | null) // i < length
  }
  return offset
}

/** Bytes, text or null, behind its length; returns the offset behind it. */
export function writePart(
  buffer: Buffer,
  offset: number,
  part: string | Uint8Array | null,
): number {
  if (typeof part === 'string') return writeText(buffer, offset, part)
  if (part === null) return writeVarint(buffer, offset, -1)
  return copyBytes(buffer, writeVarint(buffer, offset, part.length), part)
}
