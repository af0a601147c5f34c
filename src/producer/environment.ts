/**
 * Time, chance and sockets as arguments: what a test or a simulation may replace, so that the whole
 * pipeline can run on a clock that is turned by hand, from a seed.
 */
import type { Clock } from '../clock.js'
import { dialTcp } from '../network/transport/tcp.js'
import type { Dial } from '../network/transport/transport.js'
import { systemClock } from '../system-clock.js'

export interface Environment {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly dial: Dial
  /** Where the sequence numbers of a producer id begin: a test's near 2^31. Default 0. */
  readonly firstSequence?: number
}

/** The machine's own. */
export function systemEnvironment(): Environment {
  const clock = systemClock()
  return { clock, random: Math.random, dial: dialTcp(clock) }
}
