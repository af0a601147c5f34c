/**
 * Kafka's UUIDs: 16 raw bytes on the wire, 22 characters of unpadded base64url in text, as the
 * broker's logs and tools print them. This is not the dashed hexadecimal form of RFC 9562.
 *
 * Spec: KIP-516 (topic ids), `org.apache.kafka.common.Uuid`. Neighbours: writer.ts, reader.ts.
 */

import { ProtocolError } from '../errors.js'

/** Bytes of a UUID on the wire. */
export const UUID_BYTES = 16

/** Sixteen zero bytes: Kafka's "no id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

// One request after the other speaks of the same topic.
let lastText = ZERO_UUID
let lastBytes: Uint8Array = new Uint8Array(UUID_BYTES)

/**
 * Text to 16 bytes, which nobody may change. Throws ProtocolError unless `text` is exactly what
 * `uuidFromBytes` returns.
 */
export function uuidToBytes(text: string): Uint8Array {
  if (text !== lastText) {
    lastBytes = decode(text)
    lastText = text
  }
  return lastBytes
}

function decode(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  // Node decodes leniently; comparing the text also refuses stray characters and loose final bits.
  if (bytes.length !== UUID_BYTES || uuidFromBytes(bytes) !== text) {
    throw new ProtocolError(
      `"${text}" is not a Kafka UUID: give 22 characters of base64url, such as a topic id from metadata`,
    )
  }
  return bytes
}

/** 16 bytes to text; no check of the length, which the caller has read from the wire. */
export function uuidFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}
