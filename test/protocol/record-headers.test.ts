import fc from 'fast-check'
import t from 'tap'
import {
  headersSizeBytes,
  writeHeaders,
  type WireHeaders,
} from '../../src/protocol/record-headers.js'
import { hex } from './support/codec.js'

function write(headers: WireHeaders, offset = 0): Buffer {
  const buffer = Buffer.alloc(offset + headersSizeBytes(headers) + 8, 0xee)
  return buffer.subarray(offset, writeHeaders(buffer, offset, headers))
}

const part = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary-ascii', maxLength: 100 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
)
const header = fc.tuple(part, fc.option(part, { nil: null }))

t.test('headers are a count, then names and values behind their lengths', async (t) => {
  const headers = ['ab', Buffer.from('xyz'), 'c', null, Buffer.from('c'), '', 'd', 'é']
  t.strictSame(write(headers), hex('08 04 6162 06 78797a 02 63 01 02 63 00 02 64 04 c3a9'))
})

t.test('no headers are one byte, whether null or an empty list', async (t) => {
  t.equal(headersSizeBytes(null), 1)
  t.equal(headersSizeBytes([]), 1)
  t.strictSame(write([]), hex('00'))
})

t.test('the size told is the size written, at any offset', async () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 80 }), fc.nat({ max: 9 }), (headers, offset) => {
      return write(headers.flat(), offset).length === headersSizeBytes(headers.flat())
    }),
    { numRuns: 50 },
  )
})

t.test('text and its bytes are the same header', async () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 20 }), (headers) => {
      const asBytes = headers.flat().map((it) => (typeof it === 'string' ? Buffer.from(it) : it))
      return write(headers.flat()).equals(write(asBytes))
    }),
  )
})

t.test('a length that needs a second byte gets one', async (t) => {
  const sizes = [63, 64].map((length) => headersSizeBytes([Buffer.alloc(length), null]))
  t.strictSame(sizes, [1 + 1 + 63 + 1, 1 + 2 + 64 + 1])
  const many = Array.from({ length: 64 }, () => [Buffer.alloc(0), null]).flat()
  t.equal(headersSizeBytes(many), 2 + 64 * 2)
})
