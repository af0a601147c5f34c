/**
 * What a library does for zstd.ts, at one level.
 *
 * Neighbours: zstd-napi.ts and zstd-zlib.ts are the two.
 */

import type { Codec } from './codec.js'

/** One library's Zstandard, at one level. */
export interface ZstdBackend {
  readonly compressSync: Codec['compressSync']
  readonly compress: Codec['compress']
  /** @throws ProtocolError for malformed or truncated input, or a result beyond `maxSizeBytes` */
  decompress(input: Uint8Array, maxSizeBytes: number): Uint8Array
}
