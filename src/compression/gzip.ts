/**
 * gzip: one member of RFC 1952, through node:zlib; needs no package.
 *
 * The slowest codec here by far; it is for consumers that know nothing else. Spec: Kafka's
 * `GzipCompression`, which reads with `java.util.zip.GZIPInputStream`. Like that class,
 * `decompress` reads concatenated members and ignores what follows them if it is not gzip.
 *
 * Neighbours: made by create-codec.ts; zlib-decompress.ts guards the way back.
 */

import { gunzipSync, gzip, gzipSync } from 'node:zlib'
import type { Codec } from './codec.js'
import { type LevelRange, resolveLevel } from './level.js'
import { DEFAULT_MAX_SIZE_BYTES } from './malformed.js'
import { place } from './room.js'
import { zlibDecompress } from './zlib-decompress.js'

// −1 is Z_DEFAULT_COMPRESSION: zlib's own choice, which is 6 today.
const LEVELS: LevelRange = { minimum: 1, maximum: 9, default: -1 }

/**
 * @param level 1 (fastest) to 9 (smallest), or −1, the default
 * @throws ConfigError for any other level
 */
export function createGzipCodec(level?: number): Codec {
  const options = { level: resolveLevel('gzip', level, LEVELS) }
  return {
    name: 'gzip',
    id: 1,
    level: options.level,
    compressSync: (input, allocate) => place(gzipSync(input, options), allocate),
    compress: (input, allocate) =>
      new Promise((resolve, reject) => {
        gzip(input, options, (error, output) => {
          if (error) reject(error)
          else resolve(place(output, allocate))
        })
      }),
    decompress: (input, maxSizeBytes = DEFAULT_MAX_SIZE_BYTES) =>
      zlibDecompress('gzip', gunzipSync, input, maxSizeBytes),
  }
}
