/**
 * What tests of TLS share: keys made once a file, servers on the loopback, and the search for
 * secrets in whatever came out.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { TlsOptions as ServerOptions, TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import type { Test } from 'tap'
import { systemClock } from '../../../src/system-clock.js'
import type { Logger } from '../../../src/logger.js'
import { dialTls } from '../../../src/network/tls/dial-tls.js'
import { TlsCredentials } from '../../../src/network/tls/secure-context.js'
import type { TlsOption } from '../../../src/tls/tls-options.js'
import type { Dial, TransportHandlers } from '../../../src/network/transport/transport.js'
import {
  makeAuthority,
  makeCertificate,
  type Authority,
  type Certificate,
} from '../../support/certificates.js'

/** Stands in passphrases, and is searched for. */
export const MARKED = 'MARKED-passphrase-7391'

export interface World {
  readonly folder: string
  readonly authority: Authority
  /** One that has signed nothing that matters. */
  readonly stranger: Authority
  readonly server: Certificate
  readonly client: Certificate
  /** Its key opens with MARKED. */
  readonly encrypted: Certificate
}

export async function makeWorld(folder: string): Promise<World> {
  const authority = await makeAuthority(folder, 'authority')
  const stranger = await makeAuthority(folder, 'stranger')
  const altNames = ['DNS:localhost', 'DNS:broker.test', 'IP:127.0.0.1']
  const server = await makeCertificate(authority, { commonName: 'server', altNames })
  const client = await makeCertificate(authority, { commonName: 'client' })
  const encrypted = await makeCertificate(authority, {
    commonName: 'encrypted',
    encryptedKeyPassphrase: MARKED,
  })
  return { folder, authority, stranger, server, client, encrypted }
}

export const text = (path: string): string => readFileSync(path, 'utf8')

/** Certificate and key as a server of Node's takes them. */
export function pairOf({ chainPath, keyPath }: Certificate): { cert: string; key: string } {
  return { cert: text(chainPath), key: text(keyPath) }
}

/** Listens until the test is over. */
export async function listenTls(
  t: Test,
  options: ServerOptions,
  onSocket: (socket: TLSSocket) => void = () => {},
): Promise<number> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.on('tlsClientError', () => {})
  return await listen(t, server)
}

export async function listenTcp(t: Test, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  return await listen(t, server)
}

async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export interface Ears extends TransportHandlers {
  readonly bytes: Buffer[]
  readonly closed: Promise<Error | null>
}

export function ears(): Ears {
  const bytes: Buffer[] = []
  let end: (error: Error | null) => void = () => {}
  const closed = new Promise<Error | null>((resolve) => (end = resolve))
  return { bytes, closed, onData: (chunk) => bytes.push(chunk), onClose: (error) => end(error) }
}

/** A logger that keeps its sentences. */
export function loggerTo(lines: string[]): Logger {
  const keep = (_facts: object, message: string): void => void lines.push(message)
  return { debug: () => {}, info: keep, warn: keep, error: keep }
}

/** A dial with these options; what is logged or warned of goes to `lines`. */
export function dialWith(option: Exclude<TlsOption, false>, lines: string[] = []): Dial {
  const credentials = new TlsCredentials(option, (line) => lines.push(line))
  return dialTls(systemClock(), credentials, loggerTo(lines))
}

/** Everything that a program could print of it. */
export function allOutputOf(value: unknown): string {
  const parts: string[] = []
  for (let it = value; it !== undefined && it !== null; it = (it as Error).cause) {
    const json = JSON.stringify(it, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) // prettier-ignore
    parts.push(inspect(it, { depth: 9, showHidden: true }), String(it), json)
    if (it instanceof Error) parts.push(it.message, it.stack ?? '')
    if (parts.length > 100) break
  }
  return parts.join('\n')
}

/** Fails where a passphrase or a line of a private key can be read in any of it. */
export function noSecretIn(t: Test, value: unknown, keys: readonly string[] = []): void {
  const output = allOutputOf(value)
  const secrets = keys.flatMap((key) =>
    text(key).split('\n').filter((line) => line.length > 20 && !line.startsWith('-----')),
  ) // prettier-ignore
  for (const secret of [MARKED, ...secrets]) t.notOk(output.includes(secret), 'no secret is shown')
}
