/**
 * A codec: the bytes of a batch's records in, fewer bytes out, and back again.
 *
 * The interface alone: create-codec.ts makes one by its Kafka name, and gzip.ts, snappy.ts, lz4.ts and
 * zstd.ts hold one each. It is not a policy: when a batch is compressed, whether beside the event loop,
 * and what happens where compression does not pay are the producer's to decide.
 *
 * Spec: KIP-390 (levels), Kafka's `CompressionType` (names and ids).
 */

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
