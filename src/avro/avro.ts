/**
 * Avro serializers: `ottla/avro`, on [avsc](https://www.npmjs.com/package/avsc), which has to be
 * installed beside Ottla.
 */
import { registrySerializer } from '../schema-registry/registry-serializer.js'
import { checkFormatOptions } from '../schema-registry/serializer-checks.js'
import type { SchemaReference } from '../schema-registry/registered-schema.js'
import type {
  RegistrySerializerOptions,
  SchemaSerializer,
} from '../schema-registry/serializer-options.js'
import type { SerializerContext } from '../serialization/serializer.js'
import { AvroEncoder } from './avro-encoder.js'
import { AvroFormat, parseOwn } from './avro-format.js'
import {
  AVRO_OPTION_NAMES,
  checkAvroOptions,
  checkAvroValues,
  type AvroOptions,
  type AvroSchema,
} from './avro-options.js'

export type { AvroLogicalType, AvroOptions, AvroSchema } from './avro-options.js'

/** Where the schema is found, which it is, and how values are looked at. */
export interface AvroSerializerOptions extends RegistrySerializerOptions, AvroOptions {
  /**
   * The schema to look up, or to register. Left out, each subject's latest is used. A type of avsc's
   * has forgotten what avsc does not know (logical types, properties of your own): a registry that has
   * them does not find it, so give the schema itself.
   */
  readonly schema?: AvroSchema | undefined
  /** Schemas of the registry whose types `schema` names. */
  readonly references?: readonly SchemaReference[] | undefined
}

/**
 * Bare Avro, without a registry: what a value is in the binary encoding, and nothing in front of it. A
 * value that does not fit fails its record with a SerializationError that names the place.
 *
 * @throws ConfigError for what is no schema
 */
export function avro<T = unknown>(
  schema: AvroSchema,
  options: AvroOptions = {},
): (value: T, context?: SerializerContext) => Uint8Array {
  checkAvroOptions('avro(schema, options)', options)
  const encoder = new AvroEncoder<T>(parseOwn(schema, options), options)
  return (value) => encoder.encode(value, 0)
}

/**
 * Avro as Confluent's KafkaAvroSerializer writes it, with a schema registry. A schema of nothing but
 * `bytes` is written as the bytes are, without Avro's length, as there.
 *
 * @throws ConfigError for what is no schema
 */
export function avroSerializer<T = unknown>(options: AvroSerializerOptions): SchemaSerializer<T> {
  checkFormatOptions('avroSerializer', options, AVRO_OPTION_NAMES)
  checkAvroValues(options)
  return registrySerializer(new AvroFormat<T>(options), options)
}
