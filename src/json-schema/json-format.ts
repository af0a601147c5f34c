/**
 * JSON Schema as a format of a registry's serializers.
 *
 * Before: json-schema.ts. Neighbours: schema-registry/registry-serializer.ts asks it.
 */
import { ConfigError, SerializationError } from '../errors.js'
import type {
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
} from '../schema-registry/registered-schema.js'
import type { SchemaFormat, ValueEncoder } from '../schema-registry/schema-format.js'
import { thrownWords } from '../thrown.js'
import type { Ajv, AjvValidate } from './ajv-types.js'
import { ajvCheck } from './checks.js'
import { JsonEncoder } from './json-encoder.js'

type Resolve = (reference: SchemaReference) => Promise<RegisteredSchema>

/** What a serializer was given of JSON Schema. */
export interface JsonFormatOptions {
  readonly schema?: string | object | undefined
  readonly references?: readonly SchemaReference[] | undefined
  readonly ajv?: Ajv | undefined
  /** With one of these the schema that they name is the one to write with, whatever `schema` says. */
  readonly id?: number | undefined
  readonly guid?: string | undefined
}

export class JsonFormat<T> implements SchemaFormat<T> {
  readonly schemaType = 'JSON'
  readonly #ajv: Ajv | null
  readonly #definition: SchemaDefinition | null
  readonly #title: string | null

  /** Throws ConfigError for what is no schema. */
  constructor({ schema, references = [], ajv, id, guid }: JsonFormatOptions) {
    const text = schema === undefined ? null : schemaText(schema)
    const isChosen = text === null || id !== undefined || guid !== undefined
    this.#ajv = checkedAjv(ajv)
    this.#title = text === null ? null : titleOf(text)
    this.#definition = isChosen ? null : { schema: text, schemaType: 'JSON', references }
  }

  definitionOf(): SchemaDefinition | null {
    return this.#definition
  }

  /** The schema's title, as Confluent's JsonSchema.name(). */
  recordNameOf(): string | null {
    return this.#title
  }

  async encoder(
    registered: RegisteredSchema,
    resolve: Resolve,
    definition: SchemaDefinition | null,
  ): Promise<ValueEncoder<T>> {
    if (this.#ajv === null) return new JsonEncoder(null)
    const { schema, references = [] } = definition ?? registered
    const others = new Map<string, object>()
    await collect(references, resolve, others)
    return new JsonEncoder(ajvCheck(compile(this.#ajv, registered, schema, others)))
  }
}

/** Every schema that is referred to, by the name that a `$ref` gives it. */
async function collect(
  references: readonly SchemaReference[],
  resolve: Resolve,
  others: Map<string, object>,
): Promise<void> {
  for (const reference of references) {
    if (others.has(reference.name)) continue
    const schema = await resolve(reference)
    others.set(reference.name, objectOf(schema.schema))
    await collect(schema.references ?? [], resolve, others)
  }
}

/** Throws SerializationError. */
function compile(
  ajv: Ajv,
  { subject, version, id }: RegisteredSchema,
  text: string,
  others: ReadonlyMap<string, object>,
): AjvValidate {
  try {
    return compileAlone(ajv, objectOf(text), others)
  } catch (error) {
    const why = thrownWords(error, String)
    const where =
      subject === null ? `of id ${id}` : `of subject "${subject}", version ${version ?? '?'}`
    const mend = why.startsWith('strict mode')
      ? ': make it with new Ajv({ strict: false }), or tell it of its words with addVocabulary'
      : ''
    throw new SerializationError(`ajv cannot use the JSON schema ${where}: ${why}${mend}`, {
      cause: error,
    })
  }
}

/**
 * The user's ajv is left as it was: versions of a schema have one `$id`, and ajv would not take that a
 * second time.
 */
function compileAlone(ajv: Ajv, schema: object, others: ReadonlyMap<string, object>): AjvValidate {
  const added: (object | string)[] = []
  const known = new Set(refsOf(ajv))
  try {
    for (const [name, other] of others)
      addTo(added, [other, name], () => ajv.addSchema(other, name))
    let validate: AjvValidate | undefined
    addTo(added, [schema], () => (validate = ajv.compile(schema)))
    return validate as unknown as AjvValidate
  } finally {
    for (const it of added) if (typeof it !== 'boolean') ajv.removeSchema(it)
    for (const ref of refsOf(ajv)) if (!known.has(ref)) ajv.removeSchema(ref)
  }
}

/** What ajv knows by a name: also each `$id` within a schema, which it does not take out with it. */
function refsOf({ refs = {} }: Ajv): readonly string[] {
  return Object.keys(refs)
}

/** What fails is in ajv nevertheless, unless it was the user's already: that is not ours to take out. */
function addTo(
  added: (object | string)[],
  what: readonly (object | string)[],
  add: () => unknown,
): void {
  try {
    add()
  } catch (error) {
    if (!String(error).includes('already exists')) added.push(...what)
    throw error
  }
  added.push(...what)
}

/** Also true and false, which are schemas, too, and have no id. */
function objectOf(text: string): object {
  return JSON.parse(text) as object
}

/** Throws ConfigError for what is no schema. */
function schemaText(schema: unknown): string {
  const text = typeof schema === 'string' ? schema : textOf(schema)
  const parsed = parsedText(text)
  const isSchema = typeof parsed === 'boolean' || (typeof parsed === 'object' && parsed !== null)
  if (isSchema && !Array.isArray(parsed)) return text
  throw new ConfigError('the JSON schema is neither an object nor true or false')
}

function parsedText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError('the JSON schema is text that is no JSON', { cause: error })
  }
}

/** Throws ConfigError for what has none, as an object that contains itself. */
function textOf(schema: unknown): string {
  try {
    return JSON.stringify([schema]).slice(1, -1) // within a list a function is null, too
  } catch (error) {
    const why = thrownWords(error, String).split('\n', 1)[0] ?? ''
    throw new ConfigError(`the JSON schema cannot be written as JSON: ${why}`, { cause: error })
  }
}

/** Throws ConfigError for what cannot do what ajv does. */
function checkedAjv(ajv: unknown): Ajv | null {
  if (ajv === undefined) return null
  const its = Object(ajv) as Partial<Record<keyof Ajv, unknown>>
  const calls = [its.compile, its.addSchema, its.removeSchema]
  if (calls.every((it) => typeof it === 'function')) return ajv as Ajv
  throw new ConfigError('option ajv: give an instance of ajv, new Ajv()')
}

function titleOf(text: string): string | null {
  const { title } = Object(JSON.parse(text)) as { readonly title?: unknown }
  return typeof title === 'string' ? title : null
}
