import t from 'tap'
import { copyOf, giveCopy } from '../../../src/producer/waiting/copy-pool.js'

t.test('a copy has the bytes, whatever was in its buffer before', async (t) => {
  for (const length of [0, 1, 4095, 4096, 5000, 5120, 100_000]) {
    for (const fill of [1, 2, 3]) {
      const bytes = Buffer.alloc(length, fill)
      const copy = copyOf(bytes)
      if (!copy.equals(bytes)) t.fail(`${length} bytes of ${fill}`)
      giveCopy(copy)
      if (length > 0) t.equal(copyOf(bytes).length, length)
    }
  }
})

t.test('a buffer that was given back is used again, and one that was not never', async (t) => {
  const [a, b] = [copyOf(Buffer.alloc(10_000, 1)), copyOf(Buffer.alloc(10_000, 2))]
  t.not(a.buffer, b.buffer)
  giveCopy(a)
  t.equal(copyOf(Buffer.alloc(9500)).buffer, a.buffer)
  t.equal(b[0], 2)
})

t.test('no more is kept than a mebibyte', async (t) => {
  const copies = Array.from({ length: 40 }, () => copyOf(Buffer.alloc(50_000)))
  for (const copy of copies) giveCopy(copy)
  const again = Array.from({ length: 40 }, () => copyOf(Buffer.alloc(50_000)).buffer)
  const reused = again.filter((buffer) => copies.some((copy) => copy.buffer === buffer))
  t.ok(reused.length > 10 && reused.length <= 20, `${reused.length}`)
})
