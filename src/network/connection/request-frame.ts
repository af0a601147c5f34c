/**
 * A whole request as one frame: size | request header | body. For the control plane, whose requests
 * are small and few.
 *
 * Not the hot path: the sender frames Produce requests itself, as a list of buffers around the
 * record batches, and hands them to `Connection.sendFrame`.
 *
 * Neighbours: connection.ts writes it; protocol/ encodes header and body.
 */
import { isFlexible } from '../../protocol/api.js'
import type { Api } from '../../protocol/api.js'
import { encodeRequestHeader } from '../../protocol/header.js'
import { Writer } from '../../protocol/writer.js'

const SIZE_BYTES = 4

/** What goes into the request header besides the API. */
export interface RequestFrameOptions {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string
}

/** Encodes a frame of its own memory. Throws ProtocolError for what the version cannot carry. */
export function encodeRequestFrame<Request, Response>(
  api: Api<Request, Response>,
  request: Request,
  { version, correlationId, clientId }: RequestFrameOptions,
): Buffer {
  const writer = new Writer()
  writer.writeInt32(0) // the size, known at the end
  const header = { apiKey: api.key, apiVersion: version, correlationId, clientId }
  encodeRequestHeader(writer, header, isFlexible(api, version))
  api.encodeRequest(writer, request, version)
  const frame = writer.toBuffer()
  frame.writeInt32BE(frame.length - SIZE_BYTES, 0)
  return frame
}
