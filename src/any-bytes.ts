/**
 * Bytes, of whichever realm: a Uint8Array or Buffer of a vm context, as under Jest's jsdom, is no instance
 * of this one's Uint8Array. The slow look comes last, where a value would be refused else.
 *
 * Before: whatever takes bytes of the user's.
 */
import { types } from 'node:util'

/** The value, if it is bytes, and these are there; of another realm as bytes of this one, in the same memory. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return isDetached(value) ? undefined : value
  if (!types.isUint8Array(value)) return undefined
  const { buffer, byteOffset, byteLength } = value
  try {
    return new Uint8Array(buffer, byteOffset, byteLength) // no Buffer: that may be another realm's, too
  } catch {
    return undefined // transferred away
  }
}

/** True for bytes of any realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value)
}

/** True for bytes that were handed to another thread: they look empty here. `buffer.detached` is for Node 22 on. */
export function isDetached({ buffer, length }: Uint8Array): boolean {
  if (length > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
