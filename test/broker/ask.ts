/**
 * One request to one broker over a connection of its own: connect, write a frame, read a frame, hang
 * up. Dull on purpose: what tests it judges with must not be the network room that it tests.
 *
 * Neighbours: admin.ts asks with it; src/protocol encodes and decodes.
 */
import { connect } from 'node:net'
import { isFlexible, type Api } from '../../src/protocol/api.js'
import { decodeResponseHeader, encodeRequestHeader } from '../../src/protocol/header.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'

const ANSWER_TIMEOUT_MS = 10_000

/** The half of an Api that a client needs. */
export type ClientApi<Request, Response> = Omit<
  Api<Request, Response>,
  'decodeRequest' | 'encodeResponse'
>

/** Sends one request to one broker (`host:port`) over a connection of its own. */
export async function ask<Request, Response>(
  address: string,
  api: ClientApi<Request, Response>,
  version: number,
  request: Request,
): Promise<Response> {
  const reader = new Reader(await exchange(address, encode(api, version, request)), {
    apiName: api.name,
    version,
  })
  decodeResponseHeader(reader, api, version)
  return api.decodeResponse(reader, version)
}

function encode<Request, Response>(
  api: ClientApi<Request, Response>,
  apiVersion: number,
  request: Request,
): Buffer {
  const writer = new Writer()
  const header = { apiKey: api.key, apiVersion, correlationId: 1, clientId: 'ottla-test-admin' }
  encodeRequestHeader(writer, header, isFlexible(api, apiVersion))
  api.encodeRequest(writer, request, apiVersion)
  const body = writer.toBuffer()
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

/** Connects, writes one frame, reads one frame (returned without its size), and hangs up. */
async function exchange(address: string, frame: Buffer): Promise<Buffer> {
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  const timer = setTimeout(
    () => socket.destroy(new Error(`${address}: no answer within ${ANSWER_TIMEOUT_MS} ms`)),
    ANSWER_TIMEOUT_MS,
  )
  try {
    socket.write(frame)
    let received = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk])
      if (received.length < 4) continue
      const end = 4 + received.readInt32BE(0)
      if (received.length >= end) return received.subarray(4, end)
    }
    throw new Error(`${address} hung up before it answered`)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}
