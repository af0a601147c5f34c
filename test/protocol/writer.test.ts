import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { Reader } from '../../src/protocol/reader.js'
import { taggedField, Writer } from '../../src/protocol/writer.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import * as any from './arbitraries/primitives.js'

/** What `write` writes, as hexadecimal. */
function written(write: (writer: Writer) => void): string {
  const writer = new Writer()
  write(writer)
  return writer.toBuffer().toString('hex')
}

t.test('writes every number big-endian in its own width', async (t) => {
  t.equal(
    written((w) => w.writeInt8(-2)),
    'fe',
  )
  t.equal(
    written((w) => w.writeInt16(-2)),
    'fffe',
  )
  t.equal(
    written((w) => w.writeInt32(0x01020304)),
    '01020304',
  )
  t.equal(
    written((w) => w.writeUInt16(0xfffe)),
    'fffe',
  )
  t.equal(
    written((w) => w.writeUInt32(0xfffefdfc)),
    'fffefdfc',
  )
  t.equal(
    written((w) => w.writeInt64(-2n)),
    'fffffffffffffffe',
  )
  t.equal(
    written((w) => w.writeFloat64(1.5)),
    '3ff8000000000000',
  )
  t.equal(
    written((w) => w.writeBoolean(true)),
    '01',
  )
  t.equal(
    written((w) => w.writeBoolean(false)),
    '00',
  )
})

t.test('writes unsigned varints in groups of seven bits, lowest first', async (t) => {
  t.equal(
    written((w) => w.writeUnsignedVarint(0)),
    '00',
  )
  t.equal(
    written((w) => w.writeUnsignedVarint(127)),
    '7f',
  )
  t.equal(
    written((w) => w.writeUnsignedVarint(128)),
    '8001',
  )
  t.equal(
    written((w) => w.writeUnsignedVarint(300)),
    'ac02',
  )
  t.equal(
    written((w) => w.writeUnsignedVarint(0xffffffff)),
    'ffffffff0f',
  )
})

t.test('writes lengths of both forms, null included', async (t) => {
  t.equal(
    written((w) => w.writeString('é', false)),
    '0002c3a9',
  )
  t.equal(
    written((w) => w.writeString('é', true)),
    '03c3a9',
  )
  t.equal(
    written((w) => w.writeString('', true)),
    '01',
  )
  t.equal(
    written((w) => w.writeNullableString(null, false)),
    'ffff',
  )
  t.equal(
    written((w) => w.writeNullableString(null, true)),
    '00',
  )
  t.equal(
    written((w) => w.writeBytes(Buffer.of(7), false)),
    '0000000107',
  )
  t.equal(
    written((w) => w.writeBytes(Buffer.of(7), true)),
    '0207',
  )
  t.equal(
    written((w) => w.writeNullableBytes(null, false)),
    'ffffffff',
  )
  t.equal(
    written((w) => w.writeNullableBytes(null, true)),
    '00',
  )
  t.equal(
    written((w) => w.writeArray([1, 2], false, (i) => w.writeInt8(i))),
    '000000020102',
  )
  t.equal(
    written((w) => w.writeArray([1, 2], true, (i) => w.writeInt8(i))),
    '030102',
  )
  t.equal(
    written((w) => w.writeNullableArray(null, false, () => undefined)),
    'ffffffff',
  )
  t.equal(
    written((w) => w.writeNullableArray(null, true, () => undefined)),
    '00',
  )
})

t.test('writes a UUID as its sixteen bytes', async (t) => {
  t.equal(
    written((w) => w.writeUuid(ZERO_UUID)),
    '00'.repeat(16),
  )
  t.equal(
    written((w) => w.writeUuid('AAECAwQFBgcICQoLDA0ODw')),
    '000102030405060708090a0b0c0d0e0f',
  )
})

t.test('writes tagged fields in ascending order, each with its size', async (t) => {
  const two = taggedField(2, (w) => w.writeInt16(5))
  const one = taggedField(1, (w) => w.writeBoolean(true))
  t.equal(
    written((w) => w.writeTaggedFields([two, one])),
    '02' + '010101' + '02020005',
  )
  t.equal(
    written((w) => w.writeTaggedFields()),
    '00',
  )
})

