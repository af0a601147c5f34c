/**
 * Text inside a record: UTF-8 behind its length, a varint. The length in bytes is known only once the
 * text is written, and to count first would cost as much again. So the text is written where it lies
 * if it is ASCII, and moved by a byte where its length turns out to need one more.
 *
 *   | length, as of ASCII | text …            |
 *   | length, one byte more | text …            |     (64 units that take 8192 bytes: never far)
 *
 * Neighbours: record-batch.ts and record-headers.ts.
 */
import { varintSizeBytes, writeVarint } from './varint.js'

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
export const MAX_UTF8_BYTES_PER_UNIT = 3
/** Up to here a loop beats the call into V8's own encoder (measured: bench/micro). Less than 64. */
const SHORT_TEXT_UNITS = 20

/** Bytes of the text as UTF-8, half surrogate pairs as U+FFFD. */
export function textSizeBytes(text: string): number {
  return Buffer.byteLength(text)
}

/** Writes length and text at `offset`, where there is room for them; returns the offset behind them. */
export function writeText(buffer: Buffer, offset: number, text: string): number {
  const units = text.length
  if (units <= SHORT_TEXT_UNITS) {
    const end = writeShortAscii(buffer, offset, text)
    if (end >= 0) return end
  }
  const start = offset + varintSizeBytes(units)
  const sizeBytes = writeUtf8(buffer, text, start)
  const textStart = offset + varintSizeBytes(sizeBytes)
  if (textStart !== start) buffer.copyWithin(textStart, start, start + sizeBytes)
  writeVarint(buffer, offset, sizeBytes)
  return textStart + sizeBytes
}

/** -1 where it is not ASCII. */
function writeShortAscii(buffer: Buffer, offset: number, text: string): number {
  const start = offset + 1
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return -1
    buffer[start + i] = unit
  }
  buffer[offset] = text.length << 1
  return start + text.length
}

/** What `Buffer.write` calls for UTF-8 after it has looked at its arguments for as long as it encodes. */
type Utf8Write = (this: Buffer, text: string, offset: number, length: number) => number
const { utf8Write } = Buffer.prototype as unknown as { utf8Write?: Utf8Write }

function writeUtf8(buffer: Buffer, text: string, offset: number): number {
  return utf8Write === undefined
    ? buffer.write(text, offset)
    : utf8Write.call(buffer, text, offset, buffer.length - offset)
}
