/**
 * Has avsc build its types of ours where ours are stricter. Unions, logical types and names stay as
 * avsc has them, so that a value looks the same.
 *
 * Neighbours: avro-type.ts parses schemas with it.
 */
import avsc from 'avsc'
import type { AvroOptions } from './avro-options.js'
import { UnwrappedUnionType, type WrappedUnionInternals } from './avsc-internals.js'
import { LenientRecord, StrictMap, StrictRecord, StrictUnion } from './strict-composites.js'
import {
  StrictBytes,
  StrictDate,
  StrictEnum,
  StrictFixed,
  StrictFloat,
  StrictInt,
  StrictLong,
  StrictString,
  timestampType,
} from './strict-scalars.js'

type ForSchemaOptions = Partial<Parameters<NonNullable<TypeHook>>[1]>
type TypeHook = NonNullable<NonNullable<Parameters<typeof avsc.Type.forSchema>[1]>['typeHook']>

interface SchemaObject {
  readonly type: unknown
  readonly name?: unknown
  readonly namespace?: unknown
  readonly logicalType?: unknown
}

const UNITS_PER_MS: Readonly<Record<string, number>> = {
  'timestamp-millis': 1,
  'timestamp-micros': 1_000,
  'timestamp-nanos': 1_000_000,
}

const SCALARS: Readonly<Record<string, new () => avsc.Type>> = {
  int: StrictInt,
  long: StrictLong,
  float: StrictFloat,
  string: StrictString,
  bytes: StrictBytes,
}

/** A hook for one parsing of a schema. */
export function strictHook(options: AvroOptions): TypeHook {
  const logicalTypes = options.logicalTypes ?? {}
  const begun = new WeakSet()
  /** avsc asks twice where a logical type is the user's: first for that, then for what it lies on. */
  const isForLogicalType = (schema: SchemaObject): boolean => {
    if (!Object.hasOwn(logicalTypes, String(schema.logicalType)) || begun.delete(schema)) {
      return false
    }
    begun.add(schema)
    return true
  }
  return (schema: unknown, hookOptions) => {
    if (typeof schema === 'string') return scalarOf(schema)
    if (Array.isArray(schema)) return unionOf(schema, hookOptions)
    if (typeof schema !== 'object' || schema === null) return undefined
    if (isForLogicalType(schema as SchemaObject)) return undefined
    return typeOfObject(byItsName(schema as SchemaObject), hookOptions, options)
  }
}

/**
 * A name with a dot has its namespace in itself, also for the short names within; avsc would take those
 * from a `namespace` beside it, which Avro ignores then.
 */
function byItsName(schema: SchemaObject): SchemaObject {
  const { name } = schema
  if (typeof name !== 'string' || !name.includes('.') || !('namespace' in schema)) return schema
  return { ...schema, namespace: undefined }
}

/** A new one each time: avsc hangs a logical type on the type that is made next. */
function scalarOf(name: string): avsc.Type | undefined {
  const Scalar = Object.hasOwn(SCALARS, name) ? SCALARS[name] : undefined
  return Scalar === undefined ? undefined : new Scalar()
}

function typeOfObject(
  schema: SchemaObject,
  hookOptions: ForSchemaOptions,
  { unknownFields = 'refuse' }: AvroOptions,
): avsc.Type | undefined {
  switch (schema.type) {
    case 'record':
    case 'error':
      return new (unknownFields === 'ignore' ? LenientRecord : StrictRecord)(schema, hookOptions)
    case 'enum':
      return new StrictEnum(schema, hookOptions)
    case 'fixed':
      return new StrictFixed(schema, hookOptions)
    case 'map':
      return new StrictMap(schema, hookOptions)
    case 'int':
      return schema.logicalType === 'date' ? new StrictDate() : new StrictInt()
    case 'long':
      return longOf(schema)
    default:
      return typeof schema.type === 'string' ? scalarOf(schema.type) : undefined
  }
}

function longOf({ logicalType }: SchemaObject): avsc.Type {
  const name = String(logicalType)
  const unitsPerMs = Object.hasOwn(UNITS_PER_MS, name) ? UNITS_PER_MS[name] : undefined
  return unitsPerMs === undefined ? new StrictLong() : timestampType(unitsPerMs)
}

/** As avsc decides it: a union needs names around its values where two of its types look alike. */
function unionOf(schema: readonly unknown[], options: ForSchemaOptions): avsc.Type {
  const { wrapUnions = 'auto' } = options
  // Made here once: avsc takes types in place of their schemas.
  const types = schema.map((branch) => avsc.Type.forSchema(branch as avsc.Type, options))
  const isAlways = wrapUnions === 'always' || wrapUnions === true
  if (!isAlways && !isAmbiguous(types)) return new StrictUnion(types, options)
  // Throws for what is no union at all.
  const wrapped = wrappedUnion(types, options)
  if (isAlways || wrapUnions === 'auto') return wrapped
  const names = types.map((type) => type.branchName ?? type.typeName).join(', ')
  throw new Error(`ambiguous union of ${names}: leave wrapUnions out, and give values with names`)
}

/** avsc would find `constructor`, and all else that objects inherit, among the names of its types. */
function wrappedUnion(types: readonly avsc.Type[], options: ForSchemaOptions): avsc.Type {
  const union = new avsc.types.WrappedUnionType(types as unknown as avsc.Type, options)
  Object.setPrototypeOf((union as unknown as WrappedUnionInternals)._branchIndices, null)
  return union
}

/**
 * avsc itself knows, and throws; by what is no matter: the text of its error has the whole union, which
 * cannot be told of a record that it is within, for that has no fields yet.
 */
function isAmbiguous(types: readonly avsc.Type[]): boolean {
  try {
    new UnwrappedUnionType(types, {})
    return false
  } catch {
    return true
  }
}
