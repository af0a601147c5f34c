/**
 * The headers of a record (KIP-82): an ordered list of names and values, in which a name may occur
 * twice and a value may be null.
 *
 *   header count varint | (name length varint, name UTF-8 | value length varint (-1 null), value)*
 *
 * Neighbours: record-batch.ts and record-batch-reader.ts, whose records these are part of.
 */
import { copyBytes } from './copy-bytes.js'
import { varintSizeBytes, writeVarint } from './varint.js'

/** A header ready for the wire. */
export interface WireHeader {
  readonly name: Uint8Array
  readonly value: Uint8Array | null
}

/** Bytes that the headers take, their count included. */
export function headersSizeBytes(headers: readonly WireHeader[] | null): number {
  if (headers === null) return 1
  let sizeBytes = varintSizeBytes(headers.length)
  for (const { name, value } of headers) {
    sizeBytes += varintSizeBytes(name.length) + name.length
    sizeBytes += value === null ? 1 : varintSizeBytes(value.length) + value.length
  }
  return sizeBytes
}

/** Writes the headers at `offset`; returns the offset behind them. */
export function writeHeaders(
  buffer: Uint8Array,
  offset: number,
  headers: readonly WireHeader[],
): number {
  offset = writeVarint(buffer, offset, headers.length)
  for (const { name, value } of headers) {
    offset = writeVarint(buffer, offset, name.length)
    offset = copyBytes(buffer, offset, name)
    offset = writeVarint(buffer, offset, value === null ? -1 : value.length)
    if (value !== null) offset = copyBytes(buffer, offset, value)
  }
  return offset
}
