/**
 * The user's code within Ottla: a logger, and subscribers of diagnostics channels, that use the producer
 * now and then. Whatever they do, they must find no change half done.
 *
 * Neighbours: simulation.ts and transactions/simulation.ts say what they do.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CHANNELS } from '../../src/producer/diagnostics/channels.js'
import type { Random } from './random.js'

/** So many calls in a seed: what they send is told of, too. */
const MOST_CALLS = 30

export interface FromWithinOptions {
  readonly random: Random
  /** How often a line, or a message, leads to a call. */
  readonly share: number
  /** Uses the producer of this client id. */
  readonly act: (clientId: string) => void
}

export class FromWithin {
  readonly #options: FromWithinOptions
  readonly #names = Object.keys(CHANNELS)
  #callsLeft = MOST_CALLS

  constructor(options: FromWithinOptions) {
    this.#options = options
    for (const name of this.#names) subscribe(name, this.#onMessage)
  }

  /** The logger was called. */
  line(clientId = ''): void {
    const { random, share, act } = this.#options
    if (this.#callsLeft === 0 || !random.chance(share)) return
    this.#callsLeft--
    act(clientId)
  }

  /** Nobody is subscribed any more: channels are the process's, and so the next seed's. */
  stop(): void {
    this.#callsLeft = 0
    for (const name of this.#names) unsubscribe(name, this.#onMessage)
  }

  readonly #onMessage = (message: unknown): void =>
    this.line((message as { readonly clientId: string }).clientId)
}
