import t from 'tap'
import { RecentlyUsed } from '../../../src/producer/observing/recently-used.js'

const keysOf = (used: RecentlyUsed<number, object>): number[] =>
  used.snapshot((_, key) => key).map(([key]) => key)

t.test('a key has one value', async (t) => {
  const used = new RecentlyUsed<number, object>(10, () => ({}))
  t.equal(used.get(1), used.get(1))
  t.not(used.get(1), used.get(2))
})

t.test('those go that were used longest ago, a tenth at a time', async (t) => {
  const used = new RecentlyUsed<number, object>(20, () => ({}))
  for (let key = 0; key < 20; key++) used.get(key)
  const first = used.get(0)
  used.get(2)
  used.get(20)
  t.strictSame(keysOf(used), [0, 2, ...Array.from({ length: 17 }, (_, index) => index + 4)])
  t.equal(used.get(0), first)
})

t.test('there are never more than the most', async (t) => {
  const used = new RecentlyUsed<number, object>(1, () => ({}))
  for (let key = 0; key < 5; key++) used.get(key)
  t.strictSame(keysOf(used), [4])
})
