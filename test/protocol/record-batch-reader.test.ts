import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { crc32c } from '../../src/protocol/crc32c.js'
import {
  bufferSizeFor,
  NO_PRODUCER,
  RECORD_BATCH_HEADER_BYTES,
  RecordBatchBuilder,
  sealBatch,
} from '../../src/protocol/record-batch.js'
import { decodeBatch, decodeRecords } from '../../src/protocol/record-batch-reader.js'
import { batchRecord } from './support/batch-record.js'
import { hex } from './support/codec.js'
import { wrapCompressed } from './support/wrap-compressed.js'

/** A batch of three records with keys, values, headers, nulls. */
function sample(): Buffer {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(1000)))
  const headers = ['trace', 'abc', 'none', null]
  batch.append(batchRecord({ key: Buffer.from('key'), value: 'first', headers }))
  batch.append(batchRecord({ timestamp: 999 }))
  batch.append(batchRecord({ timestamp: 70_000_000, key: Buffer.alloc(0), value: '' }))
  batch.seal({ producerId: 5n, producerEpoch: 1, baseSequence: 0 })
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end))
}

function readAll(bytes: Buffer): unknown[] {
  return decodeRecords(decodeBatch(bytes))
}

/** Makes length and checksum right again, so that what is behind them is judged. */
function mended(bytes: Buffer): Buffer {
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

/** A batch whose records are these bytes. */
function batchOf(recordCount: number, records: string): Buffer {
  const bytes = Buffer.concat([sample().subarray(0, RECORD_BATCH_HEADER_BYTES), hex(records)])
  bytes.writeInt32BE(recordCount, 57)
  bytes.writeInt32BE(recordCount - 1, 23)
  return mended(bytes)
}

t.test('a batch is read at an offset, and what is behind it is left alone', async (t) => {
  const bytes = Buffer.concat([hex('aabbcc'), sample(), hex('dd')])
  const batch = decodeBatch(bytes, 3)
  t.equal(batch.sizeBytes, bytes.length - 4)
  t.equal(decodeRecords(batch).length, 3)
})

t.test('offsets count from the batch’s base', async (t) => {
  const bytes = sample()
  bytes.writeBigInt64BE(2n ** 60n, 0)
  const offsets = decodeRecords(decodeBatch(bytes)).map(({ offset }) => offset)
  t.strictSame(offsets, [2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 2n])
})

t.test('log-append time is every record’s timestamp', async (t) => {
  const bytes = sample()
  bytes.writeInt16BE(0x08, 21)
  const batch = decodeBatch(mended(bytes))
  t.equal(batch.hasLogAppendTime, true)
  const timestamps = decodeRecords(batch).map(({ timestamp }) => timestamp)
  t.strictSame(timestamps, [70_000_000, 70_000_000, 70_000_000])
})

t.test('the attributes’ other bits are told apart', async (t) => {
  const bytes = sample()
  bytes.writeInt16BE(0x13, 21)
  const batch = decodeBatch(mended(bytes))
  t.strictSame([batch.codecId, batch.isTransactional, batch.isControl], [3, true, false])
  bytes.writeInt16BE(0x20, 21)
  t.equal(decodeBatch(mended(bytes)).isControl, true)
})

t.test('a batch cut short is refused at every byte', async (t) => {
  const whole = sample()
  for (let size = 0; size < whole.length; size++) {
    t.throws(() => readAll(whole.subarray(0, size)), ProtocolError, `${size} bytes`)
  }
})

t.test('records cut short are refused at every byte, though the header is right', async (t) => {
  const whole = sample()
  for (let size = RECORD_BATCH_HEADER_BYTES; size < whole.length; size++) {
    const cut = mended(Buffer.from(whole.subarray(0, size)))
    t.throws(() => readAll(cut), ProtocolError, `${size} bytes`)
  }
})

t.test('any one byte changed is refused by the checksum, or by what it says', async (t) => {
  const whole = sample()
  const unchecked = [...Array(8).keys(), 12, 13, 14, 15] // base offset, leader epoch: the broker's
  for (let at = 0; at < whole.length; at++) {
    if (unchecked.includes(at)) continue
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(at) ^ flip, at)
      t.throws(() => readAll(changed), ProtocolError, `byte ${at} ^ ${flip}`)
    }
  }
})

