/**
 * Copies keys, values and headers into a batch.
 *
 * Neighbours: record-batch.ts and record-headers.ts.
 */

/** Up to here a loop beats the call of `set` (measured: `enqueue` with a key and two headers). */
const SHORT_BYTES = 24

/**
 * Copies the first `length` of `bytes` (a scratch buffer may be longer) to `offset`; returns the offset
 * behind them.
 */
export function copyBytes(
  buffer: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  length = bytes.length,
): number {
  if (bytes.length === length && length > SHORT_BYTES) {
    buffer.set(bytes, offset)
  } else {
    // Of a longer scratch buffer too: a loop is cheaper than making a view of it.
    for (let i = 0; i < length; i++) buffer[offset + i] = bytes[i] as number
  }
  return offset + length
}
