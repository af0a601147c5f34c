/** What is gzip's own; what it shares with the other codecs is in codec.test.ts. */

import { gzipSync } from 'node:zlib'
import t from 'tap'
import { createGzipCodec } from '../../src/compression/gzip.js'
import { goldenInputs } from './golden.js'

const codec = createGzipCodec()

t.test('reads members that follow one another, as Java does', async (t) => {
  const twice = Buffer.concat([gzipSync(goldenInputs.text), gzipSync(goldenInputs.noise)])
  const expected = Buffer.concat([goldenInputs.text, goldenInputs.noise])
  t.ok(expected.equals(codec.decompress(twice)))
})

t.test('refuses a wrong checksum', async (t) => {
  const bytes = Buffer.from(codec.compressSync(goldenInputs.text))
  bytes.writeUInt32LE(0, bytes.length - 8)
  t.throws(() => codec.decompress(bytes), {
    name: 'ProtocolError',
    message: 'malformed gzip data: incorrect data check',
    cause: { code: 'Z_DATA_ERROR' },
  })
})
