/**
 * A `Transport` over a socket of Node's, plain or TLS: both take the same calls.
 *
 * Neighbours: dial-each.ts opens the socket; connection.ts uses the transport.
 */
import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import type { Ears, SocketMaker, SocketOptions } from './socket-maker.js'
import type { Transport } from './transport.js'

/**
 * Read into one buffer and copied out: answers are a few hundred bytes, and Node would make a buffer
 * of this size for each of them.
 */
const READ_BYTES = 65_536
const KEEP_ALIVE_DELAY_MS = 60_000 // for half-dead links; a dead broker is found by time-outs sooner

/** What every socket is made with; `tls.connect` knows them all. */
export function socketOptions(target: LookupAddress, port: number, ears: Ears): SocketOptions {
  return {
    host: target.address,
    family: target.family,
    port,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (byteLength, bytes) => {
        ears.hasHeard = true
        ears.handlers.onData(Buffer.from(bytes.subarray(0, byteLength)))
        return true
      },
    },
    noDelay: true, // a request is one write: Nagle could only hold its tail back
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  }
}

export class SocketTransport implements Transport {
  readonly judge: (isUseful: boolean) => void
  readonly #socket: Socket
  readonly #writer: Pick<Transport, 'write'> | undefined

  constructor(socket: Socket, ears: Ears, maker: SocketMaker) {
    this.judge = ears.judge
    let failure: Error | null = null
    this.#socket = socket
    this.#writer = maker.makeWriter?.(socket)
    // A broker never closes one half only: without this a full send queue would hide its end.
    socket.on('end', () => socket.destroy())
    socket.on('error', (error) => {
      failure = maker.explain(error, ears.hasHeard ? 'heard' : 'unheard', socket)
    })
    socket.on('close', () => {
      ears.handlers.onClose(failure)
    })
  }

  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    if (this.#writer !== undefined) {
      this.#writer.write(buffers, onWritten)
      return
    }
    const socket = this.#socket
    const last = buffers.length - 1
    // What is written while corked leaves as one writev.
    if (last > 0) socket.cork()
    for (const [index, buffer] of buffers.entries()) {
      if (index < last) socket.write(buffer)
      else socket.write(buffer, (error) => (error ? undefined : onWritten()))
    }
    if (last > 0) socket.uncork()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }
}
