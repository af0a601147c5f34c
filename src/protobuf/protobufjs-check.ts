/**
 * Looks a value of protobufjs over before it is encoded: its own `verify` lets pass unknown fields,
 * integers that are too large, keys of maps and Longs that become others, text that UTF-8 cannot carry,
 * and text in place of bytes, and it knows no bigint. Bigints are made
 * into what protobufjs writes: two halves, as in a Long.
 *
 * Neighbours: value-check.ts has what it is made of; protobufjs.ts asks before it encodes.
 */
import { isWellFormed } from '../serialization/well-formed.js'
import { boolKey, int32Key, int64Key, stringKey, uint32Key, uint64Key } from './key-check.js'
import {
  bool,
  bytes,
  describe,
  double,
  float,
  inList,
  inMap,
  INT32,
  int32,
  isLong,
  isObject,
  isPlain,
  string,
  UINT32,
  uint32,
  wanted,
  type Check,
  type KeyCheck,
  type Members,
} from './value-check.js'

/** As much of protobufjs's `Field` as is used. */
export interface ProtobufjsField {
  readonly name: string
  readonly type: string
  readonly repeated: boolean
  readonly required: boolean
  readonly map: boolean
  /** Of a map. */
  readonly keyType?: string
  /** A Type or an Enum; null for a scalar. Known once the field is resolved. */
  readonly resolvedType: object | null
  resolve(): unknown
}

/** As much of protobufjs's `Type` (what `root.lookupType()` gives) as is used. */
export interface ProtobufjsType {
  /** With a dot in front. */
  readonly fullName: string
  readonly fieldsArray: readonly ProtobufjsField[]
  /** Each with the names of its fields. */
  readonly oneofsArray: readonly { readonly name: string; readonly oneof: readonly string[] }[]
  verify(message: { readonly [name: string]: unknown }): string | null
  encode(message: { readonly [name: string]: unknown }): { finish(): Uint8Array }
}

/** A 64-bit integer as protobufjs takes it. */
interface Halves {
  readonly low: number
  readonly high: number
  readonly unsigned: boolean
}

interface Field {
  readonly name: string
  readonly isRequired: boolean
  /** Every object has something of its name, as `constructor`, which is not the field's value. */
  readonly isEverywhere: boolean
  readonly check: Check
  /** In a message of protobufjs's own. */
  readonly checkOfMade: Check
  /** Of a field that may have a bigint within; else null. */
  readonly convert: Convert | null
}

/** What is known of a message. */
interface Plan {
  readonly fields: Field[]
  /** By their names, with those of their fields. */
  readonly oneofs: ReadonlyMap<string, readonly string[]>
}

/** Gives the same value where there is no bigint in it. */
type Convert = (value: unknown) => unknown

const SCALARS: Readonly<Record<string, Check>> = {
  ...{ double, float, bool, string: text, bytes },
  ...{ int32, sint32: int32, sfixed32: int32, uint32, fixed32: uint32 },
  ...{ int64: longCheck(true), sint64: longCheck(true), sfixed64: longCheck(true) },
  ...{ uint64: longCheck(false), fixed64: longCheck(false) },
}

const HALF_A_PAIR = ' has an unpaired surrogate, which UTF-8 cannot carry: whole text is wanted'

const KEYS: Readonly<Record<string, KeyCheck>> = {
  ...{ bool: boolKey, string: stringKey },
  ...{ int32: int32Key, sint32: int32Key, sfixed32: int32Key },
  ...{ uint32: uint32Key, fixed32: uint32Key },
  ...{ int64: int64Key, sint64: int64Key, sfixed64: int64Key },
  ...{ uint64: uint64Key, fixed64: uint64Key },
}

/** Eight characters for eight bytes: a key of 64 bits as the decoder of protobufjs makes it. */
const PACKED_KEY = /^[\x00-\xff]{8}$/

const plans = new WeakMap<ProtobufjsType, Plan>()

/** Bigints that were seen so far: a value that has one has to be copied. */
let bigints = 0

