/**
 * Protobuf serializers: `ottla/protobuf`. Messages are those of @bufbuild/protobuf (protobuf-es 2) or
 * of protobufjs, with a schema registry (`protobufSerializer`) or bare (`protobuf`).
 *
 * Neighbours: message-encoding.ts makes the bytes; message-indexes.ts what stands in front of them;
 * protobuf-format.ts is what schema-registry/ builds the serializer on.
 */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf'
import { ConfigError } from '../errors.js'
import type { SchemaSerializer } from '../schema-registry/serializer-options.js'
import type { Serializer } from '../serialization/serializer.js'
import {
  isDescriptor,
  isProtobufjsType,
  messageEncoding,
  type MessageSchema,
} from './message-encoding.js'
import { importingSerializer } from './importing-serializer.js'
import type { ProtobufSerializerOptions } from './protobuf-options.js'
import type { ProtobufjsType } from './protobufjs-check.js'

export type { ProtobufSerializerOptions } from './protobuf-options.js'
export type { ProtobufjsField, ProtobufjsType } from './protobufjs-check.js'

/**
 * A serializer of protobuf-es's messages for a topic whose schema a registry has. It takes what
 * `create(schema)` makes, or an object that `create` would take. Several schemas: what `create` makes
 * of one of them.
 *
 * @throws ConfigError for a schema that is none, and options that contradict one another
 */
export function protobufSerializer<Desc extends DescMessage>(
  options: ProtobufSerializerOptions & { readonly schema: Desc | readonly Desc[] },
): SchemaSerializer<MessageInitShape<Desc>>
/**
 * A serializer of protobufjs's messages, or of objects with their fields, for a topic whose schema a
 * registry has.
 *
 * @throws ConfigError for a schema that is none, and options that contradict one another
 */
export function protobufSerializer<T extends object = Readonly<Record<string, unknown>>>(
  options: ProtobufSerializerOptions & { readonly schema: ProtobufjsType },
): SchemaSerializer<T>
export function protobufSerializer(
  options: ProtobufSerializerOptions & {
    readonly schema: MessageSchema | readonly MessageSchema[]
  },
): SchemaSerializer<object> {
  const schemas = [options.schema].flat() as readonly MessageSchema[]
  for (const schema of schemas) refuseOther(schema, 'protobufSerializer({ schema })')
  return importingSerializer(schemas, options)
}

/**
 * A serializer that writes protobuf-es's messages bare: no schema id in front, no registry.
 *
 * @throws ConfigError for a schema that is none
 */
export function protobuf<Desc extends DescMessage>(schema: Desc): Serializer<MessageInitShape<Desc>>
/**
 * A serializer that writes protobufjs's messages bare: no schema id in front, no registry.
 *
 * @throws ConfigError for a schema that is none
 */
export function protobuf<T extends object = Readonly<Record<string, unknown>>>(
  schema: ProtobufjsType,
): Serializer<T>
export function protobuf(schema: MessageSchema): Serializer<object> {
  refuseOther(schema, 'protobuf(schema)')
  const encoding = messageEncoding(schema)
  return (value) => encoding.encode(value)
}

function refuseOther(schema: unknown, place: string): void {
  if (isDescriptor(schema) || isProtobufjsType(schema)) return
  throw new ConfigError(
    `${place} takes a message schema of @bufbuild/protobuf 2 (as OrderSchema in a generated file) or a Type of protobufjs (root.lookupType)`,
  )
}
