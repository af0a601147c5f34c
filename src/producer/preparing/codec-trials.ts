/**
 * One look at all codecs, on a topic's own batches: three rounds, in each of which every codec
 * compresses once. It is scored by what a megabyte of records would cost in milliseconds:
 *
 *     cost = CPU time spent + EXCHANGE_RATE * bytes that still travel
 *
 * The sample is the whole batch, since some codecs find in half a megabyte what they do not find in
 * a part of it. Two things keep that cheap: a round is spread over several batches (a batch's share
 * is over after `SLICE_MS`), and a codec whose CPU time alone costs more than another does in all,
 * as 32 KiB of the batch show, is not tried on the rest: it cannot win.
 *
 * Before: auto-compression.ts says when. After: it asks which was best.
 */
import type { Codec } from '../../compression/codec.js'

/**
 * Milliseconds of CPU that may be spent to save a megabyte on the network: what a network of 1
 * Gbit/s needs for it (8), and the broker that stores and replicates it (2).
 */
const EXCHANGE_RATE_MS_PER_MB = 10
const ROUNDS = 3
/** Once so much of a batch's time is spent, the next batch has the next codec. */
const SLICE_MS = 2
/** Enough to tell what CPU a codec takes; not what it gains. */
const SAMPLE_BYTES = 32_768
/** A smaller ratio counts as a gain until the codec's time is known. */
const GAIN = 0.9
/** Share of its cost by which the codec at hand must be beaten: at least, and at most. */
const CLEARLY = 0.05
const OVERWHELMINGLY = 0.25

/** What the trials say of one codec. */
export class Score {
  /** null: none. */
  readonly codec: Codec | null
  readonly label: string
  /** Of a megabyte; the least of the trials: whatever disturbs a measurement only adds to it. */
  cpuMsPerMb = Infinity
  /** The same, of the first bytes of a batch. */
  sampleMsPerMb = Infinity
  #plainBytes = 0
  #wireBytes = 0
  readonly #costs: number[] = []

  constructor(codec: Codec | null) {
    this.codec = codec
    this.label = codec === null ? 'none' : labelOf(codec)
  }

  add(plainBytes: number, wireBytes: number, ms: number): void {
    const cpuMsPerMb = ms / (plainBytes / 1e6)
    this.cpuMsPerMb = Math.min(this.cpuMsPerMb, cpuMsPerMb)
    this.#plainBytes += plainBytes
    this.#wireBytes += wireBytes
    this.#costs.push(cpuMsPerMb + EXCHANGE_RATE_MS_PER_MB * (wireBytes / plainBytes))
  }

  /** Compressed / plain. */
  get ratio(): number {
    return this.#plainBytes === 0 ? 1 : this.#wireBytes / this.#plainBytes
  }

  /** Infinity before the first trial. */
  get cost(): number {
    return this.cpuMsPerMb + EXCHANGE_RATE_MS_PER_MB * this.ratio
  }

  /** How far apart the two best of its trials are: one that was interrupted says nothing. */
  get noise(): number {
    const [best, second] = this.#costs.toSorted((a, b) => a - b)
    return best === undefined || second === undefined ? 0 : second - best
  }

  /** Whether its CPU time leaves it a chance. */
  mayBeat(cost: number): boolean {
    return Math.min(this.cpuMsPerMb, this.sampleMsPerMb) < cost
  }
}

export class CodecTrials {
  /** "none" first. */
  readonly scores: readonly Score[]
  readonly #monotonicMs: () => number
  #next = 0
  #rounds = 0
  #largestBytes = 0

  constructor(codecs: readonly Codec[], monotonicMs: () => number) {
    this.scores = [null, ...codecs].map((codec) => new Score(codec))
    this.#monotonicMs = monotonicMs
  }

  get isDone(): boolean {
    return this.#rounds === ROUNDS
  }

