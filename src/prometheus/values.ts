/**
 * A figure's series as prom-client takes them: a number each, or a histogram's `_bucket`, `_sum` and
 * `_count`.
 *
 * Before: collection.ts. After: figures.ts reads the snapshot.
 */
import type { MetricsHistogram } from '../producer/metrics.js'
import type { Figure, Labels, Reading, Scale } from './figures.js'

/** One line of what is scraped. */
export interface ExposedValue {
  readonly value: number
  readonly labels: Labels
  /** Where it is not the metric's own name. */
  readonly metricName?: string
}

/** `name`: as the registry shows it; `own`: the labels of the producer. */
export function valuesOf(
  figure: Figure,
  name: string,
  reading: Reading,
  own: Labels,
): ExposedValue[] {
  if (figure.type === 'histogram') {
    return figure.read(reading).flatMap(({ labels, value }) => {
      return histogramValues(name, value, figure.scale, { ...own, ...labels })
    })
  }
  return figure.read(reading).map(({ labels, value }) => ({ value, labels: { ...own, ...labels } }))
}

function histogramValues(
  name: string,
  histogram: MetricsHistogram,
  { bounds, divisor }: Scale,
  labels: Labels,
): ExposedValue[] {
  const { count, sum } = histogram
  const below = cumulativeCounts(histogram, bounds)
  const metricName = `${name}_bucket`
  const buckets = bounds.map((bound, index): ExposedValue => {
    const le = String(bound / divisor)
    return { metricName, labels: { ...labels, le }, value: below[index] ?? 0 }
  })
  return [
    ...buckets,
    { metricName, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum / divisor },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

/**
 * How many values were at most each bound. A bucket of ours that lies across a bound counts above it: so
 * no count is too high, and a value is shown at most 7 % larger than it was.
 */
export function cumulativeCounts(
  { buckets }: MetricsHistogram,
  bounds: readonly number[],
): number[] {
  const counts: number[] = []
  let [count, next] = [0, 0]
  for (const bound of bounds) {
    for (let bucket = buckets[next]; bucket && bucket.upTo <= bound; bucket = buckets[++next]) {
      count += bucket.count
    }
    counts.push(count)
  }
  return counts
}
