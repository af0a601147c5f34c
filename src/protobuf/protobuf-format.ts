/**
 * Protobuf as a format of schemas: which definition a message has, and the encoder of a registered
 * schema with the message's place in it.
 *
 * Neighbours: schema-registry/registry-serializer.ts asks; message-encoding.ts encodes.
 */
import { SerializationError } from '../errors.js'
import type { RegisteredSchema, SchemaDefinition } from '../schema-registry/registered-schema.js'
import type { SchemaFormat, ValueEncoder } from '../schema-registry/schema-format.js'
import { declaredMessages } from './declared-messages.js'
import type { MessageEncoding } from './message-encoding.js'
import { encodeMessageIndexes, messageIndexes } from './message-indexes.js'

/**
 * The format of one message type; `definition` is its file's, and null where the registry's latest
 * schema, or one of its by number, is written with.
 */
export function protobufFormat(
  encoding: MessageEncoding,
  definition: SchemaDefinition | null,
): SchemaFormat<object> {
  return {
    schemaType: 'PROTOBUF',
    definitionOf: () => definition,
    recordNameOf: () => encoding.fullName,
    encoder: (schema) => Promise.resolve().then(() => encoderOf(encoding, schema)),
  }
}

/** The indexes are those of the registered file: it need not be the one that the message is from. */
function encoderOf(encoding: MessageEncoding, schema: RegisteredSchema): ValueEncoder<object> {
  const file = declaredMessages(schema.schema)
  const indexes = file && messageIndexes(file, encoding.fullName)
  if (indexes === null) {
    const place = schema.subject === null ? '' : ` of subject ${schema.subject}`
    throw new SerializationError(
      `schema ${schema.id}${place} declares no message ${encoding.fullName}`,
    )
  }
  return {
    messageIndexes: encodeMessageIndexes(indexes),
    encode: (value, prefixLength) => behind(prefixLength, encoding.encode(value)),
  }
}

function behind(prefixLength: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(prefixLength + payload.length)
  bytes.set(payload, prefixLength)
  return bytes
}
