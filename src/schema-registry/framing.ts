/**
 * How a record tells its schema.
 *
 *   id, in front of the payload    00 | id int32 | [message indexes]
 *   guid, in a header              01 | guid, 16 bytes | [message indexes]
 *
 * Source: Confluent's PrefixSchemaIdSerializer and HeaderSchemaIdSerializer. Neighbours: encoding.ts.
 */
import type { RegisteredSchema } from './registered-schema.js'
import { SchemaRegistryError } from './registry-error.js'

const ID_MAGIC = 0
const GUID_MAGIC = 1
/** By part of the record. */
const HEADER_NAMES = { key: '__key_schema_id', value: '__value_schema_id' } as const

const NO_INDEXES = new Uint8Array(0)

/** What stands in front of every payload of a schema. */
export function idPrefix(id: number, messageIndexes: Uint8Array = NO_INDEXES): Uint8Array {
  const prefix = new Uint8Array(5 + messageIndexes.length)
  prefix[0] = ID_MAGIC
  new DataView(prefix.buffer).setInt32(1, id)
  prefix.set(messageIndexes, 5)
  return prefix
}

/** The name of the header for a part of the record. */
export function guidHeaderName(part: 'key' | 'value'): string {
  return HEADER_NAMES[part]
}

/** The header of every record of a schema. @throws SchemaRegistryError where it has no guid */
export function guidHeader(
  schema: RegisteredSchema,
  messageIndexes: Uint8Array = NO_INDEXES,
): Uint8Array {
  const header = new Uint8Array(17 + messageIndexes.length)
  header[0] = GUID_MAGIC
  header.set(guidBytes(schema), 1)
  header.set(messageIndexes, 17)
  return header
}

function guidBytes({ guid, subject, id }: RegisteredSchema): Uint8Array {
  const which = subject === null ? `of id ${id}` : `of subject "${subject}"`
  if (guid === null) {
    throw new SchemaRegistryError(
      `the schema registry gives no guid for the schema ${which}, which framing 'guid-header' needs (Confluent 8.0 and up give one): use framing 'id'`,
    )
  }
  const hex = guid.replaceAll('-', '')
  if (/^[0-9a-f]{32}$/i.test(hex)) return new Uint8Array(Buffer.from(hex, 'hex'))
  throw new SchemaRegistryError(`the guid that the schema registry gives for the schema ${which} is no UUID`) // prettier-ignore
}
