/**
 * avsc's types of one value, made to lose nothing: they take what avsc refuses without need (bigint,
 * Uint8Array, Date), and refuse what avsc writes as something else.
 *
 * | Type   | avsc                                                            | here                     |
 * | long   | writes wrong numbers below -2^52; refuses 2^53-1 and bigint     | all of int64             |
 * | float  | writes numbers beyond its range as Infinity                     | refused                  |
 * | string | writes an unpaired surrogate as bytes that are no UTF-8         | U+FFFD, as everywhere    |
 * | bytes  | refuses a Uint8Array                                            | taken, without a copy    |
 * | enum   | writes "toString" as the first symbol, ['A'] as "A"             | refused                  |
 *
 * Source: avsc 5.7.9. Neighbours: strict-hook.ts chooses them; strict-composites.ts has the others.
 */
import { isBytes } from '../any-bytes.js'
import {
  BytesType,
  EnumType,
  FixedType,
  FloatType,
  IntType,
  LongType,
  StringType,
  type MisfitHook,
  type Tap,
} from './avsc-internals.js'
import type avsc from 'avsc'
import { writeUtf8 } from '../serialization/byte-slab.js'

/** Below it `-n * 2 - 1`, which avsc writes, is no longer exact. */
const LEAST_OF_AVSC = -(2 ** 52)
const MS_PER_DAY = 86_400_000
/** Text up to here is written faster by hand than by calls into Node; its length is one byte. */
const SHORT_TEXT = 63

/** Why avsc stopped; what the user reads is made by avro-fault.ts. */
export function misfit(): TypeError {
  return new TypeError('the value does not fit its Avro type')
}

function told(isFit: boolean, value: unknown, type: avsc.Type, hook?: MisfitHook): boolean {
  if (!isFit) hook?.(value, type)
  return isFit
}

/** avsc asks a bigint for its lower 32 bits, which throws without a place. */
export class StrictInt extends IntType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(isInt32(value), value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isInt32(value)) throw misfit()
    tap.writeLong(value)
  }
}

/** An integer of 64 bits: a bigint, or a number that is safe. */
export class StrictLong extends LongType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(isInt64(value), value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    if (typeof value === 'number' && Number.isSafeInteger(value)) writeSafe(tap, value)
    else if (typeof value === 'bigint' && isInt64(value)) writeBigInt(tap, value)
    else throw misfit()
  }
}

/** A long that stands for a time: a Date is taken, too. `unitsPerMs` is 1, 1000 or 1 000 000. */
export function timestampType(unitsPerMs: number): avsc.Type {
  const units = BigInt(unitsPerMs)
  const exact = (value: unknown): unknown => {
    if (!(value instanceof Date) || !Number.isSafeInteger(value.getTime())) return value
    return unitsPerMs === 1 ? value.getTime() : BigInt(value.getTime()) * units
  }
  return new (class StrictTimestamp extends StrictLong {
    /** Read by avro-fault.ts. */
    get takesDate(): boolean {
      return true
    }

    override _check(value: unknown, flags: number, hook?: MisfitHook): boolean {
      return told(super._check(exact(value), flags), value, this, hook)
    }

    override _write(tap: Tap, value: unknown): void {
      super._write(tap, exact(value))
    }
  })()
}

/** The days since 1970: an int, or a Date that is midnight in UTC. */
export class StrictDate extends StrictInt {
  get takesDate(): boolean {
    return true
  }

  override _check(value: unknown, flags: number, hook?: MisfitHook): boolean {
    return told(super._check(daysOf(value), flags), value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    super._write(tap, daysOf(value))
  }
}

/** With a rest of a day it is no integer, and is refused as such. */
function daysOf(value: unknown): unknown {
  return value instanceof Date ? value.getTime() / MS_PER_DAY : value
}

export class StrictFloat extends FloatType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(isFloat(value), value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isFloat(value)) throw misfit()
    super._write(tap, value)
  }
}

export class StrictString extends StringType {
  override _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') throw misfit()
    writeString(tap, value)
  }
}

export class StrictBytes extends BytesType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(isBytes(value), value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isBytes(value)) throw misfit()
    tap.writeLong(value.length)
    writeBytes(tap, value)
  }
}

export class StrictFixed extends FixedType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(isBytes(value) && value.length === this.size, value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isBytes(value) || value.length !== this.size) throw misfit()
    writeBytes(tap, value)
  }
}

export class StrictEnum extends EnumType {
  override _check(value: unknown, _flags: number, hook?: MisfitHook): boolean {
    return told(indexOf(this, value) !== undefined, value, this, hook)
  }

  override _write(tap: Tap, value: unknown): void {
    const index = indexOf(this, value)
    if (index === undefined) throw misfit()
    tap.writeLong(index)
  }
}

/** A number for its own symbols alone: avsc's object has what every object has, too. */
function indexOf({ _indices }: StrictEnum, value: unknown): number | undefined {
  const index = typeof value === 'string' ? _indices[value] : undefined
  return typeof index === 'number' ? index : undefined
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && value === (value | 0)
}

function isInt64(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
}

function isFloat(value: unknown): value is number {
  if (typeof value !== 'number') return false
  return !Number.isFinite(value) || Number.isFinite(Math.fround(value))
}

function writeSafe(tap: Tap, value: number): void {
  if (value >= LEAST_OF_AVSC) tap.writeLong(value)
  else writeZigZag(tap, BigInt(value))
}

function writeBigInt(tap: Tap, value: bigint): void {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= LEAST_OF_AVSC) tap.writeLong(number)
  else writeZigZag(tap, value)
}

/** For numbers whose zigzag form has more than 28 bits. */
function writeZigZag(tap: Tap, value: bigint): void {
  const zigzag = BigInt.asUintN(64, value >= 0n ? value << 1n : ~(value << 1n))
  const low = Number(BigInt.asUintN(28, zigzag))
  const { buf } = tap
  let { pos } = tap
  for (let bits = 0; bits < 28; bits += 7) buf[pos++] = ((low >>> bits) & 0x7f) | 0x80
  let rest = Number(zigzag >> 28n) // 36 bits
  while (rest > 0x7f) {
    buf[pos++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  buf[pos++] = rest
  tap.pos = pos
}

/** Text with its length in front. */
export function writeString(tap: Tap, text: string): void {
  if (text.length > SHORT_TEXT || !writeAscii(tap, text)) writeText(tap, text)
}

/** False, and nothing done, where there is more in it than ASCII, or no room. */
function writeAscii(tap: Tap, text: string): boolean {
  const { buf, pos } = tap
  const { length } = text
  const start = pos + 1
  if (start + length > buf.length) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return false
    buf[start + i] = code
  }
  buf[pos] = length << 1
  tap.pos = start + length
  return true
}

function writeText(tap: Tap, text: string): void {
  const lengthBytes = Buffer.byteLength(text)
  tap.writeLong(lengthBytes)
  const start = tap.pos
  tap.pos += lengthBytes
  if (tap.pos <= tap.buf.length) writeUtf8(tap.buf, text, start, lengthBytes)
}

function writeBytes(tap: Tap, value: Uint8Array): void {
  const start = tap.pos
  tap.pos += value.length
  if (tap.pos <= tap.buf.length) tap.buf.set(value, start)
}
