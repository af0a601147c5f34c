/**
 * One request to one broker over a connection of its own: connect, write a frame, read a frame, hang
 * up. Dull on purpose: what tests it judges with must not be the network room that it tests.
 *
 * Neighbours: admin.ts asks with it; src/protocol encodes and decodes.
 */
import { connect, type Socket } from 'node:net'
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
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  try {
    return await askOver(socket, api, version, request)
  } catch (error) {
    if (error instanceof Error) error.message = `${address}: ${error.message}`
    throw error
  } finally {
    socket.destroy()
  }
}

/** Sends one request over an open connection that owes no answer, and leaves it open. */
export async function askOver<Request, Response>(
  socket: Socket,
  api: ClientApi<Request, Response>,
  version: number,
  request: Request,
): Promise<Response> {
  const answer = await exchange(socket, encode(api, version, request), api.name)
  const reader = new Reader(answer, { apiName: api.name, version })
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

/** Writes one frame, and reads one frame (returned without its size). */
function exchange(socket: Socket, frame: Buffer, name: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const settle = (error: Error | null, answer?: Buffer): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose).off('error', settle)
      if (answer === undefined) reject(error ?? new Error(`no answer to ${name}`))
      else resolve(answer)
    }
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const end = received.length < 4 ? Infinity : 4 + received.readInt32BE(0)
      if (received.length >= end) settle(null, received.subarray(4, end))
    }
    const onClose = (): void => settle(new Error(`the broker hung up before it answered ${name}`))
    const onTimeout = (): void => settle(new Error(`no ${name} within ${ANSWER_TIMEOUT_MS} ms`))
    const timer = setTimeout(onTimeout, ANSWER_TIMEOUT_MS)
    socket.on('data', onData).on('close', onClose).on('error', settle)
    socket.write(frame)
  })
}
