/** The two halves of an API as plain functions over whole buffers, for tests. */

import type { Api } from '../../../src/protocol/api.js'
import { Reader } from '../../../src/protocol/reader.js'
import { Writer } from '../../../src/protocol/writer.js'

/** One direction of one API, over whole buffers. */
export interface Codec<Message> {
  /** `writer`: where to write, for a test that brings its own. */
  encode(message: Message, version: number, writer?: Writer): Buffer
  /** Refuses left-over bytes. */
  decode(bytes: Uint8Array, version: number): Message
}

export function requestCodec<Request>(api: Api<Request, unknown>): Codec<Request> {
  return {
    encode(message, version, writer = new Writer()) {
      api.encodeRequest(writer, message, version)
      return writer.toBuffer()
    },
    decode: (bytes, version) =>
      readWhole(api, bytes, version, (reader) => api.decodeRequest(reader, version)),
  }
}

export function responseCodec<Response>(api: Api<unknown, Response>): Codec<Response> {
  return {
    encode(message, version, writer = new Writer()) {
      api.encodeResponse(writer, message, version)
      return writer.toBuffer()
    },
    decode: (bytes, version) =>
      readWhole(api, bytes, version, (reader) => api.decodeResponse(reader, version)),
  }
}

/** A buffer from its bytes in hexadecimal; spaces are for the reader's eye. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

function readWhole<T>(
  api: { readonly name: string },
  bytes: Uint8Array,
  version: number,
  read: (reader: Reader) => T,
): T {
  const reader = new Reader(bytes, { apiName: api.name, version })
  const message = read(reader)
  reader.expectEnd()
  return message
}