  /** Size of the largest batch that was tried. */
  get largestBytes(): number {
    return this.#largestBytes
  }

  /** Goes on with a batch of these records; returns the milliseconds that were spent. */
  goOn(recordBytes: Uint8Array): number {
    const startedMs = this.#monotonicMs()
    this.#largestBytes = Math.max(this.#largestBytes, recordBytes.length)
    let spentMs = 0
    do {
      this.#try(this.scores[this.#next] as Score, recordBytes) // `next` is one of them
      this.#next = (this.#next + 1) % this.scores.length
      spentMs = this.#monotonicMs() - startedMs
    } while (this.#next > 0 && spentMs < SLICE_MS)
    if (this.#next === 0) this.#rounds++
    return spentMs
  }

  #try(score: Score, recordBytes: Uint8Array): void {
    if (recordBytes.length > 2 * SAMPLE_BYTES && !this.#mayWin(score)) {
      const sample = recordBytes.subarray(0, SAMPLE_BYTES)
      const { wireBytes, ms } = this.#measure(score, sample)
      score.sampleMsPerMb = Math.min(score.sampleMsPerMb, ms / (SAMPLE_BYTES / 1e6))
      if (!this.#mayWin(score)) {
        score.add(SAMPLE_BYTES, wireBytes, ms)
        return
      }
    }
    const { wireBytes, ms } = this.#measure(score, recordBytes)
    score.add(recordBytes.length, wireBytes, ms)
  }

  #mayWin(score: Score): boolean {
    if (score.codec === null) return true
    return this.scores.every((other) => other === score || score.mayBeat(other.cost))
  }

  #measure({ codec }: Score, bytes: Uint8Array): { wireBytes: number; ms: number } {
    if (codec === null) return { wireBytes: bytes.length, ms: 0 }
    const startedMs = this.#monotonicMs()
    const wireBytes = compressedBytes(codec, bytes)
    return { wireBytes, ms: this.#monotonicMs() - startedMs }
  }

  /**
   * The cheapest; `current` (a label, if any) stays unless another is clearly cheaper: by more than
   * the trials of either differ among themselves, but by 5 % at least, and by 25 % in any
   * case. Not to compress, which spares those who read too, is better wherever it is no worse.
   */
  best(current: string | undefined): Score {
    const best = least(this.scores, ({ cost }) => cost)
    const held = this.scores.find(({ label }) => label === current)
    if (held === undefined || held === best || best.codec === null) return best
    const noise = Math.min(Math.max(held.noise, best.noise), held.cost * OVERWHELMINGLY)
    const margin = Math.max(noise, held.cost * CLEARLY)
    return best.cost + margin < held.cost ? best : held
  }

  /**
   * The cheapest of those that were tried, before the trials are through. A time measured once, by a
   * codec that has just been loaded, is no reason not to compress at all; a ratio is.
   */
  guess(): Score {
    const gains = ({ cost, ratio }: Score): boolean => cost < Infinity && ratio < GAIN
    return least([...this.scores.filter(gains), ...this.scores.slice(0, 1)], costOfCodec)
  }

  /** The one that gains most, whatever it costs. */
  smallest(): Score {
    return least(this.scores, ({ ratio }) => ratio)
  }
}

/** The first of the scores with the least of this. */
function least(scores: readonly Score[], of: (score: Score) => number): Score {
  return scores.reduce((a, b) => (of(b) < of(a) ? b : a))
}

/** "none" comes last. */
function costOfCodec({ codec, cost }: Score): number {
  return codec === null ? Infinity : cost
}

function labelOf({ name, level }: Codec): string {
  return level === undefined || name !== 'zstd' ? name : `${name}:${level}`
}

/** What a codec that fails would send: the records as they are. */
function compressedBytes(codec: Codec, bytes: Uint8Array): number {
  try {
    return Math.min(bytes.length, codec.compressSync(bytes).length)
  } catch {
    return bytes.length
  }
}
