/**
 * Real TCP on the loopback interface, with TLS over it or without, for tests that use a producer as
 * it is.
 *
 * Listening sockets do not keep the process alive; open connections do, until the cluster closes.
 *
 * Spec: node:net, node:tls. Neighbours: cluster-network.ts is the contract; tls/server-tls.ts knows
 * the certificates.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../system-clock.js'
import { formatAddress } from '../network/address.js'
import type { Address } from '../network/transport/transport.js'
import type { AcceptStream, ClusterNetwork, ServerStream } from './cluster-network.js'
import type { ServerTls } from './tls/server-tls.js'

const HOST = '127.0.0.1'
const ANY_PORT = 0

/** One per cluster. */
export class TcpNetwork implements ClusterNetwork {
  readonly clock = systemClock()
  readonly #servers = new Map<string, Server>()
  readonly #sockets = new Set<Socket>()
  readonly #tls: ServerTls | null

  constructor(tls: ServerTls | null = null) {
    this.#tls = tls
  }

  async listen(address: Address | null, accept: AcceptStream): Promise<Address> {
    const server = this.#createServer(accept)
    const port = await bind(server, address?.port ?? ANY_PORT)
    const bound = { host: this.#tls?.advertisedHost ?? HOST, port }
    this.#servers.set(formatAddress(bound), server)
    return bound
  }

  async unlisten(address: Address): Promise<void> {
    const server = this.#servers.get(formatAddress(address))
    if (server === undefined) return
    this.#servers.delete(formatAddress(address))
    // Not awaited to its end: a server counts as open while a connection is.
    server.close()
    await Promise.resolve()
  }

  async close(): Promise<void> {
    const closed = [...this.#servers.values()].map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    this.#servers.clear()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  #createServer(accept: AcceptStream): Server {
    const tls = this.#tls
    if (tls === null) {
      return createServer({ noDelay: true }, (socket) => {
        this.#keep(socket)
        serve(socket, accept)
      })
    }
    return tls.createServer(
      (socket) => this.#keep(socket), // also of clients that never finish their handshake
      (socket) => {
        const host = tls.advertisedHost ?? HOST
        tls.note(formatAddress({ host, port: socket.localPort ?? 0 }), socket)
        serve(socket, accept)
      },
    )
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // the client has gone: `close` follows
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

function serve(socket: Socket, accept: AcceptStream): void {
  const handlers = accept(streamOf(socket))
  socket.on('data', (chunk: Buffer) => handlers.onData(chunk))
  socket.on('error', () => {}) // the client has gone: `close` follows
  socket.on('close', () => handlers.onClose())
}

/** Resolves with the port. */
function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: HOST, port }, () => {
      server.off('error', reject)
      server.unref()
      const bound = server.address()
      if (bound === null || typeof bound === 'string') reject(new Error('no TCP port was bound'))
      else resolve(bound.port)
    })
  })
}

function streamOf(socket: Socket): ServerStream {
  return {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(() => socket.destroy()),
    destroy: () => void socket.destroy(),
  }
}
