/**
 * What a registry knows of a schema, and what it is asked with.
 *
 * Source: Confluent's Schema Registry REST API, version 1. Neighbours: registry-client.ts gives them;
 * schema-format.ts makes encoders of them.
 */

/** The kinds of schema that a registry knows, as it writes them. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON'

/** Another schema that a schema is built on, as it is registered. */
export interface SchemaReference {
  /** As the schema names it: an Avro full name, a Protobuf import, a JSON Schema `$ref`. */
  readonly name: string
  readonly subject: string
  /** The version under that subject, from 1. */
  readonly version: number
}

/** Whether all that a reference must have is there. */
export function areReferences(given: unknown): given is readonly SchemaReference[] {
  return Array.isArray(given) && given.every(isReference)
}

function isReference(given: unknown): boolean {
  const { name, subject, version } = Object(given) as Partial<
    Record<keyof SchemaReference, unknown>
  >
  const isNamed = typeof name === 'string' && typeof subject === 'string' && subject !== ''
  return isNamed && Number.isSafeInteger(version)
}

/** A schema as it is looked up or registered. */
export interface SchemaDefinition {
  /** The schema's text, e.g. Avro's JSON; for Protobuf also a FileDescriptorProto in base64. */
  readonly schema: string
  /** Default AVRO. */
  readonly schemaType?: SchemaType | undefined
  readonly references?: readonly SchemaReference[] | undefined
}

/** A schema as the registry has it. */
export interface RegisteredSchema extends SchemaDefinition {
  /** The number that stands in front of a record; its own in each context of the registry. */
  readonly id: number
  /** Its UUID in every context; null where the registry gives none (Confluent before 8.0, Apicurio). */
  readonly guid: string | null
  /** Null where it was asked by id or guid and the registry does not say. */
  readonly subject: string | null
  /** Null likewise. */
  readonly version: number | null
  /** Confluent's data contract rules, as the registry answers them. */
  readonly ruleSet?: unknown
}
