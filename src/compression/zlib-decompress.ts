/**
 * node:zlib's synchronous decompressors under a limit of size, failing only with our errors.
 *
 * Neighbours: used by gzip.ts and zstd-zlib.ts.
 */

import { constants } from 'node:buffer'
import { describeCause, expansionError, malformedError } from './malformed.js'

/** `gunzipSync`, or another of its kind. */
export type ZlibDecompress = (
  input: Uint8Array,
  options: { readonly maxOutputLength: number },
) => Uint8Array

/**
 * Runs `decompress` over the whole input.
 *
 * @throws ProtocolError for malformed or truncated input, or a result beyond `maxSizeBytes`
 */
export function zlibDecompress(
  name: string,
  decompress: ZlibDecompress,
  input: Uint8Array,
  maxSizeBytes: number,
): Uint8Array {
  // zlib refuses a limit of 0, hence the second look at the size.
  const maxOutputLength = Math.min(Math.max(1, maxSizeBytes), constants.MAX_LENGTH)
  let output: Uint8Array
  try {
    output = decompress(input, { maxOutputLength })
  } catch (cause) {
    if (isTooLarge(cause)) throw expansionError(name, maxSizeBytes)
    throw malformedError(name, describeCause(cause), { cause })
  }
  if (output.length > maxSizeBytes) throw expansionError(name, maxSizeBytes)
  return output
}

function isTooLarge(cause: unknown): boolean {
  return cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
}
