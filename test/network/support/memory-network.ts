/**
 * A network within the process: a `Dial` that leads to servers written in the test, in order and
 * without any time passing. Not TCP: tcp.test.ts covers that.
 */
import { ConnectionError } from '../../../src/errors.js'
import { formatAddress } from '../../../src/network/address.js'
import type {
  Address,
  Dial,
  Transport,
  TransportHandlers,
} from '../../../src/network/transport/transport.js'

/** The server's end of one stream. */
export class Peer {
  readonly #handlers: TransportHandlers
  #isOpen = true
  /** While true, what the client writes stays out of "the kernel": `onWritten` is held back. */
  isBackedUp = false
  isReferenced = true
  onBytes: (bytes: Buffer) => void = () => {}
  readonly #heldBack: (() => void)[] = []

  constructor(handlers: TransportHandlers) {
    this.#handlers = handlers
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Sends bytes to the client, now. */
  send(bytes: Buffer): void {
    if (this.#isOpen) this.#handlers.onData(bytes)
  }

  /** Ends the stream from the server's side, now. */
  close(error: Error | null = null): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#handlers.onClose(error)
  }

  /** Lets through what was held back. */
  drain(): void {
    this.isBackedUp = false
    for (const onWritten of this.#heldBack.splice(0)) onWritten()
  }

  /** The client's end. */
  transport(): Transport {
    return {
      write: (buffers, onWritten) => {
        const bytes = Buffer.concat(buffers)
        queueMicrotask(() => {
          if (!this.#isOpen) return
          if (this.isBackedUp) this.#heldBack.push(onWritten)
          else onWritten()
          this.onBytes(bytes)
        })
      },
      destroy: () => {
        this.#isOpen = false
      },
      ref: () => {
        this.isReferenced = true
      },
      unref: () => {
        this.isReferenced = false
      },
    }
  }
}

/** How a server treats a new stream. Throwing refuses it; a promise delays it. */
export type Accept = (peer: Peer) => void | Promise<void>

/** Servers by address. */
export class MemoryNetwork {
  readonly #servers = new Map<string, Accept>()
  /** Every stream ever opened, in order. */
  readonly peers: Peer[] = []
  /** Every address ever dialled, in order. */
  readonly dialled: string[] = []

  get openPeers(): Peer[] {
    return this.peers.filter((peer) => peer.isOpen)
  }

  listen(address: Address, accept: Accept): void {
    this.#servers.set(formatAddress(address), accept)
  }

  unlisten(address: Address): void {
    this.#servers.delete(formatAddress(address))
  }

  readonly dial: Dial = async (address, handlers, { signal }) => {
    const text = formatAddress(address)
    this.dialled.push(text)
    const refused = (): ConnectionError =>
      new ConnectionError(`${text} refused`, { ...address, phase: 'connect' })
    const accept = this.#servers.get(text)
    if (accept === undefined) throw refused()
    const peer = new Peer(handlers)
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(refused())
      })
    })
    await Promise.race([accept(peer), aborted])
    this.peers.push(peer)
    return peer.transport()
  }
}
