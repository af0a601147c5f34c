/**
 * What a test may say of the coordinator of transactions.
 *
 * Neighbours: ../options.ts and test-transactions.ts take it; environment.ts fills in the defaults.
 */

/** A level of Kafka's feature `transaction.version` (KIP-890). */
export type TransactionVersion = 0 | 1 | 2

/** What becomes of a log write that is under way when its coordinator goes: as if the log had it, or not. */
export type WriteFate = 'keep' | 'lose'

/** A delay in ms, or a function asked each time. */
export type Delay = number | (() => number)

/** How the coordinator of transactions behaves; all may be left out. */
export interface TransactionOptions {
  /** How long, in ms, a step takes to be in the coordinator's log; CONCURRENT_TRANSACTIONS until then. Default 0. */
  readonly logWriteDelayMs?: Delay | undefined
  /** How long, in ms, from the answer of EndTxn to the markers; CONCURRENT_TRANSACTIONS until then. Default 0. */
  readonly markerDelayMs?: Delay | undefined
  /** How often, in ms, transactions are looked for that have been open too long. Default 10,000, as Kafka's. */
  readonly timeoutCheckIntervalMs?: number | undefined
  /** Kafka's `transaction.max.timeout.ms`: a longer timeout is refused with 50. Default 900,000. */
  readonly maxTimeoutMs?: number | undefined
  /**
   * Kafka's `transaction.partition.verification.enable`: a leader asks the coordinator whether a partition
   * was added before it appends the first batch of a transaction (Produce up to v11; from v12 on it adds
   * the partition itself, always). Brokers before Kafka 3.6 do not: `false`. Default true.
   */
  readonly partitionVerification?: boolean | undefined
}