t.test('refuses a value that its type cannot carry, and writes nothing of it', async (t) => {
  const refused: Record<string, (writer: Writer) => void> = {
    'int8 above': (w) => w.writeInt8(0x80),
    'int16 below': (w) => w.writeInt16(-0x8001),
    'int32 above': (w) => w.writeInt32(0x80000000),
    'uint16 below': (w) => w.writeUInt16(-1),
    'uint32 above': (w) => w.writeUInt32(0x100000000),
    'a fraction': (w) => w.writeInt32(1.5),
    'not a number': (w) => w.writeInt32(NaN),
    'int64 above': (w) => w.writeInt64(2n ** 63n),
    'varint below': (w) => w.writeUnsignedVarint(-1),
    'a string beyond int16': (w) => w.writeString('x'.repeat(0x8000), false),
    'not a UUID': (w) => w.writeUuid('orders'),
    'a tag twice': (w) =>
      w.writeTaggedFields([1, 1].map((tag) => taggedField(tag, () => undefined))),
  }
  for (const [name, write] of Object.entries(refused)) {
    const writer = new Writer()
    t.throws(() => write(writer), ProtocolError, name)
    t.equal(writer.offset, 0, `${name} leaves nothing behind`)
  }
})

t.test('takes the longest string that Kafka does, in both forms, and none longer', async (t) => {
  const writer = new Writer()
  writer.writeString('x'.repeat(0x7fff), false)
  t.equal(writer.offset, 2 + 0x7fff)
  writer.writeString('x'.repeat(0x7fff), true)
  const offset = 2 + 0x7fff + 3 + 0x7fff
  t.equal(writer.offset, offset)
  for (const flexible of [false, true]) {
    t.throws(() => writer.writeString('é'.repeat(0x4000), flexible), ProtocolError)
  }
  t.equal(writer.offset, offset)
})

t.test('grows from any size without losing what it holds', async (t) => {
  // Each write may be the one that makes the buffer grow: the first sizes hit every method.
  for (let sizeBytes = 0; sizeBytes < 80; sizeBytes++) {
    const writer = new Writer(sizeBytes)
    writer.writeInt8(1)
    writer.writeInt16(2)
    writer.writeInt32(3)
    writer.writeInt64(4n)
    writer.writeUInt16(5)
    writer.writeUInt32(6)
    writer.writeFloat64(7)
    writer.writeUnsignedVarint(300)
    writer.writeString('eight', true)
    writer.writeBytes(Buffer.from('nine'), true)
    writer.writeUuid('AAECAwQFBgcICQoLDA0ODw')
    t.equal(
      writer.toBuffer().toString('hex'),
      '01' +
        '0002' +
        '00000003' +
        '0000000000000004' +
        '0005' +
        '00000006' +
        '401c000000000000' +
        'ac02' +
        '066569676874' +
        '056e696e65' +
        '000102030405060708090a0b0c0d0e0f',
      `from ${sizeBytes} bytes`,
    )
  }
})

t.test('what is written is what is read', async (t) => {
  const property = fc.property(
    fc.boolean(),
    any.int64,
    any.nullable(any.text),
    any.nullable(any.bytes),
    any.uuid,
    fc.nat({ max: 0xffffffff }),
    any.nullable(any.list(any.int32)),
    (flexible, long, text, bytes, uuid, varint, numbers) => {
      const writer = new Writer(1)
      writer.writeInt64(long)
      writer.writeNullableString(text, flexible)
      writer.writeNullableBytes(bytes, flexible)
      writer.writeUuid(uuid)
      writer.writeUnsignedVarint(varint)
      writer.writeNullableArray(numbers, flexible, (number) => writer.writeInt32(number))
      const reader = new Reader(writer.toBuffer(), { apiName: 'Test', version: 0 })
      assert.equal(reader.readInt64(), long)
      assert.equal(reader.readNullableString(flexible), text)
      assert.deepStrictEqual(reader.readNullableBytes(flexible), bytes)
      assert.equal(reader.readUuid(), uuid)
      assert.equal(reader.readUnsignedVarint(), varint)
      const readNumbers = reader.readNullableArray(flexible, () => reader.readInt32(), 4)
      assert.deepStrictEqual(readNumbers, numbers)
      reader.expectEnd()
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})
