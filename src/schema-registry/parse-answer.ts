/**
 * From a registry's JSON to what this room hands out; whatever lacks what it must have is an error
 * that names it.
 *
 * Neighbours: registry-client.ts.
 */
import { isObject } from './option-checks.js'
import {
  areReferences,
  type RegisteredSchema,
  type SchemaDefinition,
  type SchemaType,
} from './registered-schema.js'
import { SchemaRegistryError } from './registry-error.js'

const MAX_SCHEMA_ID = 2 ** 31 - 1

/** What is known of a schema without the answer. */
export interface KnownBefore {
  readonly definition?: SchemaDefinition
  readonly id?: number
  readonly guid?: string
  readonly subject?: string
}

/** A schema of an answer; what the answer leaves out is what was known before. */
export function parseSchema(answer: unknown, known: KnownBefore, what: string): RegisteredSchema {
  if (!isObject(answer)) throw unusable(what, 'is no object')
  const { ruleSet } = answer
  const id = answer.id ?? known.id
  if (!isSchemaId(id)) throw unusable(what, 'has no id that fits the four bytes before a record')
  return Object.freeze({
    id,
    ...parseDefinition(answer, known.definition, what),
    guid: textOr(answer.guid, known.guid ?? null),
    subject: textOr(answer.subject, known.subject ?? null),
    version: typeof answer.version === 'number' ? answer.version : null,
    ...(ruleSet === undefined || ruleSet === null ? {} : { ruleSet }),
  })
}

/** An int32 that is not negative, as it stands in front of records. */
export function isSchemaId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_SCHEMA_ID
}

function parseDefinition(
  answer: Readonly<Record<string, unknown>>,
  known: SchemaDefinition | undefined,
  what: string,
): SchemaDefinition {
  const schema = answer.schema ?? known?.schema
  if (typeof schema !== 'string') throw unusable(what, 'has no schema')
  const schemaType = (answer.schemaType ?? known?.schemaType ?? 'AVRO') as SchemaType
  const references = answer.references ?? known?.references ?? []
  if (!areReferences(references)) {
    throw unusable(what, 'has references without a name, a subject and a version')
  }
  return { schema, schemaType, references }
}

function textOr(value: unknown, fallback: string | null): string | null {
  return typeof value === 'string' && value !== '' ? value : fallback
}

/** A list of an answer, all of one kind. */
export function parseList<T>(answer: unknown, isItem: (it: unknown) => it is T, what: string): T[] {
  if (Array.isArray(answer) && answer.every(isItem)) return answer
  throw unusable(what, 'is no list of what was asked for')
}

/** Something else that an answer must be. */
export function unusable(what: string, why: string): SchemaRegistryError {
  return new SchemaRegistryError(`cannot ${what}: the schema registry's answer ${why}`)
}
