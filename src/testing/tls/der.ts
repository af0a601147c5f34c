/**
 * The few forms of DER (X.690) that a certificate is made of, as functions that return bytes.
 *
 *   value = tag (1 byte) | length (1 byte; from 128 on a count and so many bytes) | content
 *
 * Neighbours: certificate.ts puts them together.
 */
const BITS_7 = 0x7f
const HIGH_BIT = 0x80
const YEAR_OF_LONG_TIMES = 2050

/** Any value: tag, length, contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), derLength(content.length), content])
}

function derLength(length: number): Buffer {
  if (length < HIGH_BIT) return Buffer.from([length])
  const bytes = bigEndian(BigInt(length))
  return Buffer.concat([Buffer.from([HIGH_BIT | bytes.length]), bytes])
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents)

export const set = (...contents: readonly Uint8Array[]): Buffer => der(0x31, ...contents)

export const octetString = (content: Uint8Array): Buffer => der(0x04, content)

export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text))

export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]))

/** `unused`: how many bits at the end mean nothing. */
export const bitString = (content: Uint8Array, unused = 0): Buffer =>
  der(0x03, Buffer.from([unused]), content)

/** A value in a place that has number `index` (explicit tagging). */
export const tagged = (index: number, content: Uint8Array): Buffer => der(0xa0 | index, content)

/** Plain bytes in a place that has number `index` (implicit tagging). */
export const named = (index: number, content: Uint8Array): Buffer => der(0x80 | index, content)

/** 0 or above. */
export function integer(value: bigint): Buffer {
  const bytes = bigEndian(value)
  const isNegative = ((bytes[0] ?? 0) & HIGH_BIT) !== 0 // as it would be read
  return der(0x02, isNegative ? Buffer.from([0]) : Buffer.alloc(0), bytes)
}

function bigEndian(value: bigint): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & BITS_7]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & BITS_7) | HIGH_BIT)
  return digits
}

/** Milliseconds since 1970, cut to seconds. RFC 5280 wants two digits of the year before 2050. */
export function time(epochMs: number): Buffer {
  const text = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const isShort = Number(text.slice(0, 4)) < YEAR_OF_LONG_TIMES
  return isShort ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}
