/**
 * Zstandard through the package `zstd-napi`: fast, synchronous only.
 *
 * Both ways go through its binding. The package's own `decompress` allocates whatever the frame
 * claims, and does not tell a whole frame from one cut short; its `compress` takes new memory of the
 * input's size for each input beyond 128 KiB, which keeps the garbage collector busy.
 *
 * Spec: the zstd manual (`ZSTD_decompressStream`). Neighbours: a backend of zstd.ts.
 */

import { describeCause, expansionError, malformedError } from './malformed.js'
import { loadPackage, type CodecPackage } from './package.js'
import { allocateAnew, place } from './room.js'
import type { ZstdBackend } from './zstd-backend.js'

interface ZstdNapiBinding {
  readonly CCtx: new () => CompressionContext
  readonly CParameter: { readonly compressionLevel: number }
  /** The largest result for an input of this size. */
  compressBound(inputBytes: number): number
  readonly DCtx: new () => DecompressionContext
  readonly ResetDirective: { readonly sessionOnly: number }
}

interface CompressionContext {
  setParameter(parameter: number, value: number): void
  /** Writes a whole frame; returns its size. */
  compress2(output: Uint8Array, input: Uint8Array): number
}

interface DecompressionContext {
  reset(directive: number): void
  /** `frameLeft` is 0 at the end of a frame, and else a hint at how much is to come. */
  decompressStream(
    output: Uint8Array,
    input: Uint8Array,
  ): [frameLeft: number, producedBytes: number, consumedBytes: number]
}

const PACKAGE: CodecPackage = {
  name: 'zstd-napi',
  file: 'binding.js',
  isBuiltOnInstall: true,
  alternative: ', or run Node.js 22.15 or later, which has zstd itself',
}
const CHUNK_BYTES = 128 * 1024 // ZSTD_DStreamOutSize(): room for one block of any frame
/** Room for a result that is kept from call to call; larger ones get room of their own. */
const MAX_SCRATCH_BYTES = 1024 * 1024

/**
 * @throws ConfigError where the package cannot be loaded
 */
export function createZstdNapi(level: number): ZstdBackend {
  const binding = loadPackage<ZstdNapiBinding>('zstd', PACKAGE)
  const { DCtx, ResetDirective } = binding
  // Kept, because its memory is native and the garbage collector does not see it; made late,
  // because a producer never decompresses.
  let context: DecompressionContext | undefined
  return {
    compressSync: compressor(binding, level),
    compress: undefined,
    decompress(input, maxSizeBytes) {
      context ??= new DCtx()
      context.reset(ResetDirective.sessionOnly)
      return decompressFrame(context, input, maxSizeBytes)
    },
  }
}

function compressor(binding: ZstdNapiBinding, level: number): ZstdBackend['compressSync'] {
  const context = new binding.CCtx()
  context.setParameter(binding.CParameter.compressionLevel, level)
  let scratch: Uint8Array = Buffer.alloc(0)
  return (input, allocate = allocateAnew) => {
    const boundBytes = binding.compressBound(input.length)
    const output = scratch.length >= boundBytes ? scratch : Buffer.allocUnsafeSlow(boundBytes)
    if (boundBytes <= MAX_SCRATCH_BYTES) scratch = output
    return place(output.subarray(0, context.compress2(output, input)), allocate)
  }
}

function decompressFrame(
  context: DecompressionContext,
  input: Uint8Array,
  maxSizeBytes: number,
): Uint8Array {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  let at = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const [frameLeft, produced, consumed] = step(context, chunk, input, at)
    sizeBytes += produced
    if (sizeBytes > maxSizeBytes) throw expansionError('zstd', maxSizeBytes)
    if (produced > 0) chunks.push(chunk.subarray(0, produced))
    at += consumed
    if (frameLeft === 0) break
    if (produced === 0 && consumed === 0) {
      throw malformedError('zstd', 'the frame is cut short', { offset: at })
    }
  }
  const left = input.length - at
  if (left > 0) throw malformedError('zstd', `${left} bytes follow the frame`, { offset: at })
  return Buffer.concat(chunks, sizeBytes)
}

function step(
  context: DecompressionContext,
  chunk: Uint8Array,
  input: Uint8Array,
  offset: number,
): [frameLeft: number, producedBytes: number, consumedBytes: number] {
  try {
    return context.decompressStream(chunk, input.subarray(offset))
  } catch (cause) {
    throw malformedError('zstd', describeCause(cause), { offset, cause })
  }
}
