import fc from 'fast-check'
import t from 'tap'
import { KeyEncoder } from '../../../src/producer/records/key-encoder.js'

function encode(encoder: KeyEncoder, text: string): Buffer {
  encoder.encode(text)
  return Buffer.from(encoder.bytes.subarray(0, encoder.length))
}

t.test('any text becomes its UTF-8, key after key', async () => {
  const encoder = new KeyEncoder()
  const text = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(fc.integer({ min: 0xd700, max: 0xe100 }), { maxLength: 30 })
      .map((units) => String.fromCharCode(...units)),
  )
  fc.assert(fc.property(text, (key) => encode(encoder, key).equals(Buffer.from(key))))
})

t.test('keys around every limit are whole', async (t) => {
  const encoder = new KeyEncoder()
  for (const character of ['x', 'é', '€', '\ud800']) {
    for (const units of [0, 1, 23, 24, 25, 1364, 1365, 1366, 4096, 5000]) {
      const key = character.repeat(units)
      t.ok(encode(encoder, key).equals(Buffer.from(key)), `${units} of ${character}`)
    }
  }
})

t.test(
  'a short key that turns out not to be ASCII leaves no trace of the one before',
  async (t) => {
    const encoder = new KeyEncoder()
    encode(encoder, 'x'.repeat(24))
    t.strictSame(encode(encoder, 'abcé'), Buffer.from('abcé'))
    t.strictSame(encode(encoder, ''), Buffer.alloc(0))
  },
)

t.test('it is known whether the next key will overwrite the bytes', async (t) => {
  const encoder = new KeyEncoder()
  encoder.encode('short')
  t.equal(encoder.isScratch(encoder.bytes), true)
  encoder.encode('x'.repeat(5000))
  t.equal(encoder.isScratch(encoder.bytes), false)
  t.equal(encoder.isScratch(Buffer.from('short')), false)
})
