/**
 * The little statistics that a bench needs: medians, spreads and percentiles of small samples.
 */

/** The middle value, or the mean of the two; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** Half the distance of the extremes as a share of the median: 0.05 reads "± 5 %". */
export function spread(values: readonly number[]): number {
  const range = Math.max(...values) - Math.min(...values)
  return range === 0 ? 0 : range / 2 / median(values)
}

/** The value that a share of all do not exceed (nearest rank); `sorted` rises. */
export function percentile(sorted: Float64Array | readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length) - 1
  return sorted[Math.min(Math.max(rank, 0), sorted.length - 1)] ?? NaN
}
