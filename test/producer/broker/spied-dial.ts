/**
 * Real sockets with somebody who listens: which request left when, and the chance to cut the line.
 */
import { systemClock } from '../../../src/system-clock.js'
import { dialTcp } from '../../../src/network/transport/tcp.js'
import type { Dial, Transport } from '../../../src/network/transport/transport.js'
import type { Environment } from '../../../src/producer/environment.js'

export const PRODUCE_KEY = 0
export const METADATA_KEY = 3
export const API_VERSIONS_KEY = 18
export const INIT_PRODUCER_ID_KEY = 22

/** What a request's first bytes say of it. */
export interface SentRequest {
  readonly apiKey: number
  readonly apiVersion: number
}

/** A line that can be cut. */
export interface Line {
  /** Closes the socket; what the kernel has of it may still arrive. */
  cut(): void
}

/** The machine's time, chance and sockets; `onRequest` is told of each request once it is written. */
export function spiedEnvironment(
  onRequest: (request: SentRequest, line: Line) => void,
): Environment {
  return { clock: systemClock(), random: Math.random, dial: spiedDial(onRequest) }
}

function spiedDial(onRequest: (request: SentRequest, line: Line) => void): Dial {
  const dial = dialTcp(systemClock())
  return async (address, handlers, options) => {
    const transport = await dial(address, handlers, options)
    const line: Line = {
      cut() {
        transport.destroy()
        handlers.onClose(new Error('the test cut the line'))
      },
    }
    return spied(transport, (request) => {
      onRequest(request, line)
    })
  }
}

function spied(transport: Transport, onRequest: (request: SentRequest) => void): Transport {
  return {
    write(buffers, onWritten) {
      const start = Buffer.concat(buffers.slice(0, 1)) // a copy: what follows may be written over
      transport.write(buffers, () => {
        onWritten()
        onRequest({ apiKey: start.readInt16BE(4), apiVersion: start.readInt16BE(6) })
      })
    },
    destroy: () => {
      transport.destroy()
    },
    ref: () => {
      transport.ref()
    },
    unref: () => {
      transport.unref()
    },
  }
}