/** What protobufjs is to encode: the value, its bigints as protobufjs takes them; or the first fault. */
export function protobufjsValue(type: ProtobufjsType, value: unknown): Members | string {
  const plan = planOf(type)
  const bigintsBefore = bigints
  const fault = inMessage(type, plan, value)
  if (fault !== null) return fault
  return bigints > bigintsBefore ? convertMessage(plan, value as Members) : (value as Members)
}

function planOf(type: ProtobufjsType): Plan {
  const known = plans.get(type)
  if (known !== undefined) return known
  const oneofs = new Map(type.oneofsArray.map(({ name, oneof }) => [name, oneof]))
  const plan: Plan = { fields: [], oneofs }
  plans.set(type, plan) // before its fields are looked at: one may be of this type
  type.verify({}) // or protobufjs knows of no field that it is required
  for (const field of type.fieldsArray) {
    field.resolve()
    plan.fields.push(planOfField(field))
  }
  return plan
}

function planOfField(field: ProtobufjsField): Field {
  return {
    name: field.name,
    isRequired: field.required,
    // Of a list protobufjs would write what every object has: it is to be given.
    isEverywhere: field.name in Object.prototype && !field.repeated,
    ...fieldChecks(field),
    convert: fieldConvert(field),
  }
}

function inMessage(type: ProtobufjsType, plan: Plan, value: unknown): string | null {
  if (!isObject(value)) return wanted(value, `a message ${nameOf(type)}`)
  const isMessage = '$type' in value
  if (isMessage ? isOfAnother(type, value) : !isPlain(value)) return ofAnother(type, value)
  return inFields(type, plan, value, isMessage)
}

function isOfAnother({ fullName }: ProtobufjsType, { $type }: Members): boolean {
  const { fullName: given = fullName } = Object($type) as Partial<ProtobufjsType>
  return given !== fullName
}

function ofAnother(type: ProtobufjsType, value: Members): string {
  const { fullName } = Object(value.$type) as Partial<ProtobufjsType>
  if (typeof fullName !== 'string') return wanted(value, `a message ${nameOf(type)}`)
  return ` is a message ${fullName.slice(1)}: ${nameOf(type)} is wanted`
}

function inFields(
  type: ProtobufjsType,
  plan: Plan,
  value: Members,
  isMessage: boolean,
): string | null {
  const { fields } = plan
  let known = 0
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as Field
    const found = value[field.name]
    // A message of protobufjs's own inherits what it lacks.
    const isInherited = (isMessage || field.isEverywhere) && !Object.hasOwn(value, field.name)
    if (found === undefined || isInherited) {
      if (field.isRequired) return `.${field.name} is missing, and the schema requires it`
      continue
    }
    known++
    if (found === null) continue // protobufjs does not write null
    const fault = isMessage ? field.checkOfMade(found) : field.check(found)
    if (fault !== null) return `.${field.name}${fault}`
  }
  return Object.keys(value).length > known ? inOtherNames(type, plan, value) : null
}

/** Of what stands beside the fields. */
function inOtherNames(type: ProtobufjsType, plan: Plan, value: Members): string | null {
  for (const name of Object.keys(value)) {
    if (plan.fields.some((field) => field.name === name)) continue
    const cases = plan.oneofs.get(name)
    const isOneof = cases !== undefined
    const fault = isOneof
      ? inOneof(cases, value, value[name])
      : ` is not a field of ${nameOf(type)}`
    if (fault !== null) return `.${name}${fault}`
  }
  return null
}

/** A oneof is not written: it has the name of the field that is set, as `toObject` gives it. */
function inOneof(cases: readonly string[], message: Members, value: unknown): string | null {
  if (value === undefined || value === null) return null
  const hint = `it is a oneof, whose fields (${cases.join(', ')}) are the message's own`
  if (typeof value !== 'string' || !cases.includes(value)) return ` is ${describe(value)}: ${hint}`
  const isSet =
    Object.hasOwn(message, value) && message[value] !== undefined && message[value] !== null
  return isSet ? null : ` names a field that is not set: ${hint}`
}

function nameOf({ fullName }: ProtobufjsType): string {
  return fullName.slice(1)
}

