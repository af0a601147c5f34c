/**
 * Values counted by their size: sixteen buckets to each power of two (log-linear), so that what is
 * read from them is at most 1/16 above the truth. A whole number up to 32 has a bucket of its own.
 *
 * A bucket is found by the bits of the value: its exponent, and the first four of its mantissa. One
 * bit less than the value has, so that a bound belongs to the bucket below it: 1 is counted as "at most
 * 1". Only the range between the smallest and the largest value has counters; an empty histogram has
 * none. They are doubles, which do not wrap.
 *
 * Before: metrics-counter.ts adds. After: `producer.metrics()` has the snapshot.
 */
import type { MetricsHistogram } from '../metrics.js'

/** What is smaller is counted as this: a microsecond, of values in ms. */
const LEAST = 2 ** -10
const MOST = 2 ** 53
const BUCKETS_PER_OCTAVE = 16
/** Of the upper word of a double, whose last 20 bits are mantissa: four of them remain. */
const SHIFT = 16

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const [HIGH, LOW] = isLittleEndian ? [1, 0] : [0, 1]

const NO_COUNTERS = new Float64Array(0)

export class Histogram {
  /** One for each bucket from `#first` on. */
  #counters = NO_COUNTERS
  #first = 0
  #count = 0
  #sum = 0
  #min = Infinity
  #max = 0

  get count(): number {
    return this.#count
  }

  /** Counts a value. What is below zero, or no number, counts as 0. */
  add(value: number): void {
    const size = value > 0 ? Math.min(value, MOST) : 0
    this.#count++
    this.#sum += size
    if (size < this.#min) this.#min = size
    if (size > this.#max) this.#max = size
    const bucket = bucketOf(size > LEAST ? size : LEAST)
    const index = bucket - this.#first
    if (index >= 0 && index < this.#counters.length) (this.#counters[index] as number)++
    else this.#addBeyond(bucket)
  }

  /** The counters reach to the bucket, from now on. */
  #addBeyond(bucket: number): void {
    const { length } = this.#counters
    const first = octaveOf(length === 0 ? bucket : Math.min(bucket, this.#first))
    const last = length === 0 ? bucket : Math.max(bucket, this.#first + length - 1)
    const counters = new Float64Array(octaveOf(last) + BUCKETS_PER_OCTAVE - first)
    if (length > 0) counters.set(this.#counters, this.#first - first)
    this.#counters = counters
    this.#first = first
    ;(counters[bucket - first] as number)++
  }

  snapshot(): MetricsHistogram {
    const isEmpty = this.#count === 0
    const buckets = this.#buckets()
    const percentile = (share: number): number => this.#percentile(share, buckets)
    return {
      count: this.#count,
      sum: this.#sum,
      min: isEmpty ? 0 : this.#min,
      max: this.#max,
      mean: isEmpty ? 0 : this.#sum / this.#count,
      p50: percentile(0.5),
      p95: percentile(0.95),
      p99: percentile(0.99),
      buckets,
    }
  }

  #buckets(): { upTo: number; count: number }[] {
    const buckets: { upTo: number; count: number }[] = []
    this.#counters.forEach((count, index) => {
      if (count > 0) buckets.push({ upTo: upToOf(this.#first + index), count })
    })
    return buckets
  }

  /** The bound of the bucket in which that share of the values is reached; none is above the largest. */
  #percentile(share: number, buckets: MetricsHistogram['buckets']): number {
    let left = Math.ceil(share * this.#count)
    for (const { upTo, count } of buckets) {
      left -= count
      if (left <= 0) return Math.min(upTo, this.#max)
    }
    return this.#max
  }
}

/** The number of the bucket of a value that is above zero. */
function bucketOf(value: number): number {
  double[0] = value
  const high = words[HIGH] as number
  return (words[LOW] === 0 ? high - 1 : high) >>> SHIFT
}

/** The largest value of a bucket. */
function upToOf(bucket: number): number {
  words[HIGH] = (bucket + 1) << SHIFT
  words[LOW] = 0
  return double[0] as number
}

/** The first bucket of its power of two. */
function octaveOf(bucket: number): number {
  return bucket - (bucket % BUCKETS_PER_OCTAVE)
}
