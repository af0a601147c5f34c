/**
 * A codec: the bytes of a batch's records in, fewer bytes out, and back again.
 *
 * This is the door of the room: the `Codec` interface, and `createCodec`, which makes one by its
 * Kafka name. It is not a policy: when a batch is compressed, whether beside the event loop, and
 * what happens where compression does not pay are the producer's to decide.
 *
 * Spec: KIP-390 (levels), Kafka's `CompressionType` (names and ids) and
 * `org.apache.kafka.common.compress` (framing). Neighbours: gzip.ts, snappy.ts, lz4.ts and zstd.ts
 * hold one codec each; the packages behind them are loaded only when their codec is asked for.
 */

import { ConfigError } from '../errors.js'
import { createGzipCodec } from './gzip.js'
import { refuseLevel } from './level.js'
import { createLz4Codec } from './lz4.js'
import { DEFAULT_MAX_SIZE_BYTES, expansionError } from './malformed.js'
import { createSnappyCodec } from './snappy.js'
import { createZstdCodec } from './zstd.js'

/** Kafka's names, as in `compression.type`; each stands at the index that is its id on the wire. */
export const COMPRESSION_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** One of Kafka's compression types. */
export type CompressionName = (typeof COMPRESSION_NAMES)[number]

/** Bits 0–2 of a record batch's attributes. */
export type CompressionId = 0 | 1 | 2 | 3 | 4

/** Gives room of exactly that size, for a result. */
export type Allocate = (sizeBytes: number) => Uint8Array

/** One compression type at one level. Holds no bytes between calls; may be shared by producers. */
export interface Codec {
  readonly name: CompressionName
  readonly id: CompressionId
  /** The level in force; undefined for codecs that have none. */
  readonly level: number | undefined

  /**
   * Compresses on the calling thread. The result is the caller's: no later call touches it. Only
   * `none` returns `input` itself.
   *
   * @param allocate where the result goes once its size is known, so that it need not be copied
   *   again; default: memory of its own
   */
  compressSync(input: Uint8Array, allocate?: Allocate): Uint8Array

  /**
   * Compresses beside the event loop, on libuv's thread pool; undefined where the library behind
   * the codec cannot. The bytes may differ from `compressSync`'s, never what they decompress to.
   * `input` must not change until the promise settles; `allocate` is called right before, or never.
   */
  readonly compress: ((input: Uint8Array, allocate?: Allocate) => Promise<Uint8Array>) | undefined

  /**
   * Decompresses what this codec, or Kafka's own, has written.
   *
   * @param maxSizeBytes the largest result to allow; default `DEFAULT_MAX_SIZE_BYTES`
   * @throws ProtocolError for malformed or truncated input, or a result beyond `maxSizeBytes`
   */
  decompress(input: Uint8Array, maxSizeBytes?: number): Uint8Array
}

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
