/**
 * Which records a consumer is given: Kafka's `isolation.level`.
 *
 * Neighbours: partition-log.ts obeys it; test-partition.ts takes it.
 */

/** `read_committed`: nothing of a transaction that is open or was aborted. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'
