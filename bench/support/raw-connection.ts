/**
 * A socket to a broker with nothing around it: whole frames out, whole frames in, in order. What
 * the wire limit and the bare start-up are measured with.
 *
 * Not src/network's connection: no timeout, no negotiation, no correlation, which are what a client
 * adds and is measured for.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseAddress } from '../../src/network/address.js'
import { FrameSplitter } from '../../src/network/connection/frame-splitter.js'

interface Waiter {
  readonly onAnswer: (frame: Buffer) => void
  readonly onError: (error: Error) => void
}

export class RawConnection {
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter()
  #waiting: Waiter[] = []
  #answered = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#splitter.push(chunk, (frame) => this.#answer(frame)))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')))
  }

  /** Connects to `host:port`. */
  static async open(address: string): Promise<RawConnection> {
    const socket = connect({ ...parseAddress(address), noDelay: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  /** Writes a frame; exactly one of the two is called later. What `onAnswer` throws is an error too. */
  send(frame: Buffer, onAnswer: Waiter['onAnswer'], onError: Waiter['onError']): void {
    this.#waiting.push({ onAnswer, onError })
    this.#socket.write(frame)
  }

  /** Writes a frame and resolves with its answer. */
  exchange(frame: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => this.send(frame, resolve, reject))
  }

  close(): void {
    this.#socket.destroy()
  }

  #answer(frame: Buffer): void {
    const waiter = this.#waiting[this.#answered++]
    if (this.#answered === this.#waiting.length) {
      this.#waiting = []
      this.#answered = 0
    }
    try {
      waiter?.onAnswer(frame)
    } catch (error) {
      waiter?.onError(error as Error)
    }
  }

  #fail(error: Error): void {
    for (const { onError } of this.#waiting.slice(this.#answered)) onError(error)
    this.#waiting = []
    this.#answered = 0
  }
}
