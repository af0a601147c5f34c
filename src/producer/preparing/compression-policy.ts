/**
 * Which codec a producer's batches get: the option `compression` as a policy.
 *
 * Before: options.ts. After: compressor.ts asks for each batch.
 */
import { COMPRESSION_NAMES, type Codec, type CompressionName } from '../../compression/codec.js'
import { createCodec } from '../../compression/create-codec.js'
import type { Log } from '../../logger.js'
import { ProtocolError } from '../../errors.js'
import type { Decompress } from '../../protocol/record-batch-reader.js'
import { AutoCompression, codecsForAuto } from './auto-compression.js'
import { FIRST_VERSION_WITH_ZSTD } from '../sending/produce-request.js'
import type { CodecChooser } from './codec-chooser.js'

/** The option `compression`: a codec, a codec with a level, or 'auto': the best for each topic. */
export type CompressionOption =
  | CompressionName
  | 'auto'
  | { readonly codec: CompressionName; readonly level?: number | undefined }

/**
 * null where nothing is compressed. Throws ConfigError for a bad level or a package that is missing.
 *
 * @internal
 */
export function compressionPolicy(
  option: CompressionOption,
  parts: {
    readonly stopwatchMs: () => number
    readonly logger: Log
    /** Highest Produce version that may be spoken. */
    readonly maxProduceVersion: number
  },
): CodecChooser | null {
  if (option === 'auto') {
    const mayUseZstd = parts.maxProduceVersion >= FIRST_VERSION_WITH_ZSTD
    return new AutoCompression(codecsForAuto(mayUseZstd), parts.stopwatchMs, parts.logger)
  }
  const { codec, level } = typeof option === 'string' ? { codec: option, level: undefined } : option
  const made = createCodec(codec, level)
  return made.name === 'none' ? null : { codecFor: () => made }
}

const codecs = new Map<number, Codec>()

/** Reads back what any codec wrote. @internal */
export const decompress: Decompress = (bytes, codecId) => {
  const name = COMPRESSION_NAMES[codecId]
  if (name === undefined) throw new ProtocolError(`no codec has the number ${codecId}`)
  const codec = codecs.get(codecId) ?? createCodec(name)
  codecs.set(codecId, codec)
  return codec.decompress(bytes)
}
