/**
 * zstd: one Zstandard frame (RFC 8878), through the package `zstd-napi`, node:zlib, or both.
 *
 * zstd-napi keeps its working memory from call to call, but has no asynchronous call. node:zlib has
 * one, from Node 22.15 on, but takes 1.5 times (1 MiB) to 7 times (1 KiB) as long (measured with
 * JSON at levels 1 and 3, Node 22). So each does what it is better at where both are there, and
 * either does everything where the other is missing.
 *
 * Not a guard against old brokers: that zstd wants Produce v7 (KIP-110) is the producer's to know.
 * Spec: Kafka's `ZstdCompression`, KIP-110, KIP-390. Neighbours: made by create-codec.ts; zstd-napi.ts and
 * zstd-zlib.ts are the two backends.
 */

import { ConfigError } from '../errors.js'
import type { Codec } from './codec.js'
import { type LevelRange, resolveLevel } from './level.js'
import { DEFAULT_MAX_SIZE_BYTES } from './malformed.js'
import type { ZstdBackend } from './zstd-backend.js'
import { createZstdNapi } from './zstd-napi.js'
import { createZstdZlib } from './zstd-zlib.js'

/** Makes the backends. A parameter of `createZstdCodec` only for the tests. */
export interface ZstdBackends {
  /** @throws ConfigError where the package cannot be loaded */
  readonly napi: (level: number) => ZstdBackend
  /** Undefined where the running Node has none. */
  readonly zlib: (level: number) => ZstdBackend | undefined
}

// zstd's own bounds, ZSTD_minCLevel() to ZSTD_maxCLevel(); Kafka's check is the same.
const LEVELS: LevelRange = { minimum: -131072, maximum: 22, default: 3 }

/**
 * @param level −131072 (fastest) to 22 (smallest, and slow by orders of magnitude); default 3
 * @throws ConfigError for any other level, or where neither library is there
 */
export function createZstdCodec(
  level?: number,
  backends: ZstdBackends = { napi: createZstdNapi, zlib: createZstdZlib },
): Codec {
  const resolved = resolveLevel('zstd', level, LEVELS)
  const zlib = backends.zlib(resolved)
  const sync = napiOr(zlib, () => backends.napi(resolved))
  return {
    name: 'zstd',
    id: 4,
    level: resolved,
    compressSync: (input, allocate) => sync.compressSync(input, allocate),
    compress: zlib?.compress,
    decompress: (input, maxSizeBytes = DEFAULT_MAX_SIZE_BYTES) =>
      sync.decompress(input, maxSizeBytes),
  }
}

function napiOr(fallback: ZstdBackend | undefined, createNapi: () => ZstdBackend): ZstdBackend {
  try {
    return createNapi()
  } catch (error) {
    if (fallback !== undefined && error instanceof ConfigError) return fallback
    throw error
  }
}
