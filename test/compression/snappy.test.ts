/** The xerial framing; what snappy shares with the other codecs is in codec.test.ts. */

import { createRequire } from 'node:module'
import t from 'tap'
import { createSnappyCodec } from '../../src/compression/snappy.js'
import { ProtocolError } from '../../src/errors.js'
import { goldenBytes, goldenInputs } from './golden.js'

const HEADER = '82534e4150505900' + '00000001' + '00000001'
const codec = createSnappyCodec()
const framed = (hex: string): Buffer => Buffer.from(HEADER + hex, 'hex')

t.test('writes the bytes that Java writes where the compressor has no choice', async (t) => {
  for (const name of ['empty', 'one-byte', 'noise'] as const) {
    const compressed = Buffer.from(codec.compressSync(goldenInputs[name]))
    t.equal(compressed.toString('hex'), goldenBytes('snappy', name).toString('hex'), name)
    t.strictSame(await codec.compress?.(goldenInputs[name]), compressed, `${name} async`)
  }
})

t.test('cuts its input into chunks of 128 KiB', async (t) => {
  const compressed = Buffer.from(codec.compressSync(Buffer.alloc(300_000, 'Dear Ottla, ')))
  const uncompressedSizes: string[] = []
  for (let at = 16; at < compressed.length; at += 4 + compressed.readInt32BE(at)) {
    uncompressedSizes.push(compressed.subarray(at + 4, at + 7).toString('hex'))
  }
  t.strictSame(uncompressedSizes, ['808008', '808008', 'e0a702']) // 131072, 131072, 37856
})

t.test('reads a raw block, as librdkafka and franz-go write it', async (t) => {
  const snappy = createRequire(import.meta.url)('snappy') as {
    compressSync(input: Uint8Array): Buffer
  }
  for (const input of Object.values(goldenInputs)) {
    t.ok(input.equals(codec.decompress(snappy.compressSync(input))), `${input.length} B`)
  }
})

t.test('checks only the magic of the header', async (t) => {
  const bytes = goldenBytes('snappy', 'text')
  bytes.writeInt32LE(1, 8)
  bytes.writeInt32LE(1, 12)
  t.ok(goldenInputs.text.equals(codec.decompress(bytes)))
})

t.test('refuses framing that does not add up, saying where', async (t) => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['header', framed('').subarray(0, 12), /at byte 12: the header is cut short/],
    ['size', framed('0000'), /at byte 16: a chunk's size is cut short/],
    ['negative size', framed('ffffffff'), /at byte 16: a chunk of -1 bytes where 0 are left/],
    ['overlong chunk', framed('00000009' + '0100'), /a chunk of 9 bytes where 2 are left/],
    ['empty chunk', framed('00000000'), /at byte 20: a block does not begin with its size/],
    ['endless varint', framed('00000006' + 'ffffffffff01'), /at byte 20: a block does not begin/],
    ['damaged block', framed('00000002' + '0501'), /^malformed snappy data at byte 20: /],
  ]
  for (const [name, input, message] of cases) {
    t.throws(() => codec.decompress(input), { name: 'ProtocolError', message }, name)
    t.throws(() => codec.decompress(input), ProtocolError)
  }
})

t.test('does not believe the size that a block claims', async (t) => {
  const claims4GiB = Buffer.from('ffffffff0f00', 'hex')
  t.throws(() => codec.decompress(claims4GiB), /more than 134217728 bytes/)
  t.throws(
    () => codec.decompress(framed(`00000006${claims4GiB.toString('hex')}`), 10),
    /more than 10 /,
  )
  const claims1MiB = Buffer.from('80804000', 'hex')
  t.throws(() => codec.decompress(claims1MiB), /a block of 4 bytes claims to hold 1048576/)
  const longest = codec.compressSync(Buffer.alloc(32 * 1024)) // nothing compresses better
  t.equal(codec.decompress(longest).length, 32 * 1024)
})

t.test('counts all chunks against the limit, and names the whole limit', async (t) => {
  const compressed = codec.compressSync(goldenInputs.repeated)
  t.throws(() => codec.decompress(compressed, 69_999), /more than 69999 bytes/)
  t.equal(codec.decompress(compressed, 70_000).length, 70_000)
})
