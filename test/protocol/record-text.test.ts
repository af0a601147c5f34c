import fc from 'fast-check'
import t from 'tap'
import { textSizeBytes, writeText } from '../../src/protocol/record-text.js'
import { VarintReader } from '../../src/protocol/varint.js'

const GUARD = 0xc3

/** The text as it is read back, written with no byte to spare, and whether what is around is untouched. */
function roundTrip(text: string): { bytes: Buffer; isTidy: boolean } {
  const sizeBytes = textSizeBytes(text)
  const buffer = Buffer.alloc(sizeBytes + 10, GUARD)
  const end = writeText(buffer, 3, text)
  const reader = new VarintReader(buffer, 3, end)
  const length = reader.readVarint()
  const bytes = buffer.subarray(reader.offset, reader.offset + length)
  const isTidy = reader.offset + length === end && buffer.subarray(0, 3).every((it) => it === GUARD)
  return { bytes, isTidy }
}

t.test('text is what Buffer makes of it, behind its length', async () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
  const text = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 100 }),
    fc.string({ unit: 'binary', maxLength: 100 }),
    units.map((codes) => String.fromCharCode(...codes)), // half surrogate pairs, too
  )
  fc.assert(
    fc.property(text, (text) => {
      const { bytes, isTidy } = roundTrip(text)
      return isTidy && bytes.equals(Buffer.from(text))
    }),
    { numRuns: 500 },
  )
})

t.test('where the length needs a byte more than that of ASCII, the text makes room', async (t) => {
  for (const length of [20, 21, 22, 32, 33, 63, 64, 2731, 4095, 4096, 8191, 8192]) {
    for (const character of ['x', 'é', '€', '😀', '\ud800']) {
      const text = character.repeat(length)
      const { bytes, isTidy } = roundTrip(text)
      t.ok(isTidy && bytes.equals(Buffer.from(text)), `${length} of ${character}`)
    }
  }
})

t.test('text around the length at which another way of writing begins', async (t) => {
  for (let length = 0; length < 70; length++) {
    const ascii = 'x'.repeat(length)
    for (const text of [ascii, `${ascii}é`, `é${ascii}`, `${ascii}\u0000`]) {
      t.ok(roundTrip(text).bytes.equals(Buffer.from(text)), JSON.stringify(text))
    }
  }
})
