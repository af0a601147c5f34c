/**
 * How a socket is made, plain or TLS, and who hears what comes of it.
 *
 * Neighbours: tcp.ts and tls/dial-tls.ts are the two makers; dial-each.ts opens sockets with one, and
 * socket-transport.ts writes to what was opened.
 */
import type { Socket, TcpNetConnectOpts } from 'node:net'
import type { Transport, TransportHandlers } from './transport.js'

/** How the socket of one dial is made and what its errors mean. */
export interface SocketMaker {
  connect(options: SocketOptions): Socket
  /** Of the event with which the socket is open. */
  readonly openEvent: 'connect' | 'secureConnect'
  /** A socket's error in better words; `stage`: what it was at. */
  explain(error: Error, stage: SocketStage, socket: Socket): Error
  /** Who writes to a socket that is open; default: its corked writes. */
  makeWriter?(socket: Socket): Pick<Transport, 'write'>
}

/**
 * `connect`: no TCP connection yet; `greet`: TCP is open, `openEvent` has not come; `unheard`: it has,
 * and nothing else; `heard`: the other side has said something.
 */
export type SocketStage = 'connect' | 'greet' | 'unheard' | 'heard'

/** Called with what the stream receives, and whether it was of use. */
export interface Ears {
  readonly handlers: TransportHandlers
  readonly judge: (isUseful: boolean) => void
  /** Something has come. */
  hasHeard: boolean
}

/** What a socket is opened with: where to, and how it reads. */
export type SocketOptions = TcpNetConnectOpts & { readonly host: string }
