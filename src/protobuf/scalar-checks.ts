/**
 * protobuf-es's values of one piece: a check for each scalar type, for enums, and for the keys of maps.
 *
 * Before: message-check.ts. Neighbours: value-check.ts and key-check.ts have what protobufjs shares.
 */
import { ScalarType, type DescEnum, type DescField } from '@bufbuild/protobuf'
import { boolKey, int32Key, int64Key, stringKey, uint32Key, uint64Key } from './key-check.js'
import {
  bool,
  bytes,
  double,
  float,
  int32,
  isLong,
  string,
  uint32,
  wanted,
  type Check,
  type KeyCheck,
} from './value-check.js'

/** The types that the key of a map may have. */
type MapKeyType = (DescField & { fieldKind: 'map' })['mapKey']

/** A closed enum (proto2's) has no other numbers: a reader would find none in the field. */
export function enumCheck({ open, typeName, values }: DescEnum): Check {
  if (open) return int32
  const numbers = new Set<unknown>(values.map(({ number }) => number))
  return (value) => (numbers.has(value) ? null : wanted(value, `a number of the enum ${typeName}`))
}

/** Of a field of 64 bits with `jstype = JS_STRING`: text, in decimal, or what others take. */
export function longTextCheck(scalar: ScalarType): Check {
  const check = SCALARS[scalar]
  const isSigned = check === SIGNED
  const keyCheck = isSigned ? int64Key : uint64Key
  const what = `decimal text or a bigint (${isSigned ? '' : 'u'}int64)`
  return (value) => {
    const isRight = typeof value === 'string' ? keyCheck(value) === null : isLong(value, isSigned)
    return isRight ? null : wanted(value, what)
  }
}

function longCheck(isSigned: boolean): Check {
  const what = `a bigint (${isSigned ? '' : 'u'}int64)`
  return (value) => (isLong(value, isSigned) ? null : wanted(value, what))
}

const SIGNED = longCheck(true)
const UNSIGNED = longCheck(false)

/** By the type of a field. */
export const SCALARS: Readonly<Record<ScalarType, Check>> = {
  [ScalarType.DOUBLE]: double,
  [ScalarType.FLOAT]: float,
  [ScalarType.INT64]: SIGNED,
  [ScalarType.UINT64]: UNSIGNED,
  [ScalarType.INT32]: int32,
  [ScalarType.FIXED64]: UNSIGNED,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.BOOL]: bool,
  [ScalarType.STRING]: string,
  [ScalarType.BYTES]: bytes,
  [ScalarType.UINT32]: uint32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.SFIXED64]: SIGNED,
  [ScalarType.SINT32]: int32,
  [ScalarType.SINT64]: SIGNED,
}

/** By the type of a map's keys. */
export const KEYS: Readonly<Record<MapKeyType, KeyCheck>> = {
  [ScalarType.INT64]: int64Key,
  [ScalarType.UINT64]: uint64Key,
  [ScalarType.INT32]: int32Key,
  [ScalarType.FIXED64]: uint64Key,
  [ScalarType.FIXED32]: uint32Key,
  [ScalarType.BOOL]: boolKey,
  [ScalarType.STRING]: stringKey,
  [ScalarType.UINT32]: uint32Key,
  [ScalarType.SFIXED32]: int32Key,
  [ScalarType.SFIXED64]: int64Key,
  [ScalarType.SINT32]: int32Key,
  [ScalarType.SINT64]: int64Key,
}
