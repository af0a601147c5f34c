/**
 * What a format of schemas (Avro, Protobuf, JSON Schema) gives to a serializer with a registry: the
 * schema of a value, and an encoder for a schema that is registered.
 *
 * Neighbours: registry-serializer.ts uses it; avro/, protobuf/ and json-schema/ are formats.
 */
import type { RegisteredSchema, SchemaDefinition, SchemaReference } from './registered-schema.js'
import type { SchemaType } from './registered-schema.js'

/** Turns values of one registered schema into bytes. */
export interface ValueEncoder<T> {
  /**
   * The value's bytes behind `prefixLength` bytes, which are left free for the framing. They are the
   * caller's: a part of a larger buffer is fine, but nothing may write over them again.
   *
   * @throws SerializationError for a value that does not fit the schema
   */
  encode(value: T, prefixLength: number): Uint8Array
  /** Protobuf: the message's place in its file, as Confluent writes it (`00` for the first). */
  readonly messageIndexes?: Uint8Array
}

/** What a format says of one kind of value, before any is there. */
export interface SchemaChoice {
  /** The same object that `definitionOf` gives. */
  readonly definition: SchemaDefinition | null
  readonly recordName: string | null
}

/** A format of schemas. */
export interface SchemaFormat<T> {
  readonly schemaType: SchemaType
  /**
   * The schema to look up or register for a value: the same object each time for the same schema, for
   * it is the key of a cache. Null: the serializer uses the latest of the subject. `prepare` asks with
   * undefined, unless there are `choices`.
   *
   * @throws SerializationError for a value of no known schema
   */
  definitionOf(value: T | undefined): SchemaDefinition | null
  /**
   * The full name of the value's record or message, for the subject strategies `record` and
   * `topic-record`, which alone ask for it (with null for `schema`: none is known yet). Null where it
   * has none. `prepare` asks with undefined, unless there are `choices`.
   */
  recordNameOf(value: T | undefined, schema: RegisteredSchema | null): string | null
  /** All that `definitionOf` may give, where it depends on the value: for `prepare`. */
  readonly choices?: readonly SchemaChoice[]
  /**
   * An encoder for a registered schema; asked once for each. `resolve` gives the schema behind a
   * reference. `definition` is what was looked up or registered; null where the schema was chosen by
   * latest, id or guid.
   */
  encoder(
    schema: RegisteredSchema,
    resolve: (reference: SchemaReference) => Promise<RegisteredSchema>,
    definition: SchemaDefinition | null,
  ): Promise<ValueEncoder<T>>
}
