/**
 * What the calls of a producer take besides records, and what they give.
 *
 * Neighbours: producer.ts has the calls.
 */
import '../globals.js'

/** Options of one `send`. */
export interface SendOptions {
  /**
   * Aborted before the record is appended: it is not written. After: the promise rejects with
   * outcome 'unknown', and the record is sent all the same.
   */
  readonly signal?: AbortSignal | undefined
}

/** Options of `close`. */
export interface CloseOptions {
  /** How long to go on delivering, in ms. Default `deliveryTimeoutMs`; 0 gives up at once. */
  readonly timeoutMs?: number | undefined
}

/** Options of `clientInstanceId`. */
export interface ClientInstanceIdOptions {
  /** How long to wait for it, in ms. Default `maxBlockMs`. */
  readonly timeoutMs?: number | undefined
}

/** One partition of a topic. */
export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  /** Node id of its leader; -1 while it has none. */
  readonly leader: number
}
