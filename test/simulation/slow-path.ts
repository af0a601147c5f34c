/**
 * The way from the producer's kernel to the broker, which at times is held up for one stream alone:
 * what the kernel has taken arrives late, also after the producer has given the stream up, and after
 * what it has sent on another one. (A lost packet does that, and so does a frozen broker that reads
 * its sockets in any order when it goes on.)
 *
 *   write ──> kernel: onWritten ──(held up)──> virtual stream ──> broker
 *
 * Neighbours: wire.ts stands in front of it.
 */
import type { Clock } from '../../src/clock.js'
import type { Transport } from '../../src/network/transport/transport.js'
import type { Random } from './random.js'

export interface SlowPathOptions {
  readonly random: Random
  readonly clock: Clock
  /** Share of writes with which the stream comes to a halt. */
  readonly holdUps: number
}

export const HELD_UP_MS = 500

/** `transport`, whose writes may arrive late. */
export class SlowPath implements Transport {
  readonly #transport: Transport
  readonly #options: SlowPathOptions
  /** What the kernel has, oldest first; the end of the stream comes behind it. */
  readonly #held: (() => void)[] = []
  #isHeldUp = false

  constructor(transport: Transport, options: SlowPathOptions) {
    this.#transport = transport
    this.#options = options
  }

  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    const { random, clock, holdUps } = this.#options
    if (!this.#isHeldUp && random.chance(holdUps)) this.#holdUp(random.around(HELD_UP_MS))
    if (!this.#isHeldUp) {
      this.#transport.write(buffers, onWritten)
      return
    }
    const bytes = Buffer.concat(buffers) // the kernel's own
    this.#held.push(() => {
      this.#transport.write([bytes], () => {})
    })
    clock.defer(onWritten)
  }

  destroy(): void {
    if (this.#isHeldUp) this.#held.push(() => this.#transport.destroy())
    else this.#transport.destroy()
  }

  ref(): void {
    this.#transport.ref()
  }

  unref(): void {
    this.#transport.unref()
  }

  #holdUp(ms: number): void {
    this.#isHeldUp = true
    this.#options.clock.setTimer(() => {
      this.#isHeldUp = false
      for (const go of this.#held.splice(0)) go()
    }, ms)
  }
}
