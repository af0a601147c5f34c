/**
 * Who counts connections and logins of every kind: to produce on, for metadata, to coordinators. Not
 * who acts upon them: a listener does that (brokers/pool-listener.ts).
 *
 * Neighbours: connection.ts, open-connection.ts and sasl/login.ts call; the producer counts.
 */
export interface ConnectionStatistics {
  /** A connection takes requests. */
  opened(): void
  /**
   * One that was opened is closed. `isLost`: by the other side, or because something was wrong with it;
   * else it was no longer needed.
   */
  closed(isLost: boolean): void
  /** An attempt came to nothing, and was not given up by us. */
  failed(): void
  /** A login has succeeded; `isAgain`: on a connection that has had one (KIP-368). */
  authenticated(isAgain: boolean): void
  /** A login was refused. */
  authenticationFailed(): void
}
