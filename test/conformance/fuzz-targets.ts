/**
 * What the fuzzer aims at: every decoder of bytes from the network, each with sound frames to damage.
 */
import fc from 'fast-check'
import { COMPRESSION_NAMES } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { decodeRequestHeader } from '../../src/protocol/header.js'
import { Reader } from '../../src/protocol/reader.js'
import { RECORD_BATCH_HEADER_BYTES } from '../../src/protocol/record-batch.js'
import { anyRecords, buildCompressed, readOurs, reseal } from './batches.js'
import { MESSAGES } from './messages.js'
import type { Random } from './mutate.js'

/** Something that reads bytes. */
export interface FuzzTarget {
  readonly name: string
  /** Sound bytes, to be damaged. */
  readonly frames: readonly Buffer[]
  /** Bytes that decompression may add to a frame. */
  readonly expansionBytes: number
  decode(bytes: Buffer): unknown
  /** Makes good, in damaged bytes, what would hide the rest from the decoder, such as a checksum. */
  mend(bytes: Buffer, random: Random): Buffer
}

const FRAMES_PER_TARGET = 24
/** The most that compressed records may become here; the rest is refused by the codec. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024
/** Times that batches in one codec are listed, so that they are chosen as often as an API. */
const BATCH_WEIGHT = 8

/** Every target, some more than once. */
export function fuzzTargets(seed: number): FuzzTarget[] {
  return [...messageTargets(seed), headerTarget(), ...batchTargets(seed)]
}

function messageTargets(seed: number): FuzzTarget[] {
  return MESSAGES.flatMap(({ name, versions, codec, arbitrary }) =>
    versions.map((version) => {
      const messages = fc.sample(arbitrary(version), { seed, numRuns: FRAMES_PER_TARGET })
      return {
        name: `${name} v${version}`,
        frames: messages.map((message) => codec.encode(message, version)),
        expansionBytes: 0,
        decode: (bytes: Buffer) => codec.decode(bytes, version),
        mend: (bytes: Buffer) => bytes,
      }
    }),
  )
}

function headerTarget(): FuzzTarget {
  const context = { apiName: 'RequestHeader', version: 2 }
  return {
    name: 'RequestHeader v2',
    frames: [Buffer.from('000300090000000700026f7400', 'hex')],
    expansionBytes: 0,
    decode: (bytes) => decodeRequestHeader(new Reader(bytes, context), true),
    mend: (bytes) => bytes,
  }
}

function batchTargets(seed: number): FuzzTarget[] {
  const values = fc.sample(anyRecords, { seed, numRuns: FRAMES_PER_TARGET })
  return COMPRESSION_NAMES.flatMap((name) => {
    const codec = createCodec(name)
    const target = {
      name: `record batch in ${name}`,
      frames: values.map((records) => buildCompressed(records, codec)),
      // A damaged batch may say that it is in any codec.
      expansionBytes: MAX_DECOMPRESSED_BYTES,
      decode: (bytes: Buffer) => readOurs(bytes, MAX_DECOMPRESSED_BYTES),
      mend: mendBatch,
    }
    return Array.from({ length: BATCH_WEIGHT }, () => target)
  })
}

/** Four times out of five, what is checked before the records is made right: they are then read. */
function mendBatch(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < RECORD_BATCH_HEADER_BYTES || random(5) === 0) return bytes
  bytes.writeInt8(2, 16) // magic
  bytes.writeInt32BE((bytes.readInt32BE(57) - 1) | 0, 23) // last offset delta, by the record count
  return reseal(bytes)
}
