import t from 'tap'
import { Histogram } from '../../../src/producer/observing/histogram.js'
import { Random } from '../../simulation/random.js'

/** What 7 % promises, and what is measured in microseconds. */
const MOST_ABOVE = 1.07
const LEAST = 0.001

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

t.test('an empty one', async (t) => {
  t.strictSame(new Histogram().snapshot(), {
    ...{ count: 0, sum: 0, min: 0, max: 0, mean: 0, p50: 0, p95: 0, p99: 0, buckets: [] },
  })
})

t.test('small whole numbers, and powers of two, are exact', async (t) => {
  for (const value of [
    ...Array.from({ length: 32 }, (_, i) => i + 1),
    64,
    1024,
    2 ** 40,
    2 ** 53,
  ]) {
    const { p50, p99, buckets } = histogramOf([value, value]).snapshot()
    t.strictSame({ p50, p99, buckets }, { p50: value, p99: value, buckets: [{ upTo: value, count: 2 }] }, String(value)) // prettier-ignore
  }
})

t.test('a bound belongs to the bucket below it', async (t) => {
  const { buckets } = histogramOf([1, 1.000_001, 1.0625, 1.0626]).snapshot()
  t.strictSame(buckets, [
    { upTo: 1, count: 1 },
    { upTo: 1.0625, count: 2 },
    { upTo: 1.125, count: 1 },
  ])
})

t.test('what is no size counts as 0, or as the largest', async (t) => {
  const { count, sum, min, max, p99 } = histogramOf([0, -3, NaN]).snapshot()
  t.strictSame({ count, sum, min, max, p99 }, { count: 3, sum: 0, min: 0, max: 0, p99: 0 })
  t.equal(histogramOf([Infinity]).snapshot().max, 2 ** 53)
})

t.test('counters reach further where they must, and keep what they have', async (t) => {
  const histogram = histogramOf([1000, 1000, 0.002, 5e12, 1000, 0.002])
  t.match(histogram.snapshot(), { count: 6, min: 0.002, max: 5e12 })
  const counts = histogram.snapshot().buckets.map(({ count }) => count)
  t.strictSame(counts, [2, 3, 1])
})

/** Values of a distribution, from its seed. */
const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  'the same everywhere': (random) => random.next() * 1000,
  'over many powers of ten': (random) => 10 ** (random.next() * 18 - 3),
  'whole numbers': (random) => Math.floor(random.next() * 500),
  'a few, and one far away': (random) => (random.chance(0.02) ? 60_000 : 3 + random.next()),
  'times without any': (random) => (random.chance(0.5) ? 0 : random.next() * 5),
}

for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
  t.test(`percentiles are near the true ones: ${name}`, async (t) => {
    const wrong: string[] = []
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed, name)
      const values = Array.from({ length: 1 + ((seed * 37) % 800) }, () => draw(random))
      const snapshot = histogramOf(values).snapshot()
      const sorted = Float64Array.from(values).sort()
      for (const [key, share] of [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const) {
        // prettier-ignore
        const exact = sorted[Math.ceil(share * sorted.length) - 1] as number
        const told = snapshot[key]
        const isNear = told >= exact && told <= Math.max(exact * MOST_ABOVE, LEAST)
        if (!isNear) wrong.push(`seed ${seed}, ${key}: ${told} for ${exact}`)
      }
      const sum = values.reduce((a, b) => a + b, 0)
      if (snapshot.count !== values.length) wrong.push(`seed ${seed}: ${snapshot.count} values`)
      if (Math.abs(snapshot.mean * values.length - sum) > sum * 1e-9) wrong.push('the mean')
      if (snapshot.min !== sorted[0] || snapshot.max !== sorted.at(-1)) wrong.push('the ends')
      wrong.push(...misplaced(snapshot.buckets, sorted).map((what) => `seed ${seed}: ${what}`))
    }
    t.strictSame(wrong, [])
  })
}

/** Buckets that do not have the values between the bound before and theirs. */
function misplaced(
  buckets: readonly { readonly upTo: number; readonly count: number }[],
  values: Float64Array,
): string[] {
  let before = -1
  return buckets.flatMap(({ upTo, count }) => {
    const exact = values.filter((value) => value > before && value <= upTo).length
    before = upTo
    return exact === count ? [] : [`${count} up to ${upTo}, and there are ${exact}`]
  })
}
