/**
 * Message indexes: which message of a registered Protobuf file a record is. They stand behind the
 * schema's id (or its guid), as zigzag varints: how many, then the place of each message in the
 * one around it, the outermost first. The first message of a file, `[0]`, is one zero byte.
 *
 * Source: io.confluent.kafka.schemaregistry.protobuf.MessageIndexes, and ProtobufSchema's
 * toMessageIndexes with normalize. Neighbours: declared-messages.ts reads the file.
 */
import type { DeclaredFile, DeclaredMessage } from './declared-messages.js'

/** The indexes of a message by its full name (`shop.v1.Order.Line`); null where it is not there. */
export function messageIndexes(file: DeclaredFile, fullName: string): number[] | null {
  const prefix = file.packageName === '' ? '' : `${file.packageName}.`
  if (!fullName.startsWith(prefix)) return null
  const indexes: number[] = []
  let messages: readonly DeclaredMessage[] = file.messages
  for (const name of fullName.slice(prefix.length).split('.')) {
    const index = messages.findIndex((message) => message.name === name)
    const found = messages[index]
    if (found === undefined) return null
    indexes.push(index)
    messages = found.messages
  }
  return indexes
}

/** The bytes of indexes. */
export function encodeMessageIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0)
  return Uint8Array.from([indexes.length, ...indexes].flatMap(zigzagVarint))
}

/** Of a count, which is never negative: zigzag doubles it. */
function zigzagVarint(count: number): number[] {
  const bytes: number[] = []
  let rest = count * 2
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return bytes
}
