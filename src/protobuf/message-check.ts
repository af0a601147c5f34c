/**
 * Looks a value of protobuf-es over before it is encoded, for `toBinary` and `create` let pass what
 * is not what the schema says: a number becomes the text of it, any value a boolean, an unknown field,
 * an unknown case of a oneof and a Map's entries are left out, a map's keys become others.
 *
 * A checker is made once for a message; a check costs a small part of the encoding.
 *
 * Neighbours: scalar-checks.ts, struct-check.ts and value-check.ts have what it is made of; known-members.ts goes over what is right; message-encoding.ts asks before it encodes.
 */
import { create, type DescField, type DescMessage, type DescOneof } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence, isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { KnownMembers, Member } from './known-members.js'
import { enumCheck, KEYS, longTextCheck, SCALARS } from './scalar-checks.js'
import { inStruct } from './struct-check.js'
import {
  bool,
  double,
  inList,
  inMap,
  isObject,
  isPlain,
  string,
  wanted,
  type Check,
  type Members,
} from './value-check.js'

const PLAIN_TYPES = new Map<Check, string>([
  [string, 'string'],
  [bool, 'boolean'],
  [double, 'number'],
])

/** What is asked of every value, and what finds the fault of one that is not right. */
interface Checks {
  readonly isRight: (value: unknown) => boolean
  readonly faultOf: Check
}

const checks = new WeakMap<DescMessage, Checks>()

/** The check of a message, or of an object that `create` would make one of. */
export function messageCheck(message: DescMessage): Check {
  const { isRight, faultOf } = checksOf(message)
  return (value) => (isRight(value) ? null : faultOf(value))
}

/** Each of the two asks only its like of what is within: so no part of a value is looked at thrice. */
function checksOf(message: DescMessage): Checks {
  const known = checks.get(message)
  if (known !== undefined) return known
  const members = new KnownMembers(message.typeName, create(message))
  const made: Checks = {
    isRight: (value) => members.areRight(value),
    faultOf: (value) => ofMessage(message, members.all, value),
  }
  checks.set(message, made) // before its members are looked at: one may be of this message
  for (const member of message.members) members.add(memberOf(member))
  return made
}

function ofMessage(
  message: DescMessage,
  members: readonly Member[],
  value: unknown,
): string | null {
  if (!isObject(value)) return wanted(value, `a message ${message.typeName}`)
  const isMade = value.$typeName === message.typeName
  if (!isMade && ('$typeName' in value || !isPlain(value))) return ofAnother(message, value)
  return inMembers(message, members, value, isMade)
}

function inMembers(
  message: DescMessage,
  members: readonly Member[],
  value: Members,
  isMade: boolean,
): string | null {
  for (const member of members) {
    const found = value[member.name]
    if (found !== undefined) {
      const fault = member.faultOf(found)
      if (fault !== null) return `.${member.name}${fault}`
    } else if (isMade && !member.mayBeMissing) {
      return `.${member.name} is missing: make the message with create()`
    }
  }
  return unknownName(message, members, value)
}

function unknownName(
  message: DescMessage,
  members: readonly Member[],
  value: Members,
): string | null {
  // Of an object that is no message yet, create() would leave them out.
  const isMade = value.$typeName === message.typeName
  const isKnown = (name: string): boolean =>
    name === '$typeName' || (name === '$unknown' ? isMade : members.some((it) => it.name === name))
  const unknown = Object.keys(value).find((name) => !isKnown(name) && value[name] !== undefined)
  return unknown === undefined ? null : `.${unknown} is not a field of ${message.typeName}`
}

function ofAnother({ typeName }: DescMessage, value: Members): string {
  const { $typeName } = value
  if (typeof $typeName !== 'string') return wanted(value, `a message ${typeName}`)
  return ` is a message ${$typeName}: ${typeName} is wanted`
}

function memberOf(member: DescField | DescOneof): Member {
  const name = member.localName
  if (member.kind === 'oneof') {
    const faultOf = oneofCheck(member)
    return new Member({
      name,
      faultOf,
      isRight: rightBy(faultOf),
      plainType: '',
      mayBeMissing: false,
    })
  }
  const isSingular = member.fieldKind !== 'list' && member.fieldKind !== 'map'
  const mayBeMissing = isSingular && member.presence !== FeatureSet_FieldPresence.IMPLICIT
  const faultOf = fieldCheck(member)
  const plainType = PLAIN_TYPES.get(faultOf) ?? ''
  return new Member({
    name,
    faultOf,
    isRight: rightField(member, faultOf),
    plainType,
    mayBeMissing,
  })
}

const rightBy =
  (faultOf: Check) =>
  (value: unknown): boolean =>
    faultOf(value) === null

/** Messages, and lists of them, are gone through; all else is looked at in full at once. */
function rightField(field: DescField, faultOf: Check): (value: unknown) => boolean {
  if (field.message === undefined || field.fieldKind === 'map') return rightBy(faultOf)
  if (itemCheck(field) !== checksOf(field.message).faultOf) return rightBy(faultOf)
  const { isRight } = checksOf(field.message)
  if (field.fieldKind !== 'list') return isRight
  return (value) => Array.isArray(value) && areAll(value, isRight)
}

/** Holes, too, which `every` would pass over. */
function areAll(items: readonly unknown[], isRight: (item: unknown) => boolean): boolean {
  for (let i = 0; i < items.length; i++) if (!isRight(items[i])) return false
  return true
}

const NO_CASE = '.case is undefined, but there is a value: the name of its field is wanted'

function oneofCheck(oneof: DescOneof): Check {
  const cases = new Map(oneof.fields.map((field) => [field.localName, fieldCheck(field)]))
  return (value) => {
    if (!isObject(value) || !isPlain(value)) return wanted(value, 'an object { case, value }')
    for (const name in value) {
      if (name === 'case' || name === 'value' || value[name] === undefined) continue
      return `.${name} is not of a oneof: { case, value } alone is wanted`
    }
    if (value.case === undefined) return value.value === undefined ? null : NO_CASE
    const check = typeof value.case === 'string' ? cases.get(value.case) : undefined
    if (check === undefined) return `.case is no field of the oneof ${oneof.name}`
    const fault = check(value.value)
    return fault === null ? null : `.value${fault}`
  }
}

function fieldCheck(field: DescField): Check {
  const check = itemCheck(field)
  if (field.fieldKind === 'map') {
    const keyCheck = KEYS[field.mapKey]
    return (value) => inMap(value, keyCheck, check)
  }
  return field.fieldKind === 'list' ? (value) => inList(value, check) : check
}

/** Of one value: the field's own, or one of its list or map. */
function itemCheck(field: DescField): Check {
  if (field.message !== undefined) return submessageCheck(field, field.message)
  if (field.enum !== undefined) return enumCheck(field.enum)
  return 'longAsString' in field && field.longAsString
    ? longTextCheck(field.scalar)
    : SCALARS[field.scalar]
}

function submessageCheck(field: DescField, message: DescMessage): Check {
  // As protobuf-es has them: a Struct is JSON, a single wrapper is the scalar that it wraps.
  if (message.typeName === 'google.protobuf.Struct' && !isOfValue(field)) {
    return inStruct
  }
  if (field.fieldKind === 'message' && field.oneof === undefined && isWrapperDesc(message)) {
    return SCALARS[message.fields[0].scalar]
  }
  return checksOf(message).faultOf
}

function isOfValue(field: DescField): boolean {
  return field.parent.typeName === 'google.protobuf.Value'
}
