/**
 * How a producer is, for probes and status pages: `producer.health()`. Plain data, from what the
 * producer knows anyway: nothing is sent, nothing is waited for.
 *
 * Before: health-check.ts judges. After: the user.
 */

/**
 * One word for it, the first that applies:
 *
 *   status      when
 *   'failed'    it can do nothing any more: fenced, refused for good, or a bug in Ottla
 *   'closed'    `close` has ended
 *   'closing'   `close` was called
 *   'stuck'     a record is unsettled for longer than `lingerMs + requestTimeoutMs`, and nothing was
 *               acknowledged for as long
 *   'starting'  no broker has answered yet; the constructor opens nothing: `connect` or a record does
 *   'degraded'  no broker answers any more, or a transaction's coordinator does not; or a record waits
 *               for something that is known to be amiss, or has waited for longer than
 *               `lingerMs + requestTimeoutMs`, or failed since the last acknowledgement
 *   'ok'        records are on their way
 *   'idle'      nothing is
 */
export type HealthStatus =
  'closed' | 'closing' | 'failed' | 'stuck' | 'starting' | 'degraded' | 'ok' | 'idle'

/** A snapshot; it may be stored as JSON. */
export interface ProducerHealth {
  readonly status: HealthStatus
  /** Why it is 'failed', 'stuck' or 'degraded', or still 'starting'; null where nothing has a known cause. */
  readonly reason: string | null
  /**
   * For readiness: it is connected, and neither stuck nor at its end. False until the first broker has
   * answered.
   */
  readonly isReady: boolean
  /**
   * For liveness: false where only a new producer can help ('failed'). True while Kafka is away: a
   * restart would fix nothing, and lose what waits in memory.
   */
  readonly isAlive: boolean
  /** A broker has answered, and as far as is known one still does. Connections of an idle producer may be closed. */
  readonly isConnected: boolean
  /**
   * False: no broker gives metadata, and a refused login is why. A refusal by one broker, while another
   * answers, does not count. null: there is no option `sasl`, or no answer yet.
   */
  readonly isAuthenticated: boolean | null
  /** The option `clientId`. */
  readonly clientId: string
  /** In ms since 1970; null before the first acknowledgement. */
  readonly lastAcknowledgedAtMs: number | null
  /** The last record that failed, but for those whose own fault it was (not valid, too large, aborted). */
  readonly lastFailure: HealthFailure | null
  /** How long the oldest unsettled record has waited; 0 where none does. */
  readonly oldestUnsettledMs: number
  /** Sends that wait for room in the buffer. */
  readonly waitingSends: number
  /** What should be settled by now, and why it is not: oldest first, at most 10 partitions. */
  readonly overdue: readonly OverduePartition[]
}

/** A record that failed. */
export interface HealthFailure {
  /** In ms since 1970. */
  readonly atMs: number
  readonly topic: string | null
  readonly partition: number | null
  readonly reason: string
}

/** Records of one partition that have waited for too long, or wait for something that is amiss. */
export interface OverduePartition {
  readonly topic: string
  /** null where the records have no partition yet. */
  readonly partition: number | null
  /** How long the oldest of them has waited. */
  readonly ageMs: number
  /** What keeps it, as the record's error would say; null where that is not known. */
  readonly reason: string | null
}
