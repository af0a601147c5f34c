/**
 * Makes a codec by its Kafka name: the door of the room.
 *
 * Spec: KIP-390 (levels), Kafka's `org.apache.kafka.common.compress` (framing). Neighbours: gzip.ts,
 * snappy.ts, lz4.ts and zstd.ts hold one codec each; the packages behind them are loaded only when
 * their codec is asked for.
 */

import { ConfigError } from '../errors.js'
import { COMPRESSION_NAMES, type Codec, type CompressionName } from './codec.js'
import { createGzipCodec } from './gzip.js'
import { refuseLevel } from './level.js'
import { createLz4Codec } from './lz4.js'
import { DEFAULT_MAX_SIZE_BYTES, expansionError } from './malformed.js'
import { createSnappyCodec } from './snappy.js'
import { createZstdCodec } from './zstd.js'

const FACTORIES = {
  none: createNoneCodec,
  gzip: createGzipCodec,
  snappy: createSnappyCodec,
  lz4: createLz4Codec,
  zstd: createZstdCodec,
} as const satisfies Record<CompressionName, (level: number | undefined) => Codec>

/**
 * Makes a codec, loading the package behind it.
 *
 * @param level gzip: 1 to 9, or −1 (zlib's choice, the default); zstd: −131072 to 22 (default 3);
 *   the others have none
 * @throws ConfigError for an unknown name, a level out of range, or a package that cannot be loaded
 */
export function createCodec(name: CompressionName, level?: number): Codec {
  if (!Object.hasOwn(FACTORIES, name)) {
    const known = COMPRESSION_NAMES.map((known) => `'${known}'`).join(', ')
    throw new ConfigError(
      `compression '${String(name)}' is not known: use one of ${known}, or for a producer 'auto'`,
    )
  }
  return FACTORIES[name](level)
}

function createNoneCodec(level: number | undefined): Codec {
  refuseLevel('none', level, 'it does not compress')
  return {
    name: 'none',
    id: 0,
    level: undefined,
    compressSync: (input) => input,
    compress: undefined,
    decompress(input, maxSizeBytes = DEFAULT_MAX_SIZE_BYTES) {
      if (input.length > maxSizeBytes) throw expansionError('none', maxSizeBytes)
      return input
    },
  }
}
