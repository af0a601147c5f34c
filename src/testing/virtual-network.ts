/**
 * A network on a virtual clock: the client's `Dial` and the brokers' ClusterNetwork, joined without
 * a socket. Nothing happens but by the clock and the functions given, so that a run can be repeated
 * to the last byte.
 *
 *   producer ── dial ──> [ stream: two pipes ] <── accept ── test cluster
 *
 * Streams keep their bytes in order, as TCP does; streams to different brokers overtake each other
 * as the delays have it.
 *
 * Neighbours: virtual-stream.ts is one stream; network/transport/transport.ts and cluster-network.ts are its
 * two faces.
 */
import type { Clock } from '../clock.js'
import { ConnectionError } from '../errors.js'
import { formatAddress } from '../network/address.js'
import type {
  Address,
  Dial,
  DialOptions,
  TransportHandlers,
} from '../network/transport/transport.js'
import type { AcceptStream, ClusterNetwork } from './cluster-network.js'
import { VirtualStream } from './virtual-stream.js'

/** Bytes about to travel. */
export interface Passage {
  /** `host:port` of the broker. */
  readonly address: string
  readonly direction: 'connect' | 'to-broker' | 'to-client'
  /** 0 for a connect or the end of a stream. */
  readonly sizeBytes: number
}

/** What a virtual network lives by. */
export interface VirtualNetworkOptions {
  readonly clock: Clock
  /** How long a passage takes, in ms. Default 0: soon, but never at once. */
  readonly delayMs?: (passage: Passage) => number
}

interface Listener {
  readonly accept: AcceptStream
}

const PORT = 9092

/** One per cluster; `dial` goes into the producer's environment. */
export class VirtualNetwork implements ClusterNetwork {
  readonly clock: Clock
  readonly #delayMs: (passage: Passage) => number
  readonly #listeners = new Map<string, Listener>()
  readonly #streams = new Set<VirtualStream>()
  readonly #stalled = new Set<string>()
  /** Other names of addresses. */
  readonly #aliases = new Map<string, string>()
  /** Dials that wait for a stalled broker. */
  #waiting: (() => void)[] = []
  #addressesGiven = 0

  constructor({ clock, delayMs = () => 0 }: VirtualNetworkOptions) {
    this.clock = clock
    this.#delayMs = delayMs
  }

  /** Open streams, to one broker (`host:port`) or to all. */
  streamCount(address?: string): number {
    return this.#selected(address).length
  }

  listen(address: Address | null, accept: AcceptStream): Promise<Address> {
    const at = address ?? { host: `broker-${++this.#addressesGiven}`, port: PORT }
    this.#listeners.set(formatAddress(at), { accept })
    return Promise.resolve(at)
  }

  unlisten(address: Address): Promise<void> {
    this.#listeners.delete(formatAddress(address))
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#listeners.clear()
    this.cut()
    return Promise.resolve()
  }

  /** Cuts every stream, or those to one broker: bytes on their way are lost in both directions. */
  cut(address?: string): void {
    for (const stream of this.#selected(address)) stream.cut()
  }

  /**
   * Nothing passes to or from a broker, as when a cable is pulled: bytes are kept, writes are not
   * finished, dials wait. Returns how to end it.
   */
  stall(address: string): () => void {
    this.#stalled.add(address)
    for (const stream of this.#selected(address)) stream.setStalled(true)
    return () => {
      this.#stalled.delete(address)
      for (const stream of this.#selected(address)) stream.setStalled(false)
      for (const retry of this.#waiting.splice(0)) retry()
    }
  }

  /** Lets a name (`host:port`) lead to an address, as DNS does; the last one given counts. */
  alias(name: string, address: string): void {
    this.#aliases.set(name, address)
  }

  /** The client's way in. */
  readonly dial: Dial = (address, handlers, options) => {
    return new Promise((resolve, reject) => {
      const giveUp = (why: string): void => settle(() => reject(failure(address, why)))
      const stop = this.#giveUpLater(options, giveUp)
      let isSettled = false
      const settle = (outcome: () => void): void => {
        if (isSettled) return
        isSettled = true
        stop()
        outcome()
      }
      const arrive = (): void => {
        const name = formatAddress(address)
        const text = this.#aliases.get(name) ?? name
        if (isSettled) return
        if (this.#stalled.has(text)) {
          this.#waiting.push(arrive)
          return
        }
        const listener = this.#listeners.get(text)
        if (listener === undefined) giveUp('connection refused')
        else settle(() => resolve(this.#open(text, handlers, listener)))
      }
      this.#after({ address: formatAddress(address), direction: 'connect', sizeBytes: 0 }, arrive)
    })
  }

  #open(address: string, handlers: TransportHandlers, { accept }: Listener): VirtualStream {
    const stream = new VirtualStream(handlers, {
      clock: this.clock,
      delayMs: (direction, sizeBytes) => this.#delayMs({ address, direction, sizeBytes }),
      address,
      onGone: () => this.#streams.delete(stream),
    })
    this.#streams.add(stream)
    stream.connect(accept)
    return stream
  }

  #after(passage: Passage, callback: () => void): void {
    const delayMs = this.#delayMs(passage)
    if (delayMs > 0) this.clock.setTimer(callback, delayMs)
    else this.clock.defer(callback)
  }

  #giveUpLater({ timeoutMs, signal }: DialOptions, giveUp: (why: string) => void): () => void {
    const abort = (): void => giveUp('given up by the caller')
    const timer = this.clock.setTimer(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs, {
      keepAlive: false,
    })
    signal?.addEventListener('abort', abort)
    return () => {
      timer.clear()
      signal?.removeEventListener('abort', abort)
    }
  }

  #selected(address: string | undefined): VirtualStream[] {
    return [...this.#streams].filter((it) => address === undefined || it.address === address)
  }
}

function failure({ host, port }: Address, why: string): ConnectionError {
  const message = `cannot connect to ${formatAddress({ host, port })}: ${why}`
  return new ConnectionError(message, { host, port, phase: 'connect' })
}
