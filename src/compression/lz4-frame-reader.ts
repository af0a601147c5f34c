/**
 * Reads one LZ4 frame; its layout is drawn in lz4-frame.ts.
 *
 * Stricter than Kafka's reader: it checks the content's checksum and size where the frame has them,
 * and allows nothing after the frame.
 *
 * Spec and neighbours: see lz4-frame.ts.
 */

import { BLOCK_SIZE_FIELD_BYTES, STORED_BLOCK_FLAG } from './lz4-frame.js'
import { describeCause, expansionError, malformedError } from './malformed.js'
import { xxHash32 } from './xxhash32.js'

/** A block's content is at most this many times as large: the longest run that one byte adds. */
const MAX_EXPANSION = 255

/** Turns a block into its content, of at most `maxSizeBytes`; throws on garbage. */
export type Lz4BlockDecompress = (block: Uint8Array, maxSizeBytes: number) => Uint8Array

const MAGIC = 0x184d2204
const LARGEST_BLOCK_BYTES = new Map([
  [4, 64 * 1024],
  [5, 256 * 1024],
  [6, 1024 * 1024],
  [7, 4 * 1024 * 1024],
])

/**
 * The content of a frame.
 *
 * @throws ProtocolError for malformed or truncated input, or content beyond `maxSizeBytes`
 */
export function readFrame(
  input: Uint8Array,
  decompressBlock: Lz4BlockDecompress,
  maxSizeBytes: number,
): Uint8Array {
  const reader = new FrameReader(input, decompressBlock)
  const blocks: Uint8Array[] = []
  let sizeBytes = 0
  for (let block = reader.nextBlock(); block !== undefined; block = reader.nextBlock()) {
    sizeBytes += block.length
    if (sizeBytes > maxSizeBytes) throw expansionError('lz4', maxSizeBytes)
    blocks.push(block)
  }
  const content = Buffer.concat(blocks, sizeBytes)
  reader.finish(content)
  return content
}

interface FrameDescriptor {
  readonly hasBlockChecksums: boolean
  readonly contentSizeBytes: bigint | undefined
  readonly hasContentChecksum: boolean
  readonly largestBlockBytes: number
}

class FrameReader {
  readonly #input: Buffer
  readonly #decompressBlock: Lz4BlockDecompress
  readonly #descriptor: FrameDescriptor
  #at = 0

  constructor(input: Uint8Array, decompressBlock: Lz4BlockDecompress) {
    this.#input = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
    this.#decompressBlock = decompressBlock
    this.#descriptor = this.#readDescriptor()
  }

  /** The content of the next block, or undefined at the end mark. */
  nextBlock(): Uint8Array | undefined {
    const offset = this.#at
    const field = this.#readUint32()
    if (field === 0) return undefined
    const isStored = field >= STORED_BLOCK_FLAG
    const sizeBytes = isStored ? field - STORED_BLOCK_FLAG : field
    const { largestBlockBytes, hasBlockChecksums } = this.#descriptor
    if (sizeBytes > largestBlockBytes) {
      this.#fail(`a block of ${sizeBytes} bytes where ${largestBlockBytes} are allowed`, offset)
    }
    const block = this.#take(sizeBytes)
    if (hasBlockChecksums) this.#checkHash(block, 'block')
    return isStored ? block : this.#decompress(block, offset + BLOCK_SIZE_FIELD_BYTES)
  }

  /** Checks what follows the end mark, once the content is known. */
  finish(content: Uint8Array): void {
    const { contentSizeBytes, hasContentChecksum } = this.#descriptor
    if (hasContentChecksum) this.#checkHash(content, 'content')
    if (contentSizeBytes !== undefined && contentSizeBytes !== BigInt(content.length)) {
      this.#fail(`the content is ${content.length} bytes, its header says ${contentSizeBytes}`)
    }
    const left = this.#input.length - this.#at
    if (left > 0) this.#fail(`${left} bytes follow the frame`)
  }

  #readDescriptor(): FrameDescriptor {
    if (this.#readUint32() !== MAGIC) this.#fail('it does not begin with the magic of a frame', 0)
    const start = this.#at
    const flags = this.#take(1).readUInt8()
    const blockDescriptor = this.#take(1).readUInt8()
    this.#checkFlags(flags, start)
    const largestBlockBytes = LARGEST_BLOCK_BYTES.get(blockDescriptor >>> 4)
    if (largestBlockBytes === undefined || (blockDescriptor & 0x0f) !== 0) {
      this.#fail(`unknown block descriptor 0x${blockDescriptor.toString(16)}`, start + 1)
    }
    const contentSizeBytes = flags & 0x08 ? this.#take(8).readBigUInt64LE() : undefined
    this.#checkHeaderHash(this.#input.subarray(start, this.#at))
    return {
      hasBlockChecksums: (flags & 0x10) !== 0,
      contentSizeBytes,
      hasContentChecksum: (flags & 0x04) !== 0,
      largestBlockBytes,
    }
  }

  #checkFlags(flags: number, offset: number): void {
    if (flags >>> 6 !== 1) this.#fail(`unknown version ${flags >>> 6} of the frame`, offset)
    if ((flags & 0x20) === 0) this.#fail('its blocks depend on one another', offset)
    if ((flags & 0x02) !== 0) this.#fail('a reserved flag is set', offset)
    if ((flags & 0x01) !== 0) this.#fail('it wants a dictionary', offset)
  }

  #checkHeaderHash(descriptor: Uint8Array): void {
    const offset = this.#at
    const expected = (xxHash32(descriptor) >>> 8) & 0xff
    if (this.#take(1).readUInt8() !== expected) this.#fail('header checksum mismatch', offset)
  }

  #checkHash(bytes: Uint8Array, name: string): void {
    const offset = this.#at
    if (this.#readUint32() !== xxHash32(bytes)) this.#fail(`${name} checksum mismatch`, offset)
  }

  #decompress(block: Uint8Array, offset: number): Uint8Array {
    try {
      // The library takes memory for the most that it may be: no more than the block could hold.
      const mostBytes = Math.min(this.#descriptor.largestBlockBytes, block.length * MAX_EXPANSION)
      return this.#decompressBlock(block, mostBytes)
    } catch (cause) {
      throw malformedError('lz4', describeCause(cause), { offset, cause })
    }
  }

  #readUint32(): number {
    return this.#take(4).readUInt32LE()
  }

  #take(sizeBytes: number): Buffer {
    const end = this.#at + sizeBytes
    if (end > this.#input.length) this.#fail('the frame is cut short', this.#input.length)
    const bytes = this.#input.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  #fail(detail: string, offset = this.#at): never {
    throw malformedError('lz4', detail, { offset })
  }
}