/** They differ for keys of 64 bits alone: in the user's own object eight characters are a mistake. */
function fieldChecks(field: ProtobufjsField): Pick<Field, 'check' | 'checkOfMade'> {
  const item = itemCheck(field)
  if (!field.map) {
    const check: Check = field.repeated ? (value) => inList(value, item) : item
    return { check, checkOfMade: check }
  }
  const { keyType = 'string' } = field
  const keyCheck = KEYS[keyType] ?? stringKey
  const check: Check = (value) => inMap(value, keyCheck, item)
  if (!keyType.endsWith('64')) return { check, checkOfMade: check }
  const ofMade: KeyCheck = (key) => (PACKED_KEY.test(key) ? null : keyCheck(key))
  return { check, checkOfMade: (value) => inMap(value, ofMade, item) }
}

function itemCheck({ resolvedType, type }: ProtobufjsField): Check {
  if (resolvedType === null) return SCALARS[type] ?? (() => null)
  if (!isType(resolvedType)) return int32 // an enum; verify knows whether the number is one of it
  const plan = planOf(resolvedType)
  return (value) => inMessage(resolvedType, plan, value)
}

function isType(type: object): type is ProtobufjsType {
  return 'fieldsArray' in type
}

function longCheck(isSigned: boolean): Check {
  const what = `a bigint or Long (${isSigned ? '' : 'u'}int64)`
  return (value) => {
    if (typeof value === 'bigint') bigints++
    if (isLong(value, isSigned)) return null
    if (!isHalves(value)) return wanted(value, what)
    return areInRange(value, isSigned) ? null : ` is a Long beyond its range: ${what} is wanted`
  }
}

/** Whether the halves mean the same in the field: it takes 32 bits of each, and no heed of `unsigned`. */
function areInRange({ low, high, unsigned }: Halves, isSigned: boolean): boolean {
  const isHalf = (half: number): boolean => half >= INT32.least && half <= UINT32.most
  if (!isHalf(low) || !isHalf(high)) return false
  if (!isSigned) return high >= 0 || unsigned
  return high <= INT32.most && (high >= 0 || !unsigned)
}

function text(value: unknown): string | null {
  const isWhole = typeof value !== 'string' || isWellFormed(value)
  return isWhole ? string(value) : HALF_A_PAIR
}

function isHalves(value: unknown): value is Halves {
  return isObject(value) && Number.isInteger(value.low) && Number.isInteger(value.high)
}

function fieldConvert(field: ProtobufjsField): Convert | null {
  const convert = itemConvert(field)
  if (convert === null) return null
  if (field.map) return (value) => convertEntries(value as Members, convert)
  return field.repeated ? (value) => convertItems(value as readonly unknown[], convert) : convert
}

function itemConvert({ resolvedType, type }: ProtobufjsField): Convert | null {
  if (resolvedType === null) return type.endsWith('64') ? halves : null
  if (!isType(resolvedType)) return null
  const plan = planOf(resolvedType)
  return (value) => convertMessage(plan, value as Members)
}

function halves(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const low = Number(BigInt.asIntN(32, value))
  const high = Number(BigInt.asIntN(32, value >> 32n))
  return { low, high, unsigned: value > 0n && high < 0 } satisfies Halves
}

function convertMessage({ fields }: Plan, value: Members): Members {
  let copy: Record<string, unknown> | null = null
  for (const { name, convert } of fields) {
    if (convert === null || !Object.hasOwn(value, name)) continue
    const found = value[name]
    if (found === undefined || found === null) continue
    const made = convert(found)
    if (made === found) continue
    copy ??= copyOf(value)
    copy[name] = made
  }
  return copy ?? value
}

/** With what a decoder has kept of fields that it did not know, which is written again. */
function copyOf(value: Members): Record<string, unknown> {
  const copy = { ...value }
  return '$unknowns' in value ? Object.assign(copy, { $unknowns: value.$unknowns }) : copy
}

function convertItems(items: readonly unknown[], convert: Convert): readonly unknown[] {
  const made = items.map(convert)
  return made.some((item, index) => item !== items[index]) ? made : items
}

function convertEntries(entries: Members, convert: Convert): Members {
  const pairs = Object.entries(entries).map(([key, value]) => [key, convert(value)] as const)
  return pairs.some(([key, value]) => value !== entries[key]) ? Object.fromEntries(pairs) : entries
}
