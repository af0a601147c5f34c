/**
 * An answer as a broker sends it: size | response header | body.
 *
 * Neighbours: handlers/handler.ts and server-connection.ts answer with it; so do the brokers that tests
 * and benches script themselves.
 */
import type { Api } from '../protocol/api.js'
import { encodeResponseHeader } from '../protocol/header.js'
import { Writer } from '../protocol/writer.js'

const SIZE_BYTES = 4

/** A response frame, size field included. */
export function responseFrame<Request, Response>(
  api: Api<Request, Response>,
  version: number,
  correlationId: number,
  response: Response,
): Buffer {
  const writer = new Writer()
  writer.writeInt32(0) // the frame's size, known at the end
  encodeResponseHeader(writer, api, version, correlationId)
  api.encodeResponse(writer, response, version)
  const frame = writer.toBuffer()
  frame.writeInt32BE(frame.length - SIZE_BYTES, 0)
  return frame
}
