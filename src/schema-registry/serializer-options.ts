/**
 * The options that serializers with a registry have in common, and the serializer itself as a type.
 *
 * Neighbours: registry-serializer.ts reads them; the formats' own options extend them.
 */
import type { Serialized, SerializerContext } from '../serialization/serializer.js'
import type { SchemaRegistry } from './registry-client.js'
import type { SchemaRegistryOptions } from './registry-options.js'

/** What a subject is named after, where a function names it. */
export interface SubjectInput {
  readonly topic: string
  readonly part: 'key' | 'value'
  /** The full name of the record or message; null where the schema has none. */
  readonly recordName: string | null
}

/**
 * Names the subject of a schema:
 * - `topic`: `<topic>-key` or `<topic>-value` (Confluent's TopicNameStrategy)
 * - `record`: the full name of the record (RecordNameStrategy)
 * - `topic-record`: `<topic>-<full name>` (TopicRecordNameStrategy)
 * - a function, called once for each topic, part and record name
 */
export type SubjectStrategy =
  'topic' | 'record' | 'topic-record' | ((input: SubjectInput) => string)

/** Where the schema is found, and how a record tells which it is. */
export interface RegistrySerializerOptions {
  /** A client, or the options of one of this serializer's own. */
  readonly registry: SchemaRegistry | SchemaRegistryOptions
  /** Default `topic`. */
  readonly subject?: SubjectStrategy | undefined
  /**
   * Registers a schema that is not registered yet. Default false: it is looked up, and a record whose
   * schema is not there fails.
   */
  readonly register?: boolean | undefined
  /** Writes with the latest schema of the subject (Java's `use.latest.version`). Default false. */
  readonly useLatest?: boolean | undefined
  /** Writes with the schema of this id. */
  readonly id?: number | undefined
  /** Writes with the schema of this guid. */
  readonly guid?: string | undefined
  /** Asks the registry to normalize schemas that are looked up or registered. Default false. */
  readonly normalize?: boolean | undefined
  /**
   * How a record tells its schema (Confluent's SchemaIdSerializer). `id`, the default: a zero byte and
   * the id stand in front of the payload (PrefixSchemaIdSerializer). `guid-header`: the header
   * `__key_schema_id` or `__value_schema_id` has the guid, and the payload nothing in front
   * (HeaderSchemaIdSerializer); this needs a registry that gives guids.
   */
  readonly framing?: 'id' | 'guid-header' | undefined
  /** Schemas whose encoders are kept, over all topics, 1 and up. Default 1000. */
  readonly cacheSize?: number | undefined
}

/**
 * A serializer of Ottla's for values of a schema. It returns bytes at once when the schema is known,
 * and a promise until then; what the registry refuses fails the records that wait, and those alone.
 */
export interface SchemaSerializer<T> {
  (value: T, context: SerializerContext): Serialized | Promise<Serialized>
  /**
   * Fetches what values for a topic need, so that their first record waits for nothing. `part` is
   * `value` by default.
   *
   * @throws SchemaRegistryError (rejects)
   */
  prepare(topic: string, part?: 'key' | 'value'): Promise<void>
}
