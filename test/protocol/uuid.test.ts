import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { uuidFromBytes, uuidToBytes, ZERO_UUID } from '../../src/protocol/uuid.js'

t.test('turns text into sixteen bytes and back', async (t) => {
  const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
  t.strictSame(uuidToBytes('AAECAwQFBgcICQoLDA0ODw'), bytes)
  t.equal(uuidFromBytes(bytes), 'AAECAwQFBgcICQoLDA0ODw')
  t.equal(uuidFromBytes(Buffer.alloc(16)), ZERO_UUID)
})

t.test('reads a view by its own bounds', async (t) => {
  t.equal(uuidFromBytes(Buffer.alloc(18, 1).fill(0, 1, 17).subarray(1, 17)), ZERO_UUID)
})

t.test('refuses text that is not what it would write', async (t) => {
  const refused = {
    empty: '',
    'too short': 'AAECAwQFBgcICQoLDA0OD',
    'too long': 'AAECAwQFBgcICQoLDA0ODxA',
    padded: 'AAECAwQFBgcICQoLDA0ODw==',
    'of plain base64': 'AAECAwQFBgcICQoLDA0O/w',
    'with stray characters': 'AAECAwQFBgcICQoLDA0ODw!',
    'with loose final bits': 'AAECAwQFBgcICQoLDA0ODx',
    'in hexadecimal': '00010203-0405-0607-0809-0a0b0c0d0e0f',
  }
  for (const [name, text] of Object.entries(refused)) {
    t.throws(() => uuidToBytes(text), ProtocolError, name)
  }
})
