import t from 'tap'
import { backoffMs } from '../../src/network/backoff.js'

t.test('pauses double up to the maximum, give or take a fifth', async (t) => {
  const range = { initialMs: 50, maxMs: 500 }
  const pauses = (random: number): number[] =>
    [1, 2, 3, 4, 5, 50, 10_000].map((attempt) => backoffMs(range, attempt, () => random))
  t.strictSame(pauses(0.5), [50, 100, 200, 400, 500, 500, 500])
  t.strictSame(pauses(0), [40, 80, 160, 320, 400, 400, 400])
  t.ok(pauses(0.999).every((pause, i) => pause < (pauses(0.5)[i] as number) * 1.2))
  t.equal(
    backoffMs({ initialMs: 0, maxMs: 0 }, 3, () => 0.5),
    0,
  )
})
