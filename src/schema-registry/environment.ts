/**
 * Time and chance of a registry's client, as an argument: a test gives its own.
 *
 * Neighbours: registry-client.ts takes it.
 */
import type { Clock } from '../clock.js'
import { systemClock } from '../system-clock.js'

/** What is not in the options because it is the machine's. */
export interface RegistryEnvironment {
  readonly clock: Clock
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
}

/** The machine's own. */
export function systemEnvironment(): RegistryEnvironment {
  return { clock: systemClock(), random: Math.random }
}
