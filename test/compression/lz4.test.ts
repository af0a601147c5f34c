/** The LZ4 frame; what lz4 shares with the other codecs is in codec.test.ts. */

import { createRequire } from 'node:module'
import t from 'tap'
import { readFrame } from '../../src/compression/lz4-frame-reader.js'
import { createLz4Codec } from '../../src/compression/lz4.js'
import { xxHash32 } from '../../src/compression/xxhash32.js'
import { goldenBytes, goldenInputs } from './golden.js'

const codec = createLz4Codec()
const lz4 = createRequire(import.meta.url)('lz4-napi') as {
  compressFrameSync(
    input: Uint8Array,
    options?: { contentChecksum?: boolean; blockChecksums?: boolean },
  ): Buffer
  decompressFrameSync(input: Uint8Array): Buffer
}

/** A frame from its parts; the header's checksum is computed. */
function frame(descriptor: string, rest: string): Buffer {
  const bytes = Buffer.from(descriptor, 'hex')
  const checksum = Buffer.of((xxHash32(bytes) >>> 8) & 0xff)
  return Buffer.concat([Buffer.from('04224d18', 'hex'), bytes, checksum, Buffer.from(rest, 'hex')])
}

const STORED_AB = '02000080' + '6162'
const END = '00000000'

t.test('writes the bytes that Java writes where the compressor has no choice', async (t) => {
  for (const name of ['empty', 'one-byte', 'noise'] as const) {
    const compressed = Buffer.from(codec.compressSync(goldenInputs[name]))
    t.equal(compressed.toString('hex'), goldenBytes('lz4', name).toString('hex'), name)
    t.strictSame(await codec.compress?.(goldenInputs[name]), compressed, `${name} async`)
  }
})

t.test('writes independent blocks of 64 KiB, whatever the size of the input', async (t) => {
  const input = Buffer.concat([Buffer.alloc(300_000, 'Ottla '), goldenInputs.noise])
  const compressed = Buffer.from(codec.compressSync(input))
  t.equal(compressed.subarray(0, 7).toString('hex'), '04224d18604082')
  let blocks = 0
  let at = 7
  for (; compressed.readUInt32LE(at) !== 0; at += 4 + compressed.readUInt32LE(at)) blocks++
  t.equal(blocks, Math.ceil(input.length / 65_536))
  t.equal(at + 4, compressed.length)
})

t.test('writes frames that another reader reads', async (t) => {
  for (const [name, input] of Object.entries(goldenInputs)) {
    t.ok(input.equals(lz4.decompressFrameSync(codec.compressSync(input))), name)
  }
})

t.test('reads frames of other writers: larger blocks, checksums', async (t) => {
  const input = Buffer.alloc(400_000, 'Dear Ottla, ')
  for (const contentChecksum of [false, true]) {
    for (const blockChecksums of [false, true]) {
      const bytes = lz4.compressFrameSync(input, { contentChecksum, blockChecksums })
      t.ok(
        input.equals(codec.decompress(bytes)),
        JSON.stringify({ contentChecksum, blockChecksums }),
      )
    }
  }
})

t.test('reads a frame that tells its content size', async (t) => {
  const bytes = frame('6840' + '0200000000000000', STORED_AB + END)
  t.equal(Buffer.from(codec.decompress(bytes)).toString(), 'ab')
})

t.test('refuses frames that are wrong, or that Kafka would refuse, saying where', async (t) => {
  const valid = frame('6040', STORED_AB + END)
  const wrongHash = Buffer.from(valid)
  wrongHash.writeUInt8(0, 6)
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from('05224d18604082', 'hex'), /at byte 0: it does not begin with the magic/],
    [frame('a040', END), /at byte 4: unknown version 2/],
    [frame('4040', END), /at byte 4: its blocks depend on one another/],
    [frame('6240', END), /at byte 4: a reserved flag is set/],
    [frame('614000000000', END), /at byte 4: it wants a dictionary/],
    [frame('6030', END), /at byte 5: unknown block descriptor 0x30/],
    [frame('6041', END), /at byte 5: unknown block descriptor 0x41/],
    [frame('60c0', END), /at byte 5: unknown block descriptor 0xc0/],
    [wrongHash, /at byte 6: header checksum mismatch/],
    [frame('6040', '01000100'), /at byte 7: a block of 65537 bytes where 65536 are allowed/],
    [frame('6040', '02000000' + 'ffff' + END), /^malformed lz4 data at byte 11: /],
    [frame('7040', STORED_AB + '00000000' + END), /at byte 13: block checksum mismatch/],
    [frame('6440', STORED_AB + END + '00000000'), /at byte 17: content checksum mismatch/],
    [
      frame('6840' + '0300000000000000', STORED_AB + END),
      /the content is 2 bytes, its header says 3/,
    ],
    [frame('6040', STORED_AB + END + '00'), /at byte 17: 1 bytes follow the frame/],
    [frame('6040', STORED_AB), /at byte 13: the frame is cut short/],
  ]
  t.equal(Buffer.from(codec.decompress(valid)).toString(), 'ab', 'the frame they are made from')
  for (const [bytes, message] of cases) {
    t.throws(() => codec.decompress(bytes), { name: 'ProtocolError', message }, message.source)
  }
})

t.test('takes no more memory for a block than it could hold', async (t) => {
  const asked: number[] = []
  const decompressBlock = (_block: Uint8Array, maxSizeBytes: number): Uint8Array => {
    asked.push(maxSizeBytes)
    return Buffer.from('ab')
  }
  const blocks = '02000000' + '0000' + '00040000' + '00'.repeat(1024) + END
  readFrame(frame('6040', blocks), decompressBlock, 1e9)
  readFrame(frame('6070', blocks), decompressBlock, 1e9)
  t.strictSame(asked, [510, 64 * 1024, 510, 255 * 1024], 'blocks of 2 and of 1024 bytes')
  const zeros = Buffer.alloc(4 * 1024 * 1024) // nothing compresses better
  t.ok(zeros.equals(codec.decompress(lz4.compressFrameSync(zeros))))
})
