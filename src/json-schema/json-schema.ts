/**
 * JSON serializers that check each value against a schema: `ottla/json-schema`. The validator is the
 * user's: [ajv](https://ajv.js.org), or any Standard Schema, such as zod or valibot.
 */
import { SerializationError } from '../errors.js'
import { registrySerializer } from '../schema-registry/registry-serializer.js'
import { checkFormatOptions } from '../schema-registry/serializer-checks.js'
import type { SchemaReference } from '../schema-registry/registered-schema.js'
import type {
  RegistrySerializerOptions,
  SchemaSerializer,
} from '../schema-registry/serializer-options.js'
import { jsonText } from '../serialization/json-text.js'
import type { Serialized, SerializerContext } from '../serialization/serializer.js'
import type { Ajv } from './ajv-types.js'
import { checkOf, type Validator } from './checks.js'
import { JsonFormat } from './json-format.js'

export type { Ajv, AjvError, AjvValidate } from './ajv-types.js'
export type { Validator } from './checks.js'
export type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.js'

/** Where the schema is found, which it is, and what checks values. */
export interface JsonSchemaSerializerOptions<T = unknown> extends RegistrySerializerOptions {
  /** The JSON schema to look up, or to register: its text, or parsed. Left out: each subject's latest. */
  readonly schema?: string | object | undefined
  /** Schemas of the registry that `schema` refers to with `$ref`. */
  readonly references?: readonly SchemaReference[] | undefined
  /**
   * Checks each value before it is written. Default: nothing does, unless there is `ajv` (as Java's
   * `json.fail.invalid.schema`, which is false by default).
   */
  readonly validator?: Validator<T> | undefined
  /** Compiles the schema that is registered, references included, to check each value with it. */
  readonly ajv?: Ajv | undefined
}

/**
 * JSON of a value that a validator has checked, without a registry. What the validator makes of it is
 * written: a Standard Schema may change a value, and ajv checks what JSON makes of an instance of a class
 * or of what has a `toJSON`. A value that it refuses fails its record with a
 * SerializationError that names the places and has what the validator said as `cause`; so does what
 * JSON would change in silence (see `json()`). With an asynchronous validator it returns promises.
 *
 * @throws ConfigError for what is no validator
 */
export function validatedJson<T = unknown>(
  validator: Validator<T>,
): (value: T, context?: SerializerContext) => string | Promise<string> {
  const check = checkOf(validator)
  return (value) => check(value, written)
}

function written(checked: unknown): string {
  return jsonText(checked, 'json schema')
}

/**
 * JSON as Confluent's KafkaJsonSchemaSerializer writes it, with a schema registry.
 *
 * @throws ConfigError for what is no schema or no validator
 */
export function jsonSchemaSerializer<T = unknown>(
  options: JsonSchemaSerializerOptions<T>,
): SchemaSerializer<T> {
  checkFormatOptions('jsonSchemaSerializer', options, ['validator', 'ajv'])
  const serialize = registrySerializer(new JsonFormat<unknown>(options), options)
  const { validator } = options
  if (validator === undefined) return serialize
  const check = checkOf(validator)
  const checking = (value: T, context: SerializerContext) =>
    check(value, (checked) => {
      if (checked === null && value !== null) throw noTombstone()
      return serialize(checked, context)
    }) as Serialized | Promise<Serialized>
  return Object.assign(checking, {
    prepare: (topic: string, part?: 'key' | 'value') => serialize.prepare(topic, part),
  })
}

/** Kafka's null deletes what its key had: a user who means that gives null. */
function noTombstone(): SerializationError {
  return new SerializationError(
    'json schema: the validator made null of the value, which would be a tombstone: give null as the value to delete a key',
  )
}
