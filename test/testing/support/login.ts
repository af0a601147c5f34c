/** A client of raw sockets that logs in by hand. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type Api } from '../../../src/protocol/api.js'
import { decodeResponseHeader } from '../../../src/protocol/header.js'
import {
  saslAuthenticate,
  type SaslAuthenticateResponse,
} from '../../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import { Reader } from '../../../src/protocol/reader.js'
import { frameOf } from './frames.js'

const CLOSED = 'closed'

/** One connection; each call sends a frame and waits for the next one, or for the end. */
export class RawClient {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  constructor(address: string) {
    const [host = '', port] = address.split(':')
    this.#socket = connect({ host, port: Number(port) })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    this.#socket.on('error', () => {}) // `close` follows
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** The next frame, without its size; `closed` where none comes. */
  async frame(): Promise<Buffer | typeof CLOSED> {
    for (;;) {
      const sizeBytes = this.#received.length < 4 ? Infinity : this.#received.readInt32BE(0)
      if (this.#received.length >= 4 + sizeBytes) {
        const frame = this.#received.subarray(4, 4 + sizeBytes)
        this.#received = this.#received.subarray(4 + sizeBytes)
        return frame
      }
      if (this.#isClosed) return CLOSED
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async ask<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    request: Request,
  ): Promise<Response | typeof CLOSED> {
    this.send(frameOf(api, version, request))
    return this.answer(api, version)
  }

  async answer<Request, Response>(
    api: Api<Request, Response>,
    version: number,
  ): Promise<Response | typeof CLOSED> {
    const frame = await this.frame()
    if (frame === CLOSED) return CLOSED
    const reader = new Reader(frame, { apiName: api.name, version })
    decodeResponseHeader(reader, api, version)
    return api.decodeResponse(reader, version)
  }

  /** The error code of the handshake and the mechanisms told. */
  async handshake(mechanism: string, version = 1): Promise<string> {
    const answer = await this.ask(saslHandshake, version, { mechanism })
    return answer === CLOSED ? CLOSED : `${answer.errorCode} ${answer.mechanisms.join(',')}`
  }

  async authenticate(
    message: string,
    version = 2,
  ): Promise<
    (Omit<SaslAuthenticateResponse, 'authBytes'> & { readonly text: string }) | undefined
  > {
    const answer = await this.ask(saslAuthenticate, version, { authBytes: Buffer.from(message) })
    if (answer === CLOSED) return undefined
    const { authBytes, ...rest } = answer
    return { ...rest, text: Buffer.from(authBytes).toString() }
  }

  /** Handshake and all messages of a mechanism; the error code and message, or the lifetime. */
  async login(mechanism: string, messages: readonly LoginMessage[], version = 2): Promise<string> {
    const handshake = await this.handshake(mechanism)
    if (!handshake.startsWith('0 ')) return handshake
    let challenge = ''
    let lifetimeMs = 0n
    for (const message of messages) {
      const text = typeof message === 'string' ? message : message(challenge)
      const answer = await this.authenticate(text, version)
      if (answer === undefined) return CLOSED
      if (answer.errorCode !== 0) return `${answer.errorCode} ${answer.errorMessage}`
      challenge = answer.text
      lifetimeMs = answer.sessionLifetimeMs
    }
    return `in ${lifetimeMs}${challenge === '' ? '' : ` ${challenge}`}`
  }
}

/** What is said, or what is made of the broker's last words. */
export type LoginMessage = string | ((challenge: string) => string)

export const plain = (user: string, password: string, other = ''): string =>
  `${other}\0${user}\0${password}`

/** The two messages of SCRAM, written against the RFC and not against our own mechanism. */
export function scram(
  hash: 'sha256' | 'sha512',
  user: string,
  password: string,
  extensions = '',
): LoginMessage[] {
  const bare = `n=${user},r=fyko+d2lbbFgONRv9qkxdawL${extensions}`
  const final = (challenge: string): string => {
    const [, nonce = '', salt = '', iterations] =
      /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge) ?? []
    const size = hash === 'sha256' ? 32 : 64
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), size, hash)
    const clientKey = createHmac(hash, salted).update('Client Key').digest()
    const storedKey = createHash(hash).update(clientKey).digest()
    const withoutProof = `c=biws,r=${nonce}`
    const authMessage = `${bare},${challenge},${withoutProof}`
    const signature = createHmac(hash, storedKey).update(authMessage).digest()
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0))
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
  }
  return [`n,,${bare}`, final]
}
