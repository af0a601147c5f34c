/**
 * What the checks of both libraries have in common: a check finds the first fault of a value, and
 * says where it is and what is wanted.
 *
 * Neighbours: message-check.ts has protobuf-es's messages, protobufjs-check.ts protobufjs's;
 * key-check.ts the keys of maps.
 */
import { isBytes, isDetached } from '../any-bytes.js'

/** Where the first fault is, and what: `.items[3].name is a number: a string is wanted`; else null. */
export type Check = (value: unknown) => string | null

/** What is wrong with the key of a map: ` is not a key: ...`; else null. */
export type KeyCheck = (key: string) => string | null

/** An object by the names of its members. */
export type Members = Readonly<Record<string, unknown>>

/** The integers of a type: from which to which, and what they are in an error. */
export interface Range<Integer = number | bigint> {
  readonly least: Integer
  readonly most: Integer
  readonly what: string
}

export const INT32: Range<number> = {
  ...{ least: -(2 ** 31), most: 2 ** 31 - 1 },
  what: 'an integer of 32 bits',
}
export const UINT32: Range<number> = {
  ...{ least: 0, most: 2 ** 32 - 1 },
  what: 'an unsigned integer of 32 bits',
}
export const INT64: Range<bigint> = {
  ...{ least: -(2n ** 63n), most: 2n ** 63n - 1n },
  what: 'an integer of 64 bits',
}
export const UINT64: Range<bigint> = {
  ...{ least: 0n, most: 2n ** 64n - 1n },
  what: 'an unsigned integer of 64 bits',
}
const FLOAT32_MAX = 3.4028234663852886e38

/** Not null, no array. */
export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object literal: what a class keeps to itself (a Map its entries) would be left out unseen. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The fault of a value of another kind. */
export function wanted(value: unknown, what: string): string {
  return ` is ${describe(value)}: ${what} is wanted`
}

/** What a value is. Of text and bytes only the kind: an error is logged, and text may be a secret. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' || typeof value === 'bigint') return `the ${typeof value} ${value}`
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { constructor } = value as { constructor?: { name: string } } // Object.create(null): none
  return `an object (${constructor?.name ?? 'no class'})`
}

/** Of an array: `check` of each item. */
export function inList(value: unknown, check: Check): string | null {
  if (!Array.isArray(value)) return wanted(value, 'an array')
  for (let i = 0; i < value.length; i++) {
    const fault = check(value[i])
    if (fault !== null) return `[${i}]${fault}`
  }
  return null
}

/** Of an object that is a map: `keyCheck` of each key, `check` of each value. */
export function inMap(value: unknown, keyCheck: KeyCheck, check: Check): string | null {
  if (!isObject(value) || !isPlain(value)) return wanted(value, 'an object of entries')
  for (const key of Object.keys(value)) {
    const fault = keyCheck(key) ?? check(value[key])
    if (fault !== null) return `[${JSON.stringify(key)}]${fault}`
  }
  return null
}

function integer({ least, most, what }: Range<number>): Check {
  return (value) => {
    const isInteger = typeof value === 'number' && Number.isInteger(value)
    return isInteger && value >= least && value <= most ? null : wanted(value, what)
  }
}

/** A signed integer of 32 bits, or an enum's number. */
export const int32 = integer(INT32)
export const uint32 = integer(UINT32)

/** Whether a bigint or number is an integer of 64 bits that is exactly what was meant. */
export function isLong(value: unknown, isSigned: boolean): boolean {
  if (typeof value === 'bigint') {
    const { least, most } = isSigned ? INT64 : UINT64
    return value >= least && value <= most
  }
  return Number.isSafeInteger(value) && (isSigned || (value as number) >= 0)
}

export const double: Check = (value) =>
  typeof value === 'number' ? null : wanted(value, 'a number')
export const float: Check = (value) => {
  if (typeof value !== 'number') return wanted(value, 'a number')
  const isTooLarge = Number.isFinite(value) && Math.abs(value) > FLOAT32_MAX
  return isTooLarge ? wanted(value, 'a number that fits into 32 bits') : null
}
export const bool: Check = (value) =>
  typeof value === 'boolean' ? null : wanted(value, 'a boolean')
export const string: Check = (value) =>
  typeof value === 'string' ? null : wanted(value, 'a string')
export const bytes: Check = (value) => {
  if (!isBytes(value)) return wanted(value, 'bytes (a Uint8Array)')
  return isDetached(value) ? ' is bytes whose ArrayBuffer was transferred away' : null
}
