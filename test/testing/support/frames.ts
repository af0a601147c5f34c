/** Request frames made by hand. */
import { isFlexible, type Api } from '../../../src/protocol/api.js'
import { encodeRequestHeader } from '../../../src/protocol/header.js'
import { Writer } from '../../../src/protocol/writer.js'

/** A whole frame, with its size. */
export function frameOf<Request>(
  api: Pick<Api<Request, unknown>, 'key' | 'flexibleFrom' | 'encodeRequest'>,
  apiVersion: number,
  request: Request,
  correlationId = 1,
): Buffer {
  const writer = new Writer()
  writer.writeInt32(0)
  const header = { apiKey: api.key, apiVersion, correlationId, clientId: 'test' }
  encodeRequestHeader(writer, header, isFlexible(api, apiVersion))
  api.encodeRequest(writer, request, apiVersion)
  const frame = Buffer.from(writer.toBuffer())
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}
