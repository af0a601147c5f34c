/**
 * The bytes of a record as tests see them: what Node's Buffer is, as far as tests use it, without
 * @types/node in the public types.
 *
 * Neighbours: test-partition.ts hands them out; they are Buffers.
 */

/** A Buffer: bytes that can be read as text. */
export interface StoredBytes extends Uint8Array {
  /** The bytes as text. Default `utf8`; `hex`, `base64` and the other encodings of Buffer too. */
  toString(encoding?: string): string
}
