/**
 * Copies of what the user may write over once his call has returned, for whoever has to wait.
 *
 * Neighbours: parked-record.ts and record-group.ts.
 */
import { bytesOf } from '../../any-bytes.js'

/** A copy of bytes, of any realm; anything else as it is, and bytes that were transferred away: they are refused. */
export function ownBytes<T>(value: T): T {
  if (typeof value !== 'object') return value
  const bytes = bytesOf(value)
  return bytes === undefined ? value : (Buffer.from(bytes) as unknown as T)
}
