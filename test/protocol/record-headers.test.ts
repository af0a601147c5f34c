import fc from 'fast-check'
import t from 'tap'
import {
  headersSizeBytes,
  writeHeaders,
  type WireHeader,
} from '../../src/protocol/record-headers.js'
import { hex } from './support/codec.js'

function write(headers: readonly WireHeader[], offset = 0): Buffer {
  const buffer = Buffer.alloc(offset + headersSizeBytes(headers) + 8, 0xee)
  return buffer.subarray(offset, writeHeaders(buffer, offset, headers))
}

const header: fc.Arbitrary<WireHeader> = fc.record({
  name: fc.uint8Array({ maxLength: 200 }),
  value: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null }),
})

t.test('headers are a count, then names and values behind their lengths', async (t) => {
  const headers = [
    { name: Buffer.from('ab'), value: Buffer.from('xyz') },
    { name: Buffer.from('c'), value: null },
    { name: Buffer.from('c'), value: Buffer.alloc(0) },
  ]
  t.strictSame(write(headers), hex('06 04 6162 06 78797a 02 63 01 02 63 00'))
})

t.test('no headers are one byte, whether null or an empty list', async (t) => {
  t.equal(headersSizeBytes(null), 1)
  t.equal(headersSizeBytes([]), 1)
  t.strictSame(write([]), hex('00'))
})

t.test('the size told is the size written, at any offset', async () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 80 }), fc.nat({ max: 9 }), (headers, offset) => {
      return write(headers, offset).length === headersSizeBytes(headers)
    }),
    { numRuns: 50 },
  )
})

t.test('a length that needs a second byte gets one', async (t) => {
  const sizes = [63, 64].map((length) =>
    headersSizeBytes([{ name: Buffer.alloc(length), value: null }]),
  )
  t.strictSame(sizes, [1 + 1 + 63 + 1, 1 + 2 + 64 + 1])
  const many = Array.from({ length: 64 }, () => ({ name: Buffer.alloc(0), value: null }))
  t.equal(headersSizeBytes(many), 2 + 64 * 2)
})
