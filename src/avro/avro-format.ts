/**
 * Avro as a format of a registry's serializers: which schema is looked up, and encoders for those that
 * are registered.
 *
 * Before: avro.ts. Neighbours: schema-registry/registry-serializer.ts asks it.
 */
import { ConfigError, SerializationError } from '../errors.js'
import type {
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
} from '../schema-registry/registered-schema.js'
import type { SchemaChoice, SchemaFormat, ValueEncoder } from '../schema-registry/schema-format.js'
import { thrownWords } from '../thrown.js'
import { AvroEncoder, RawBytesEncoder } from './avro-encoder.js'
import type { AvroOptions, AvroSchema } from './avro-options.js'
import { parseType, schemaText, type NamedTypes, type ParsedType } from './avro-type.js'

type Resolve = (reference: SchemaReference) => Promise<RegisteredSchema>

/** What a serializer was given of Avro. */
export interface AvroFormatOptions extends AvroOptions {
  readonly schema?: AvroSchema | undefined
  readonly references?: readonly SchemaReference[] | undefined
  /** With one of these the schema that they name is the one to write with, whatever `schema` says. */
  readonly id?: number | undefined
  readonly guid?: string | undefined
}

export class AvroFormat<T> implements SchemaFormat<T> {
  readonly schemaType = 'AVRO'
  /** Of a union, one for each of its names. */
  readonly choices: readonly SchemaChoice[]
  readonly #options: AvroFormatOptions
  readonly #text: string | null
  readonly #definition: SchemaDefinition | null
  /** Of the user's schema; null where there is none, or where it can be parsed with its references alone. */
  readonly #own: ParsedType | null

  /** Throws ConfigError for what is no schema. */
  constructor(options: AvroFormatOptions) {
    const { schema, references = [], id, guid } = options
    this.#options = options
    this.#own = schema === undefined || references.length > 0 ? null : parseOwn(schema, options)
    const text = schema === undefined ? null : schemaText(schema)
    const isChosen = text === null || id !== undefined || guid !== undefined
    this.#text = text
    this.#definition = isChosen ? null : { schema: text, schemaType: 'AVRO', references }
    this.choices = this.#choices()
  }

  definitionOf(): SchemaDefinition | null {
    return this.#definition
  }

  /** Of a union, the name of the type that the value belongs to. */
  recordNameOf(value: T | undefined): string | null {
    if (this.#own === null) return this.#nameInText()
    const { type } = this.#own
    const { types } = type as { readonly types?: readonly ParsedType['type'][] }
    if (types === undefined) return type.name ?? null
    const branch =
      type.typeName === 'union:wrapped'
        ? namedBranch(types, value)
        : types.find((it) => it.isValid(value))
    return branch?.name ?? null
  }

  async encoder(
    registered: RegisteredSchema,
    resolve: Resolve,
    definition: SchemaDefinition | null,
  ): Promise<ValueEncoder<T>> {
    const own = definition === null ? null : this.#own
    const parsed = own ?? (await this.#parse(registered, definition ?? registered, resolve))
    return parsed.type.typeName === 'bytes'
      ? new RawBytesEncoder()
      : new AvroEncoder(parsed, this.#options)
  }

  async #parse(
    { subject, version, id }: RegisteredSchema,
    { schema, references }: SchemaDefinition,
    resolve: Resolve,
  ): Promise<ParsedType> {
    try {
      const named: NamedTypes = {}
      await this.#parseReferences(references ?? [], resolve, named, new Set())
      return parseType(schema, this.#options, named)
    } catch (error) {
      if (!(error instanceof Error) || 'code' in error) throw error // the registry's own
      const where =
        subject === null ? `of id ${id}` : `of subject "${subject}", version ${version ?? '?'}`
      throw new SerializationError(`the Avro schema ${where} cannot be used: ${error.message}`, {
        cause: error,
      })
    }
  }

  /** Each schema after those it refers to; one that several refer to, once. */
  async #parseReferences(
    references: readonly SchemaReference[],
    resolve: Resolve,
    named: NamedTypes,
    seen: Set<string>,
  ): Promise<void> {
    for (const reference of references) {
      const key = `${reference.version} ${reference.subject}`
      if (seen.has(key)) continue
      seen.add(key)
      const schema = await resolve(reference)
      await this.#parseReferences(schema.references ?? [], resolve, named, seen)
      parseType(schema.schema, this.#options, named)
    }
  }

  #choices(): readonly SchemaChoice[] {
    const definition = this.#definition
    const { types = [] } = (this.#own?.type ?? {}) as { types?: readonly ParsedType['type'][] }
    const names = types.flatMap(({ name }) => name ?? [])
    const all = names.length === 0 ? [this.recordNameOf(undefined)] : names
    return all.map((recordName) => ({ definition, recordName }))
  }

  #nameInText(): string | null {
    if (this.#text === null) return null
    const { name, namespace } = Object(JSON.parse(this.#text)) as Partial<Record<string, unknown>>
    if (typeof name !== 'string') return null
    const isFull = name.includes('.') || typeof namespace !== 'string' || namespace === ''
    return isFull ? name : `${namespace}.${name}`
  }
}

/** The value's one key is the answer: the object around it may look like a record of defaults, or a map. */
function namedBranch(
  types: readonly ParsedType['type'][],
  value: unknown,
): ParsedType['type'] | undefined {
  const names = Object.keys(Object(value) as object)
  return names.length === 1 ? types.find((it) => it.branchName === names[0]) : undefined
}

/** Throws ConfigError. */
export function parseOwn(schema: AvroSchema, options: AvroOptions): ParsedType {
  try {
    return parseType(schema, options)
  } catch (error) {
    const why = thrownWords(error, String)
    throw new ConfigError(`this is no Avro schema that can be used: ${why}`, { cause: error })
  }
}
