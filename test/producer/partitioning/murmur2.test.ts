import fc from 'fast-check'
import t from 'tap'
import { murmur2, partitionForKey } from '../../../src/producer/partitioning/murmur2.js'

/** From the tests of Kafka's Java client (UtilsTest). */
const JAVA = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
}

t.test('it gives the numbers of Kafka’s Java client', async (t) => {
  for (const [text, hash] of Object.entries(JAVA)) t.equal(murmur2(Buffer.from(text)), hash, text)
})

t.test('only the first bytes count', async () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (bytes, rubbish) => {
      const longer = Buffer.concat([bytes, rubbish])
      return murmur2(longer, bytes.length) === murmur2(bytes)
    }),
  )
})

t.test('each of the last bytes counts, whatever the length modulo four', async (t) => {
  for (let length = 1; length <= 8; length++) {
    for (let at = 0; at < length; at++) {
      const bytes = Buffer.alloc(length)
      const zeros = murmur2(bytes)
      bytes[at] = 0x80
      t.not(murmur2(bytes), zeros, `byte ${at} of ${length}`)
    }
  }
})

t.test('a partition is the hash without its sign, modulo all partitions', async (t) => {
  const partition = (text: string, count: number): number =>
    partitionForKey(Buffer.from(text), text.length, count)
  t.equal(partition('21', 7), (-973932308 & 0x7fffffff) % 7)
  t.equal(partition('abc', 10), 479470107 % 10)
  t.equal(partition('abc', 1), 0)
})

t.test('a partition is always one that there is', async () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 100_000 }), (key, count) => {
      const partition = partitionForKey(key, key.length, count)
      return Number.isInteger(partition) && partition >= 0 && partition < count
    }),
  )
})
