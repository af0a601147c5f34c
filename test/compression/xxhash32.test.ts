import t from 'tap'
import { xxHash32 } from '../../src/compression/xxhash32.js'

t.test('agrees with the published vectors', async (t) => {
  // The lengths take every path: tail bytes, tail words, stripes.
  const vectors = [
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['abcd', 0xa3643705],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ] as const
  for (const [text, hash] of vectors) t.equal(xxHash32(Buffer.from(text)), hash, `'${text}'`)
})

t.test('hashes only the view that it is given', async (t) => {
  const memory = Buffer.from('..Nobody inspects the spammish repetition..')
  t.equal(xxHash32(memory.subarray(2, -2)), 0xe2293b2f)
})
