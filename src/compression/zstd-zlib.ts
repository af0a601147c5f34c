/**
 * Zstandard through node:zlib, which has it from Node 22.15 (and 23.8) on.
 *
 * The functions are looked up, not imported: an import of a name that the running Node does not
 * have would fail the whole module. Their types are here because those of Node 20 know them not.
 *
 * Spec: the chapter on zlib of Node's documentation. Neighbours: a backend of zstd.ts;
 * zlib-decompress.ts and zstd-frame.ts guard the way back.
 */

import zlib from 'node:zlib'
import { place } from './room.js'
import { type ZlibDecompress, zlibDecompress } from './zlib-decompress.js'
import { assertWholeFrame } from './zstd-frame.js'
import type { ZstdBackend } from './zstd-backend.js'

interface ZstdOptions {
  readonly params: Readonly<Record<number, number>>
  /** Documented, though missing from Node's published types. */
  readonly pledgedSrcSize?: number
}

/** The part of node:zlib that came with Node 22.15. */
interface ZstdFunctions {
  zstdCompressSync(input: Uint8Array, options: ZstdOptions): Buffer
  zstdCompress(
    input: Uint8Array,
    options: ZstdOptions,
    callback: (error: Error | null, output: Buffer) => void,
  ): void
  readonly zstdDecompressSync: ZlibDecompress
  readonly constants: { readonly ZSTD_c_compressionLevel: number }
}

/** Undefined where the running Node has no zstd. */
export function createZstdZlib(level: number): ZstdBackend | undefined {
  const zstd: object = zlib
  if (!hasZstd(zstd)) return undefined
  const options = { params: { [zstd.constants.ZSTD_c_compressionLevel]: level } }
  return {
    compressSync: (input, allocate) => place(zstd.zstdCompressSync(input, options), allocate),
    compress: (input, allocate) =>
      new Promise((resolve, reject) => {
        // Without the size it prepares for an endless stream: for 100 bytes, 1.6 s in place of
        // 0.14 ms at level 22, 47 ms in place of 0.12 at level 19 (Node 22.23).
        const pledgedSrcSize = input.length
        zstd.zstdCompress(input, { ...options, pledgedSrcSize }, (error, output) => {
          if (error) reject(error)
          else resolve(place(output, allocate))
        })
      }),
    decompress(input, maxSizeBytes) {
      assertWholeFrame(input)
      return zlibDecompress('zstd', zstd.zstdDecompressSync, input, maxSizeBytes)
    },
  }
}

function hasZstd(functions: object): functions is ZstdFunctions {
  return 'zstdCompressSync' in functions
}
