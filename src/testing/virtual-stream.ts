/**
 * One stream of a virtual network: two pipes, each in order, each with its delays.
 *
 *   client ── write ──> to-broker ──> broker's onData
 *   client's onData <── to-client <── write ── broker
 *
 * An end travels behind the bytes before it. A broker that cuts (`destroy`) takes along what it had
 * sent and what had not arrived yet, as a reset does.
 *
 * Neighbours: virtual-network.ts opens it; virtual-pipe.ts is one direction.
 */
import type { Clock } from '../clock.js'
import type { Transport, TransportHandlers } from '../network/transport/transport.js'
import type { AcceptStream, ServerStream, ServerStreamHandlers } from './cluster-network.js'
import { VirtualPipe } from './virtual-pipe.js'

/** What a stream lives by. */
export interface VirtualStreamParts {
  readonly clock: Clock
  readonly delayMs: (direction: 'to-broker' | 'to-client', sizeBytes: number) => number
  /** `host:port` of the broker. */
  readonly address: string
  /** Neither side uses it any more. */
  readonly onGone: () => void
}

export class VirtualStream implements Transport {
  readonly address: string
  readonly #clock: Clock
  readonly #handlers: TransportHandlers
  readonly #toBroker: VirtualPipe
  readonly #toClient: VirtualPipe
  readonly #onGone: () => void
  #server: ServerStreamHandlers | null = null
  #isClientOpen = true
  #isServerOpen = true
  #isStalled = false
  /** Writes that a stalled network has not taken yet. */
  #unwritten: (() => void)[] = []

  constructor(handlers: TransportHandlers, parts: VirtualStreamParts) {
    const { clock, delayMs, address, onGone } = parts
    this.address = address
    this.#clock = clock
    this.#handlers = handlers
    this.#onGone = onGone
    this.#toBroker = new VirtualPipe(
      clock,
      (sizeBytes) => delayMs('to-broker', sizeBytes),
      (bytes) => this.#server?.onData(bytes),
      () => this.#closeServer(),
    )
    this.#toClient = new VirtualPipe(
      clock,
      (sizeBytes) => delayMs('to-client', sizeBytes),
      (bytes) => this.#handlers.onData(bytes),
      () => this.#closeClient(null),
    )
  }

  /** Hands the broker its end. */
  connect(accept: AcceptStream): void {
    const stream: ServerStream = {
      write: (bytes) => {
        if (this.#isServerOpen) this.#toClient.send(Buffer.from(bytes))
      },
      end: () => this.#hangUp(),
      destroy: () => {
        this.#toClient.clear()
        this.#hangUp()
      },
    }
    this.#server = accept(stream)
  }

  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    const bytes = Buffer.concat(buffers) // the client may use its buffers again after onWritten
    const take = (): void => {
      this.#toBroker.send(bytes)
      this.#clock.defer(() => {
        if (this.#isClientOpen) onWritten()
      })
    }
    if (this.#isStalled) this.#unwritten.push(take)
    else if (this.#isClientOpen) take()
  }

  destroy(): void {
    if (!this.#isClientOpen) return
    this.#isClientOpen = false
    this.#unwritten = []
    this.#toClient.close()
    this.#toBroker.end()
    this.#leaveIfGone()
  }

  ref(): void {} // a virtual stream keeps nothing alive

  unref(): void {}

  /** Both ends see it end at once; what was on its way is lost. */
  cut(): void {
    this.#toBroker.close()
    this.#toClient.close()
    this.#closeServer()
    // Later, as every event of a socket comes: the client may be in the middle of a write.
    this.#clock.defer(() => this.#closeClient(new Error('connection reset (virtual network)')))
  }

  /** Holds all bytes back, or lets them go. */
  setStalled(isStalled: boolean): void {
    this.#isStalled = isStalled
    this.#toBroker.setHeld(isStalled)
    this.#toClient.setHeld(isStalled)
    if (isStalled || !this.#isClientOpen) return
    for (const take of this.#unwritten.splice(0)) take()
  }

  #hangUp(): void {
    if (!this.#isServerOpen) return
    this.#isServerOpen = false
    this.#toBroker.close()
    this.#toClient.end()
    this.#leaveIfGone()
  }

  #closeServer(): void {
    if (!this.#isServerOpen) return
    this.#isServerOpen = false
    this.#server?.onClose()
    this.#leaveIfGone()
  }

  #closeClient(error: Error | null): void {
    if (!this.#isClientOpen) return
    this.#isClientOpen = false
    this.#toBroker.close()
    this.#handlers.onClose(error)
    this.#leaveIfGone()
  }

  #leaveIfGone(): void {
    if (!this.#isClientOpen && !this.#isServerOpen) this.#onGone()
  }
}
