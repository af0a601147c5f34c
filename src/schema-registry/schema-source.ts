/**
 * Finds the registered schema that records of a subject are written with.
 *
 *   lookup     the version of the subject that has the format's schema
 *   register   likewise, and a new version where there is none
 *   latest     the subject's latest version; also where the format has no schema of its own
 *   id, guid   that one
 *
 * Neighbours: encoding.ts asks; schema-rules.ts has the last word.
 */
import { SerializationError } from '../errors.js'
import type { LatestSchema } from './latest-schema.js'
import type { RegisteredSchema, SchemaDefinition, SchemaReference } from './registered-schema.js'
import type { SchemaRegistry } from './registry-client.js'
import { SchemaRegistryError } from './registry-error.js'
import { refuseRules } from './schema-rules.js'
import type { SchemaChoiceKind } from './serializer-checks.js'
import type { RegistrySerializerOptions } from './serializer-options.js'
import { contextOf, inContext } from './subject-context.js'

/** Of one schema, with those that they refer to: more than any that people have made. */
const MAX_REFERENCES = 1_000

/** A schema that may be written with. */
export interface FoundSchema {
  readonly schema: RegisteredSchema
  /** Where it may be superseded. */
  readonly latest: LatestSchema | null
}

export class SchemaSource {
  readonly #registry: SchemaRegistry
  readonly #kind: SchemaChoiceKind
  readonly #options: RegistrySerializerOptions
  readonly #needsGuid: boolean

  constructor(
    registry: SchemaRegistry,
    kind: SchemaChoiceKind,
    options: RegistrySerializerOptions,
  ) {
    this.#registry = registry
    this.#kind = kind
    this.#options = options
    this.#needsGuid = options.framing === 'guid-header'
  }

  /**
   * `subjectOf` is asked where the way to the schema needs a subject.
   *
   * @throws SchemaRegistryError (rejects)
   */
  async find(definition: SchemaDefinition | null, subjectOf: () => string): Promise<FoundSchema> {
    const latest =
      this.#kind === 'latest' || (this.#kind === 'lookup' && definition === null)
        ? this.#registry.followLatest(subjectOf())
        : null
    const schema = latest === null ? await this.#findOne(definition, subjectOf) : await latest.get()
    this.check(schema)
    return { schema, latest }
  }

  /** @throws SchemaRegistryError for a schema that may not be written with */
  check(schema: RegisteredSchema): void {
    refuseRules(schema)
  }

  /** Gives the schemas behind the references of `schema`, in the same context. */
  resolverOf(schema: RegisteredSchema): (reference: SchemaReference) => Promise<RegisteredSchema> {
    const context = schema.subject === null ? null : contextOf(schema.subject)
    let count = 0
    return async ({ subject, version }) => {
      count++
      if (count > MAX_REFERENCES) throw endless(schema)
      return this.#registry.version(inContext(subject, context), version)
    }
  }

  #findOne(
    definition: SchemaDefinition | null,
    subjectOf: () => string,
  ): Promise<RegisteredSchema> {
    const { id, guid, normalize } = this.#options
    if (id !== undefined) return this.#registry.byId(id)
    if (guid !== undefined) return this.#registry.byGuid(guid)
    if (definition === null) {
      throw new SerializationError('option register: there is no schema to register: give one as schema') // prettier-ignore
    }
    return this.#kind === 'register'
      ? this.#register(subjectOf(), definition)
      : this.#registry.lookup(subjectOf(), definition, { normalize })
  }

  /** Older registries answer with the id alone, and the subject may have rules that were added to it. */
  async #register(subject: string, definition: SchemaDefinition): Promise<RegisteredSchema> {
    const { normalize } = this.#options
    const registered = await this.#registry.register(subject, definition, { normalize })
    if (registered.version !== null && (registered.guid !== null || !this.#needsGuid)) {
      return registered
    }
    const found = await this.#registry.byId(registered.id, { subject })
    const whole = { ...found, subject: registered.subject }
    if (whole.guid !== null || !this.#needsGuid) return whole
    return this.#registry.lookup(subject, definition, { normalize })
  }
}

/** Each one that is asked for may name others: somebody's mistake must not go on for ever. */
function endless({ id, subject }: RegisteredSchema): SchemaRegistryError {
  const which = subject === null ? `schema ${id}` : `schema ${id} of the subject "${subject}"`
  return new SchemaRegistryError(
    `${which} refers to more than ${MAX_REFERENCES} others, one by another: look at its references in the registry`,
  )
}