t.test('no mutation under a right checksum throws anything but ProtocolError', async () => {
  const whole = sample()
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 30 }),
      (changes, cut) => {
        const bytes = Buffer.from(whole.subarray(0, whole.length - cut))
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
        bytes[16] = 2
        try {
          readAll(mended(bytes))
        } catch (error) {
          return error instanceof ProtocolError
        }
        return true
      },
    ),
    { numRuns: 2000 },
  ) // prettier-ignore
})

t.test('no random bytes throw anything but ProtocolError', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
      try {
        readAll(Buffer.from(array))
      } catch (error) {
        return error instanceof ProtocolError
      }
      return false // a right checksum by chance: not in our lifetime
    }),
  )
})

t.test('a wrong magic, length or count is named with its offset', async (t) => {
  const change = (edit: (bytes: Buffer) => void): Buffer => {
    const bytes = sample()
    edit(bytes)
    return bytes
  }
  const magic = change((bytes) => (bytes[16] = 1))
  t.throws(() => decodeBatch(magic), { message: /magic is 1, not 2/, offset: 16 })
  const tooSmall = change((bytes) => bytes.writeInt32BE(48, 8))
  t.throws(() => decodeBatch(tooSmall), { message: /length is too small/, offset: 8 })
  const negative = change((bytes) => bytes.writeInt32BE(-2147483648, 8))
  t.throws(() => decodeBatch(negative), { message: /length is too small/ })
  const tooLarge = change((bytes) => bytes.writeInt32BE(2147483647, 8))
  t.throws(() => decodeBatch(tooLarge), { message: /end before its length/ })
  const crc = change((bytes) => bytes.writeUInt32BE(0, 17))
  t.throws(() => decodeBatch(crc), { message: /CRC-32C/, offset: 17 })
  const delta = mended(change((bytes) => bytes.writeInt32BE(3, 23)))
  t.throws(() => decodeBatch(delta), { message: /last offset delta 3 for 3 records/, offset: 23 })
  const count = mended(change((bytes) => bytes.writeInt32BE(-1, 57)))
  t.throws(() => decodeBatch(count), { message: /record count is negative/, offset: 57 })
})

t.test('a count that the bytes cannot hold is refused before any record is made', async (t) => {
  t.throws(() => readAll(batchOf(2 ** 31 - 1, '0c 00 00 00 01 01 00')), {
    message: /2147483647 records cannot lie in 7 bytes/,
  })
})

t.test('a batch without records is one', async (t) => {
  t.strictSame(readAll(batchOf(0, '')), [])
  t.throws(() => readAll(batchOf(0, '00')), { message: /1 bytes are left over/ })
})

t.test('every length inside a record is held to the bytes there are', async (t) => {
  const cases = {
    'a record longer than the batch': '7e 00 00 00 01 01 00',
    'a record of negative length': '01 00 00 00 01 01 00',
    'a record longer than its fields': '0e 00 00 00 01 01 00 00',
    'a key longer than its record': '0c 00 00 00 7e 01 00',
    'a key of length -2': '0c 00 00 00 03 01 00',
    'a value longer than its record': '0c 00 00 00 01 7e 00',
    'a negative count of headers': '0c 00 00 00 01 01 01',
    'more headers than fit': '0c 00 00 00 01 01 08',
    'a header without a name': '10 00 00 00 01 01 02 01 01',
    'a header’s value longer than its record': '10 00 00 00 01 01 02 00 7e',
  }
  for (const [name, records] of Object.entries(cases)) {
    t.throws(() => readAll(batchOf(1, records)), ProtocolError, name)
  }
  t.throws(() => readAll(batchOf(1, '0c 00 00 00 03 01 00')), { message: /a length of -2/ })
  t.equal(readAll(batchOf(1, '0c 00 00 00 01 01 00')).length, 1, 'and the sound one is read')
})

t.test('compressed records are handed to the codec that the header names', async (t) => {
  const plain = sample().subarray(RECORD_BATCH_HEADER_BYTES)
  const wrapped = wrapCompressed(Buffer.from('squeezed'))
  sealBatch(wrapped, { codecId: 2, baseTimestamp: 1000, maxTimestamp: 1, recordCount: 3, stamp: NO_PRODUCER })
  const batch = decodeBatch(wrapped.buffer.subarray(wrapped.start, wrapped.end))
  const found = decodeRecords(batch, (bytes, codecId) => {
    t.equal(bytes.toString(), 'squeezed')
    t.equal(codecId, 2)
    return Uint8Array.from(plain)
  })
  t.strictSame(found.map(({ value }) => value?.toString()), ['first', undefined, ''])
  t.throws(() => decodeRecords(batch), { message: /codec 2, and no codec given/ })
}) // prettier-ignore
