/**
 * Copies of what the user may write over once his call has returned, for whoever has to wait.
 *
 * Neighbours: parked-record.ts and record-group.ts.
 */

/** A copy of bytes; anything else as it is. */
export function ownBytes<T>(value: T): T {
  return value instanceof Uint8Array ? (Buffer.from(value) as unknown as T) : value
}
