/**
 * What the coordinator of transactions lives in: the cluster around it, and how slow a test wants it.
 *
 * Neighbours: cluster-state.ts makes it; coordinator.ts and marker-writer.ts use it.
 */
import type { Clock } from '../../clock.js'
import type { Broker } from '../broker.js'
import type { Topic } from '../topic.js'
import type { ConsumerGroups } from './consumer-groups.js'
import type { CoordinatorPlacement } from './placement.js'
import type { Delay, TransactionOptions } from './transaction-options.js'

/** The same while the cluster runs. */
export interface TransactionKnobs {
  logWriteDelayMs: () => number
  markerDelayMs: () => number
  timeoutCheckIntervalMs: number
  maxTimeoutMs: number
  areMarkersHeld: boolean
  readonly partitionVerification: boolean
}

/** The cluster, as far as transactions need it. */
export interface CoordinatorEnvironment {
  readonly clock: Clock
  readonly brokers: ReadonlyMap<number, Broker>
  readonly topics: ReadonlyMap<string, Topic>
  readonly placement: CoordinatorPlacement
  readonly groups: ConsumerGroups
  readonly knobs: TransactionKnobs
  /** The finalized level of the feature. */
  readonly transactionVersion: () => number
  readonly newProducerId: () => bigint
}

const CHECK_INTERVAL_MS = 10_000
const MAX_TIMEOUT_MS = 900_000

/** The options with every default filled in. */
export function knobsOf(options: TransactionOptions): TransactionKnobs {
  return {
    logWriteDelayMs: delayOf(options.logWriteDelayMs ?? 0),
    markerDelayMs: delayOf(options.markerDelayMs ?? 0),
    timeoutCheckIntervalMs: options.timeoutCheckIntervalMs ?? CHECK_INTERVAL_MS,
    maxTimeoutMs: options.maxTimeoutMs ?? MAX_TIMEOUT_MS,
    areMarkersHeld: false,
    partitionVerification: options.partitionVerification ?? true,
  }
}

/** A delay as a function. */
export function delayOf(delay: Delay): () => number {
  return typeof delay === 'function' ? delay : () => delay
}
