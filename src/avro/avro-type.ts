/**
 * Makes an avsc type of a schema: of ours, which lose nothing, where avsc lets us.
 *
 * After: avro-encoder.ts writes values with it.
 */
import avsc from 'avsc'
import type { AvroOptions, AvroSchema } from './avro-options.js'
import { strictHook } from './strict-hook.js'

/** Types by their full names: those that a schema refers to. */
export type NamedTypes = Record<string, avsc.Type>

/** A type, and whether it is of ours: then it refuses by itself what it would write as something else. */
export interface ParsedType {
  readonly type: avsc.Type
  readonly isStrict: boolean
}

/** Throws avsc's error, or JSON's, for what is no schema. */
export function parseType(
  schema: AvroSchema,
  options: AvroOptions,
  named: NamedTypes = {},
): ParsedType {
  if (!isType(schema)) return { type: build(parsed(schema), options, named), isStrict: true }
  if (!isPlain(schema, new Set())) return { type: schema, isStrict: false }
  // In avsc's own words, so that values stay as they are for the user's type.
  const wrapUnions = options.wrapUnions ?? (isAlwaysWrapped(schema) ? 'always' : 'auto')
  const copy = schema.schema({ exportAttrs: true })
  return { type: build(copy, { ...options, wrapUnions }, named), isStrict: true }
}

/** True for a type of any copy of avsc. */
export function isType(schema: unknown): schema is avsc.Type {
  return avsc.Type.isType(schema)
}

/** The schema as text, as a registry wants it. A type has forgotten what avsc does not know. */
export function schemaText(schema: AvroSchema): string {
  if (typeof schema === 'string')
    return JSON.stringify(parsed(schema)) === schema ? schema : text(schema)
  return JSON.stringify(isType(schema) ? schema.schema({ exportAttrs: true }) : schema)
}

/** JSON as it stands; the name of a type in quotes. */
function text(schema: string): string {
  return isJson(schema) ? schema : JSON.stringify(schema)
}

function isJson(schema: string): boolean {
  return /^\s*[[{"]/.test(schema)
}

function parsed(schema: AvroSchema): unknown {
  return typeof schema === 'string' && isJson(schema) ? (JSON.parse(schema) as unknown) : schema
}

function build(schema: unknown, options: AvroOptions, named: NamedTypes): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Type, {
    registry: named,
    typeHook: strictHook(options),
    wrapUnions: options.wrapUnions ?? 'auto',
    // A logical type of the user's that does not suit the schema is no matter to pass over.
    ...(options.logicalTypes === undefined
      ? {}
      : { logicalTypes: options.logicalTypes as never, assertLogicalTypes: true }),
  })
}

const OWN_PROTOTYPES = new Set<unknown>(
  Object.values(avsc.types).map((Type) => (Type as { readonly prototype: unknown }).prototype),
)

/** The types within a type. */
function partsOf(type: avsc.Type): readonly avsc.Type[] {
  const { fields, itemsType, valuesType, types } = type as Partial<
    Pick<avsc.types.RecordType, 'fields'> &
      Pick<avsc.types.ArrayType, 'itemsType'> &
      Pick<avsc.types.WrappedUnionType, 'types'> & { readonly valuesType: avsc.Type }
  >
  if (fields !== undefined) return fields.map((field) => field.type)
  if (types !== undefined) return types
  const part = itemsType ?? valuesType
  return part === undefined ? [] : [part]
}

/** Nothing but avsc's own types: its schema says all of it. */
function isPlain(type: avsc.Type, seen: Set<avsc.Type>): boolean {
  if (seen.has(type)) return true
  seen.add(type)
  if (!OWN_PROTOTYPES.has(Object.getPrototypeOf(type))) return false
  return partsOf(type).every((part) => isPlain(part, seen))
}

/** It has unions, and each wraps its values. */
function isAlwaysWrapped(type: avsc.Type): boolean {
  const unions = new Set<string>()
  const seen = new Set<avsc.Type>()
  const visit = (part: avsc.Type): void => {
    if (seen.has(part)) return
    seen.add(part)
    if (part.typeName.startsWith('union:')) unions.add(part.typeName)
    partsOf(part).forEach(visit)
  }
  visit(type)
  return unions.has('union:wrapped') && !unions.has('union:unwrapped')
}
