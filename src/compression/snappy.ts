/**
 * snappy in the framing of the xerial library, which is what Java's producer writes; through the
 * package `snappy`.
 *
 *   offset | size | field          | note
 *   0      | 8    | magic          | 82 'SNAPPY' 00
 *   8      | 4    | version        | 1, big-endian
 *   12     | 4    | compatible     | 1, big-endian: the oldest version that can read this
 *   16     | 4    | size of chunk  | big-endian; chunk and size repeat until the input ends
 *   20     | size | chunk          | a raw snappy block of at most 128 KiB uncompressed
 *
 * Not the framing that google/snappy describes (`sNaPpY`): no Kafka client reads that one. Readers
 * check only the magic, because some brokers have written both versions little-endian; what does
 * not begin with the magic is one raw block, which librdkafka and franz-go write.
 *
 * Spec: Kafka's `SnappyCompression`, xerial's `SnappyOutputStream` and `SnappyInputStream`.
 * Neighbours: made by create-codec.ts; xerial chunks are packed and unpacked here alone.
 */

import type { Allocate, Codec } from './codec.js'
import { refuseLevel } from './level.js'
import {
  DEFAULT_MAX_SIZE_BYTES,
  describeCause,
  expansionError,
  malformedError,
} from './malformed.js'
import { loadPackage } from './package.js'
import { allocateAnew } from './room.js'

interface SnappyPackage {
  compressSync(input: Uint8Array, options: EncodeOptions): Buffer
  compress(input: Uint8Array, options: EncodeOptions): Promise<Buffer>
  uncompressSync(input: Uint8Array): Buffer
}

interface EncodeOptions {
  readonly copyOutputData: boolean
}

/**
 * Without it each chunk keeps the room of the largest result, 38 KiB, until the garbage collector
 * comes by, and takes new pages of memory: 1.4 µs in place of 4.3 for a KiB of JSON on the calling
 * thread, 1.7 in place of 1.9 beside it, with a third of the memory (Node 20, snappy 7.4).
 */
const OPTIONS: EncodeOptions = { copyOutputData: true }
const MAGIC = Buffer.from('82534e4150505900', 'hex')
const HEADER = Buffer.concat([MAGIC, Buffer.from('0000000100000001', 'hex')])
const SIZE_FIELD_BYTES = 4
/** A block's content is at most this many times as large: a copy of 64 bytes takes three. */
const MAX_EXPANSION = 22
/**
 * Uncompressed. SnappyOutputStream's default is 32 KiB, and readers take any: each chunk is a task for
 * libuv and an object for V8 (measured with JSON of 1 KiB: 0.84 M records/s, 1.09 M with 128 KiB).
 */
const CHUNK_BYTES = 128 * 1024

/**
 * @throws ConfigError where a level is given, or the package `snappy` cannot be loaded
 */
export function createSnappyCodec(level?: number): Codec {
  refuseLevel('snappy', level, 'the format has none')
  const snappy = loadPackage<SnappyPackage>('snappy', { name: 'snappy' })
  return {
    name: 'snappy',
    id: 2,
    level: undefined,
    compressSync: (input, allocate) =>
      frame(
        split(input).map((chunk) => snappy.compressSync(chunk, OPTIONS)),
        allocate,
      ),
    compress: async (input, allocate) =>
      frame(
        await Promise.all(split(input).map((chunk) => snappy.compress(chunk, OPTIONS))),
        allocate,
      ),
    decompress: (input, maxSizeBytes = DEFAULT_MAX_SIZE_BYTES) =>
      hasMagic(input)
        ? decompressFramed(snappy, input, maxSizeBytes)
        : decompressBlock(snappy, input, 0, maxSizeBytes),
  }
}

function split(input: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let start = 0; start < input.length; start += CHUNK_BYTES) {
    chunks.push(input.subarray(start, start + CHUNK_BYTES))
  }
  return chunks
}

function frame(chunks: readonly Uint8Array[], allocate: Allocate = allocateAnew): Uint8Array {
  let sizeBytes = HEADER.length
  for (const chunk of chunks) sizeBytes += SIZE_FIELD_BYTES + chunk.length
  const output = allocate(sizeBytes)
  const view = new DataView(output.buffer, output.byteOffset, sizeBytes)
  output.set(HEADER)
  let at = HEADER.length
  for (const chunk of chunks) {
    view.setInt32(at, chunk.length)
    output.set(chunk, at + SIZE_FIELD_BYTES)
    at += SIZE_FIELD_BYTES + chunk.length
  }
  return output
}

function hasMagic(input: Uint8Array): boolean {
  return input.length >= MAGIC.length && MAGIC.equals(input.subarray(0, MAGIC.length))
}

function decompressFramed(
  snappy: SnappyPackage,
  input: Uint8Array,
  maxSizeBytes: number,
): Uint8Array {
  if (input.length < HEADER.length) {
    throw malformedError('snappy', 'the header is cut short', { offset: input.length })
  }
  const chunks: Uint8Array[] = []
  let leftBytes = maxSizeBytes
  let at = HEADER.length
  while (at < input.length) {
    const chunk = chunkAt(input, at)
    at += SIZE_FIELD_BYTES
    const output = decompressBlock(snappy, chunk, at, leftBytes, maxSizeBytes)
    leftBytes -= output.length
    chunks.push(output)
    at += chunk.length
  }
  return Buffer.concat(chunks)
}

function chunkAt(input: Uint8Array, offset: number): Uint8Array {
  const start = offset + SIZE_FIELD_BYTES
  if (start > input.length) {
    throw malformedError('snappy', "a chunk's size is cut short", { offset })
  }
  const sizeBytes = new DataView(input.buffer, input.byteOffset).getInt32(offset)
  if (sizeBytes < 0 || sizeBytes > input.length - start) {
    const left = input.length - start
    throw malformedError('snappy', `a chunk of ${sizeBytes} bytes where ${left} are left`, {
      offset,
    })
  }
  return input.subarray(start, start + sizeBytes)
}

// `leftBytes` is what the limit still allows; `maxSizeBytes` is the limit, for the message.
function decompressBlock(
  snappy: SnappyPackage,
  block: Uint8Array,
  offset: number,
  leftBytes: number,
  maxSizeBytes = leftBytes,
): Uint8Array {
  // The package allocates what the block claims, up to 4 GiB, before it looks at the rest.
  const claimedBytes = claimedSizeBytes(block, offset)
  if (claimedBytes > leftBytes) throw expansionError('snappy', maxSizeBytes)
  if (claimedBytes > block.length * MAX_EXPANSION) {
    const detail = `a block of ${block.length} bytes claims to hold ${claimedBytes}`
    throw malformedError('snappy', detail, { offset })
  }
  try {
    return snappy.uncompressSync(block)
  } catch (cause) {
    throw malformedError('snappy', describeCause(cause), { offset, cause })
  }
}

/** A raw block begins with its uncompressed size: an unsigned varint of at most 32 bits. */
function claimedSizeBytes(block: Uint8Array, offset: number): number {
  let sizeBytes = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    sizeBytes += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return sizeBytes
  }
  throw malformedError('snappy', 'a block does not begin with its size', { offset })
}
