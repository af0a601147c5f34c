import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'
import { hex } from './support/codec.js'

function reader(bytes: string): Reader {
  return new Reader(hex(bytes), { apiName: 'Produce', version: 9 })
}

t.test('reads every number big-endian in its own width', async (t) => {
  t.equal(reader('fe').readInt8(), -2)
  t.equal(reader('fffe').readInt16(), -2)
  t.equal(reader('fffefdfc').readInt32(), -66052)
  t.equal(reader('fffe').readUInt16(), 0xfffe)
  t.equal(reader('fffefdfc').readUInt32(), 0xfffefdfc)
  t.equal(reader('0020000000000001').readInt64(), 2n ** 53n + 1n)
  t.equal(reader('3ff8000000000000').readFloat64(), 1.5)
  t.equal(reader('02').readBoolean(), true, 'any byte but zero is true')
  t.equal(reader('ffffffff0f').readUnsignedVarint(), 0xffffffff)
})

t.test('a null is told by its type', async (t) => {
  t.throws(() => reader('00').readArray(true, () => 0, 1), { message: /an array is null where/ })
  t.throws(() => reader('ffff').readString(false), { message: /a string is null where/ })
})

t.test('reads lengths of both forms, null included', async (t) => {
  t.equal(reader('0002c3a9').readString(false), 'é')
  t.equal(reader('03c3a9').readString(true), 'é')
  t.equal(reader('ffff').readNullableString(false), null)
  t.equal(reader('00').readNullableString(true), null)
  t.equal(reader('ffffffff').readNullableBytes(false), null)
  t.equal(
    reader('00').readNullableArray(true, () => 0, 1),
    null,
  )
  const numbers = reader('030102')
  t.strictSame(
    numbers.readArray(true, () => numbers.readInt8(), 1),
    [1, 2],
  )
})

t.test('gives bytes as a view of the frame, not a copy', async (t) => {
  const frame = hex('020700')
  const bytes = new Reader(frame, { apiName: 'Produce', version: 9 }).readBytes(true)
  frame[1] = 8
  t.strictSame(bytes, Buffer.of(8))
})

t.test('an error names the message, its version and the offset', async (t) => {
  const cut = reader('00010002')
  cut.readInt16()
  t.throws(() => cut.readInt32(), {
    name: 'ProtocolError',
    message: 'cannot read Produce v9 at offset 2: int32 needs 4 bytes where 2 are left',
    apiName: 'Produce',
    version: 9,
    offset: 2,
  })
})

t.test('refuses to read past its end, where the buffer has more', async (t) => {
  const part = new Reader(hex('00112233'), { apiName: 'Produce', version: 9 }, 1, 3)
  t.equal(part.remaining, 2)
  t.equal(part.readInt16(), 0x1122)
  t.equal(part.offset, 3)
  t.throws(() => part.readInt8(), ProtocolError)
})

t.test('refuses bytes that no writer would write', async (t) => {
  const refused: Record<string, () => unknown> = {
    'a varint of more than 32 bits': () => reader('ffffffff10').readUnsignedVarint(),
    'a varint of six bytes': () => reader('808080808001').readUnsignedVarint(),
    'a null string': () => reader('ffff').readString(false),
    'a null compact string': () => reader('00').readString(true),
    'null bytes': () => reader('ffffffff').readBytes(false),
    'a null array': () => reader('00').readArray(true, () => 0, 1),
    'a string of length -2': () => reader('fffe').readNullableString(false),
    'bytes of length -2': () => reader('fffffffe').readNullableBytes(false),
    'an array of length -2': () => reader('fffffffe').readNullableArray(false, () => 0, 1),
    'left-over bytes': () => reader('00').expectEnd(),
  }
  for (const [name, read] of Object.entries(refused)) t.throws(read, ProtocolError, name)
})

t.test('refuses a length beyond the bytes left before it reads one of them', async (t) => {
  const readItem = () => {
    throw new Error('an item was read')
  }
  t.throws(() => reader('7fffffff 00').readArray(false, readItem, 1), ProtocolError, 'array')
  t.throws(
    () => reader('ffffffff0f 00').readArray(true, readItem, 1),
    ProtocolError,
    'compact array',
  )
  t.throws(
    () => reader('00000002 00000000').readArray(false, readItem, 4),
    ProtocolError,
    'of int32',
  )
  t.throws(() => reader('7fffffff 00').readBytes(false), ProtocolError, 'bytes')
  t.throws(() => reader('ffffffff0f 00').readBytes(true), ProtocolError, 'compact bytes')
  t.throws(() => reader('7fff 00').readString(false), ProtocolError, 'string')
  t.throws(() => reader('01 05 ffffffff0f').readTaggedFields(), ProtocolError, 'tagged field')
})

t.test('stops at the end of the bytes, whatever count of tagged fields is announced', async (t) => {
  t.throws(() => reader('ffffffff0f 0000').readTaggedFields(), ProtocolError)
})

t.test('hands known tagged fields over and skips the others', async (t) => {
  const seen: [number, number, number][] = []
  const tags = reader('03 01020102 0501ff 0700 2a')
  tags.readTaggedFields((tag, field, sizeBytes) => {
    if (tag !== 1) return false
    seen.push([tag, sizeBytes, field.readInt16()])
    return true
  })
  t.strictSame(seen, [[1, 2, 0x0102]])
  t.equal(tags.readInt8(), 42, 'the reader stands behind the section')
})

t.test('refuses a known tagged field that is longer or shorter than its value', async (t) => {
  const readInt16 = (_tag: number, field: Reader) => field.readInt16() === 0
  t.throws(() => reader('01 0103000000').readTaggedFields(readInt16), ProtocolError, 'longer')
  t.throws(() => reader('01 010100 0000').readTaggedFields(readInt16), ProtocolError, 'shorter')
})

t.test('refuses a string that is longer than Kafka allows', async (t) => {
  const text = (sizeBytes: number): Reader => {
    const writer = new Writer()
    writer.writeBytes(Buffer.alloc(sizeBytes, 'x'), true) // the same bytes as a compact string
    return new Reader(writer.toBuffer(), { apiName: 'Produce', version: 9 })
  }
  t.equal(text(0x7fff).readString(true).length, 0x7fff)
  t.throws(() => text(0x8000).readString(true), { message: /a string of 32768 bytes/ })
})
