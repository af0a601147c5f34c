/**
 * lz4: one LZ4 frame, through the package `lz4-napi`.
 *
 * The package compresses blocks; the frame around them is ours (lz4-frame.ts). Its own frame call
 * would be readable by Kafka, but takes blocks of up to 4 MiB, each of which costs a Java reader a
 * buffer of that size, and took 1.2 to 2.9 times as long for 64 KiB to 1 MiB of JSON, to save 2 % of
 * the size at most (measured, Node 20 and 22, lz4-napi 2.10).
 *
 * Spec: Kafka's `Lz4Compression`. Neighbours: made by create-codec.ts;
 * lz4-frame.ts and lz4-frame-reader.ts know the frame.
 */

import type { Codec } from './codec.js'
import { refuseLevel } from './level.js'
import { DEFAULT_MAX_SIZE_BYTES } from './malformed.js'
import { type Lz4BlockDecompress, readFrame } from './lz4-frame-reader.js'
import { buildFrame, splitBlocks } from './lz4-frame.js'
import { loadPackage } from './package.js'

/** A block comes, and is expected, behind its uncompressed size as a little-endian uint32. */
interface Lz4Package {
  compressSync(block: Uint8Array): Buffer
  compress(block: Uint8Array): Promise<Buffer>
  uncompressSync(prefixedBlock: Uint8Array): Buffer
}

const PREFIX_BYTES = 4

/**
 * @throws ConfigError where a level is given, or the package `lz4-napi` cannot be loaded
 */
export function createLz4Codec(level?: number): Codec {
  refuseLevel('lz4', level, "the package behind it, lz4-napi, has only LZ4's fast mode")
  const lz4 = loadPackage<Lz4Package>('lz4', { name: 'lz4-napi' })
  const decompressBlock = blockDecompressor(lz4)
  return {
    name: 'lz4',
    id: 3,
    level: undefined,
    compressSync(input, allocate) {
      const blocks = splitBlocks(input)
      const compressed = blocks.map((block) => withoutPrefix(lz4.compressSync(block)))
      return buildFrame(blocks, compressed, allocate)
    },
    async compress(input, allocate) {
      const blocks = splitBlocks(input)
      const compressed = await Promise.all(blocks.map((block) => lz4.compress(block)))
      return buildFrame(blocks, compressed.map(withoutPrefix), allocate)
    },
    decompress: (input, maxSizeBytes = DEFAULT_MAX_SIZE_BYTES) =>
      readFrame(input, decompressBlock, maxSizeBytes),
  }
}

function withoutPrefix(prefixedBlock: Uint8Array): Uint8Array {
  return prefixedBlock.subarray(PREFIX_BYTES)
}

// A frame does not tell a block's uncompressed size; the package is content with an upper bound.
function blockDecompressor(lz4: Lz4Package): Lz4BlockDecompress {
  return (block, maxSizeBytes) => {
    const prefixed = Buffer.allocUnsafe(PREFIX_BYTES + block.length)
    prefixed.writeUInt32LE(maxSizeBytes)
    prefixed.set(block, PREFIX_BYTES)
    return lz4.uncompressSync(prefixed)
  }
}
