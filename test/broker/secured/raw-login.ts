/**
 * A login as it lies on the wire, step by step and without judgement: what does this listener answer
 * to these bytes? Dull on purpose, as ask.ts: tests judge Ottla's own SASL with it.
 *
 *   SaslHandshake v1      request mechanism string      response errorCode [ mechanism string ]
 *   SaslAuthenticate v1   request bytes                 response errorCode, errorMessage nullable
 *                                                       string, bytes, session lifetime ms int64
 *
 * Spec: SaslHandshakeRequest.json, SaslAuthenticateRequest.json; KIP-43, KIP-152, KIP-368.
 */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { askOver, type ClientApi } from '../ask.js'

const VERSION = 1
const CONNECT_TIMEOUT_MS = 10_000

/** What the broker answered to one step. */
export interface LoginAnswer {
  readonly errorCode: number
  readonly message: string | null
  readonly bytes: Buffer
  readonly sessionLifetimeMs: number
}

/** What became of a login. */
export interface LoginReport {
  readonly handshakeErrorCode: number
  /** Those that the listener has. */
  readonly mechanisms: readonly string[]
  /** One for each message that was sent; none where the handshake was refused. */
  readonly answers: readonly LoginAnswer[]
}

/** Where to, and with `ca` (PEM) over TLS. */
export interface LoginTarget {
  /** `host:port`. */
  readonly address: string
  readonly ca?: string
}

/** Connects, shakes hands, sends each message in turn while the broker takes them, and hangs up. */
export async function rawLogin(
  target: LoginTarget,
  mechanism: string,
  messages: readonly (string | Buffer)[],
): Promise<LoginReport> {
  const socket = await connected(target)
  try {
    const shaken = await askOver(socket, saslHandshake, VERSION, mechanism)
    const answers: LoginAnswer[] = []
    for (const message of shaken.errorCode === 0 ? messages : []) {
      const answer = await askOver(socket, saslAuthenticate, VERSION, Buffer.from(message))
      answers.push(answer)
      if (answer.errorCode !== 0) break
    }
    return { handshakeErrorCode: shaken.errorCode, mechanisms: shaken.mechanisms, answers }
  } finally {
    socket.destroy()
  }
}

/** Whether there is such a SCRAM user: one that is unknown fails at the first step. */
export async function isScramUser(target: LoginTarget, name: string): Promise<boolean> {
  const escaped = name.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const first = `n,,n=${escaped},r=abcdefghijklmnopqrstuvwx`
  const { answers } = await rawLogin(target, 'SCRAM-SHA-512', [first])
  return answers[0]?.errorCode === 0
}

async function connected({ address, ca }: LoginTarget): Promise<Socket> {
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))]
  const socket =
    ca === undefined
      ? connectTcp({ host, port })
      : connectTls({ host, port, ca, ...(/[a-z]/.test(host) ? { servername: host } : {}) })
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
  try {
    await once(socket, ca === undefined ? 'connect' : 'secureConnect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

const VERSIONS = { minVersion: VERSION, maxVersion: VERSION, flexibleFrom: 2 }

const saslHandshake: ClientApi<
  string,
  { readonly errorCode: number; readonly mechanisms: readonly string[] }
> = {
  ...VERSIONS,
  name: 'SaslHandshake',
  key: 17,
  encodeRequest: (writer, mechanism) => writer.writeString(mechanism, false),
  decodeResponse: (reader) => ({
    errorCode: reader.readInt16(),
    mechanisms: reader.readArray(false, () => reader.readString(false), 2),
  }),
}

const saslAuthenticate: ClientApi<Buffer, LoginAnswer> = {
  ...VERSIONS,
  name: 'SaslAuthenticate',
  key: 36,
  encodeRequest: (writer, bytes) => writer.writeBytes(bytes, false),
  decodeResponse: (reader) => ({
    errorCode: reader.readInt16(),
    message: reader.readNullableString(false),
    bytes: reader.readBytes(false),
    sessionLifetimeMs: Number(reader.readInt64()),
  }),
}
