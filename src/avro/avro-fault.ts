/**
 * Says why a value does not fit an Avro schema, and where: avsc throws without the place while it
 * writes, and tells the place when it is asked afterwards.
 *
 * Before: avro-encoder.ts, once something is wrong.
 */
import type avsc from 'avsc'
import { isBytes } from '../any-bytes.js'
import { SerializationError } from '../errors.js'
import { isIterable, isOpaque, kindOf } from '../serialization/opaque.js'
import { depthFault, isTooDeep } from '../serialization/too-deep.js'
import { thrownWords } from '../thrown.js'
import { isRecordOf, unknownFields } from './strict-composites.js'

/** The error of one value; `thrown` is what stopped avsc. */
export function avroFault(
  type: avsc.Type,
  value: unknown,
  isUnknownRefused: boolean,
  thrown?: unknown,
): SerializationError {
  const depth = isTooDeep(thrown) ? depthFault(value) : null
  const fault = depth === null ? firstFault(type, value, isUnknownRefused) : `value${depth}`
  if (fault !== null) return new SerializationError(`avro: ${fault}`, { cause: thrown })
  const why = thrownWords(thrown, String)
  return new SerializationError(`avro: the value could not be written: ${why}`, { cause: thrown })
}

/** Null where avsc finds none, as where a getter of the user's threw. */
function firstFault(type: avsc.Type, value: unknown, isUnknownRefused: boolean): string | null {
  let fault: string | null = null
  const errorHook = (path: string[], misfit: unknown, expected: avsc.Type): void => {
    fault ??= describe(`value${pathText(path)}`, misfit, expected)
  }
  try {
    type.isValid(value, { noUndeclaredFields: isUnknownRefused, errorHook })
  } catch {
    // It looks at the value as avsc's writing does, and may fail as that did.
  }
  return fault
}

function pathText(path: readonly string[]): string {
  return path.map(stepText).join('')
}

function stepText(step: string): string {
  if (/^\d+$/.test(step)) return `[${step}]`
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}

function describe(place: string, value: unknown, expected: avsc.Type): string {
  if (isRecord(expected) && isRecordOf(value, expected.fields))
    return unknownText(place, value, expected)
  const wanted = wantedText(expected)
  if (value === undefined) {
    const mend = isNullable(expected) ? ': give null' : ''
    return `${place} is missing, and the schema has no default for it (it is ${wanted})${mend}`
  }
  const mend =
    expected.typeName === 'map' && isEntries(value) ? ': give Object.fromEntries(it)' : ''
  return `${place} is ${givenText(value)}, and the schema wants ${wanted}${mend}`
}

function isRecord(type: avsc.Type): type is avsc.types.RecordType {
  return type.typeName === 'record' || type.typeName === 'error'
}

function isNullable(type: avsc.Type): boolean {
  const { types } = type as Partial<avsc.types.UnwrappedUnionType>
  return types?.some(({ typeName }) => typeName === 'null') ?? false
}

function unknownText(place: string, value: object, record: avsc.types.RecordType): string {
  const names = record.fields.map(({ name }) => name)
  const [unknown = ''] = unknownFields(value, record.fields)
  return `${place}${stepText(unknown)} is no field of ${record.name ?? 'the record'}, which has ${listed(names)}: correct its name, or give unknownFields: 'ignore'`
}

const WANTED: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'a boolean',
  int: 'an integer of 32 bits',
  long: 'an integer of 64 bits (a bigint, or a number up to 2^53-1)',
  float: 'a number within the range of a float',
  double: 'a number',
  string: 'a string',
  bytes: 'bytes (a Uint8Array)',
  array: 'an array',
  map: 'a map (an object of no class, or of one with fields)',
}

function wantedText(type: avsc.Type): string {
  const { typeName } = type
  if ((type as { takesDate?: boolean }).takesDate === true) {
    return typeName === 'int'
      ? 'the days since 1970, or a Date at midnight UTC'
      : `${WANTED.long ?? ''}, or a valid Date`
  }
  return WANTED[typeName] ?? composedText(type)
}

function composedText(type: avsc.Type): string {
  const { typeName, name } = type
  const { symbols, size, types } = type as Partial<
    Pick<avsc.types.EnumType, 'symbols'> &
      Pick<avsc.types.FixedType, 'size'> &
      Pick<avsc.types.UnwrappedUnionType, 'types'>
  >
  if (symbols !== undefined) return `one of ${listed(symbols)}`
  if (size !== undefined) return `${size} bytes (a Uint8Array)`
  if (types === undefined) return `${typeName} ${name ?? ''}`.trim()
  const branches = types.map(branchText)
  if (typeName !== 'union:wrapped') return branches.join(' or ')
  const wrapped = branches.map((branch) =>
    branch === 'null' ? branch : `{ ${keyText(branch)}: … }`,
  )
  return `the name of its type around it, ${wrapped.join(' or ')}, for types of this union look alike`
}

function branchText(branch: avsc.Type): string {
  return branch.branchName ?? branch.typeName
}

function keyText(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name)
}

const MOST_LISTED = 12

function listed(names: readonly string[]): string {
  if (names.length <= MOST_LISTED) return names.join(', ')
  return `${names.slice(0, MOST_LISTED).join(', ')} and ${names.length - MOST_LISTED} more`
}

function givenText(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `the text ${short(JSON.stringify(value))}`
  if (typeof value !== 'object') return `a ${typeof value} (${short(textOf(value))})`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (isBytes(value)) return `${value.length} bytes`
  if (value instanceof Date) return `a Date (${String(value.getTime())} ms)`
  const kind = kindOf(value)
  if (kind !== null) return `an object (${kind})`
  if (isOpaque(value)) return 'an object (with nothing but inherited fields)'
  return `an object with ${listed(Object.keys(value)) || 'no fields'}`
}

/** Such as a Map or Headers: what may be asked for names and values. */
function isEntries(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return isIterable(value) && !isBytes(value) && !(value instanceof Set)
}

/** Of what is no object. */
function textOf(value: unknown): string {
  return typeof value === 'bigint' ? value.toString() : String(value)
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
