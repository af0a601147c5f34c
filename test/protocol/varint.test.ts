import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import {
  readInt64,
  VarintReader,
  varintSizeBytes,
  varlongSizeBytes,
  writeInt64,
  writeVarint,
  writeVarlong,
} from '../../src/protocol/varint.js'
import { hex } from './support/codec.js'

/** The same in 64-bit arithmetic, as Protocol Buffers define it. */
function reference(value: bigint): Buffer {
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  while (zigzag > 0x7fn) {
    bytes.push(Number(zigzag & 0x7fn) | 0x80)
    zigzag >>= 7n
  }
  return Buffer.from([...bytes, Number(zigzag)])
}

function varint(value: number): Buffer {
  const buffer = Buffer.alloc(8, 0xee)
  return buffer.subarray(0, writeVarint(buffer, 0, value))
}

function varlong(value: number): Buffer {
  const buffer = Buffer.alloc(12, 0xee)
  return buffer.subarray(0, writeVarlong(buffer, 0, value))
}

/** Every power of two up to 2^bits and its neighbours, of both signs. */
function boundaries(bits: number): number[] {
  const values = [0]
  for (let bit = 0; bit <= bits; bit++) {
    for (const near of [-1, 0, 1]) values.push(2 ** bit + near, -(2 ** bit) + near)
  }
  return values
}

const INT32S = boundaries(31).filter((value) => value >= -(2 ** 31) && value < 2 ** 31)
const INT53S = boundaries(53).filter((value) => Math.abs(value) <= 2 ** 53)

t.test('zig-zag counts 0, -1, 1, -2, 2 upwards', async (t) => {
  const expected = { '0': '00', '-1': '01', '1': '02', '-2': '03', '63': '7e', '-64': '7f' }
  for (const [value, bytes] of Object.entries(expected)) {
    t.strictSame(varint(Number(value)), hex(bytes))
  }
  t.strictSame(varint(64), hex('8001'))
  t.strictSame(varint(2 ** 31 - 1), hex('feffffff0f'))
  t.strictSame(varint(-(2 ** 31)), hex('ffffffff0f'))
})

t.test('a varint is what 64-bit arithmetic makes of it, at every boundary', async (t) => {
  for (const value of INT32S) {
    const bytes = reference(BigInt(value))
    t.strictSame(varint(value), bytes, `${value}`)
    t.equal(varintSizeBytes(value), bytes.length, `${value}`)
    const reader = new VarintReader(bytes, 0, bytes.length)
    t.equal(reader.readVarint(), value)
    t.equal(reader.offset, bytes.length)
  }
})

t.test('a varlong is what 64-bit arithmetic makes of it, at every boundary', async (t) => {
  for (const value of INT53S) {
    const bytes = reference(BigInt(value))
    t.strictSame(varlong(value), bytes, `${value}`)
    t.equal(varlongSizeBytes(value), bytes.length, `${value}`)
    const reader = new VarintReader(bytes, 0, bytes.length)
    t.equal(reader.readVarlong(), value)
    t.equal(reader.offset, bytes.length)
  }
})

t.test('any integer within 53 bits goes and comes back', async () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = varlong(value)
      if (!bytes.equals(reference(BigInt(value)))) return false
      return new VarintReader(bytes, 0, bytes.length).readVarlong() === value
    }),
  )
})

t.test('any int32 goes and comes back', async () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      const bytes = varint(value)
      return bytes.equals(reference(BigInt(value))) && bytes.length === varintSizeBytes(value)
    }),
  )
})

t.test('varints are written and read at any offset, one behind another', async (t) => {
  const buffer = Buffer.alloc(64)
  let offset = 5
  for (const value of [300, -1, 0, -70_000]) offset = writeVarint(buffer, offset, value)
  offset = writeVarlong(buffer, offset, -(2 ** 40))
  const reader = new VarintReader(buffer, 5, offset)
  t.equal(reader.readVarint(), 300)
  t.equal(reader.readVarint(), -1)
  t.equal(reader.readVarint(), 0)
  t.equal(reader.readVarint(), -70_000)
  t.equal(reader.readVarlong(), -(2 ** 40))
  t.equal(reader.offset, offset)
})

t.test('the ends of int64 are read, rounded as numbers are', async (t) => {
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 60n, -(2n ** 60n) - 1n]) {
    const bytes = reference(value)
    t.equal(new VarintReader(bytes, 0, bytes.length).readVarlong(), Number(value))
  }
})

t.test('a varint cut short is refused, with the offset where it began', async (t) => {
  for (const bytes of [hex(''), hex('80'), hex('ffffffff')]) {
    const padded = Buffer.concat([hex('0102'), bytes])
    for (const read of ['readVarint', 'readVarlong'] as const) {
      const reader = new VarintReader(padded, 2, padded.length)
      const error = t.throws(() => reader[read](), ProtocolError) as ProtocolError
      t.equal(error.offset, 2)
    }
  }
})

t.test('a reader does not look behind its end, though the buffer goes on', async (t) => {
  const reader = new VarintReader(hex('ac02'), 0, 1)
  t.throws(() => reader.readVarint(), ProtocolError)
})

t.test('a varint of more than 32 bits is refused', async (t) => {
  for (const bytes of ['ffffffff10', 'ffffffff7f', '808080808000', 'ffffffffffffffffff01']) {
    const reader = new VarintReader(hex(bytes), 0, bytes.length / 2)
    t.throws(() => reader.readVarint(), { message: /longer than 32 bits/, offset: 0 }, bytes)
  }
})

t.test('a varlong of more than 64 bits is refused', async (t) => {
  for (const bytes of ['ffffffffffffffffff02', 'ffffffffffffffffffff01']) {
    const reader = new VarintReader(hex(bytes), 0, bytes.length / 2)
    t.throws(() => reader.readVarlong(), { message: /longer than 64 bits/, offset: 0 }, bytes)
  }
})

t.test('an int64 is big-endian two’s complement, at every boundary', async (t) => {
  for (const value of INT53S) {
    const buffer = Buffer.alloc(10, 0xee)
    writeInt64(buffer, 1, value)
    t.equal(buffer.readBigInt64BE(1), BigInt(value), `${value}`)
    t.equal(readInt64(buffer, 1), value)
    t.equal(buffer[0], 0xee)
    t.equal(buffer[9], 0xee)
  }
})
