/**
 * Copies of what the user may write over once his call has returned, for whoever has to wait.
 *
 * Neighbours: parked-record.ts and record-group.ts.
 */
import { isBytes } from '../../any-bytes.js'

/** A copy of bytes, of any realm; anything else as it is. */
export function ownBytes<T>(value: T): T {
  if (typeof value !== 'object' || !isBytes(value)) return value
  return Buffer.from(value as Uint8Array) as unknown as T
}
