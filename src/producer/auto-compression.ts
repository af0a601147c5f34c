/**
 * `compression: 'auto'`: finds for each topic the codec that is worth its while, on the topic's own
 * records.
 *
 * A trial compresses a sample of a real batch with every codec that loads, and scores each by what
 * a megabyte of records would cost in milliseconds:
 *
 *     cost = CPU time spent + EXCHANGE_RATE * bytes that still travel
 *
 * The cheapest wins; "none" takes part. After three trials the choice stands for a while; it is
 * looked at again after 1,000 batches (100 where it is "none"), or sooner when batches come out much
 * larger or smaller than the first ones after it: the data has changed.
 *
 *   trial, trial, trial -> chosen (1,000 batches, ratio as expected) -> trial …
 *
 * Before: compressor.ts asks and reports. After: metrics and log say what was chosen, and why.
 */
import { createCodec, type Codec, type CompressionName } from '../compression/codec.js'
import type { Logger } from '../logger.js'
import type { CompressionPolicy } from './compressor.js'
import type { ProducerTopic } from './topic.js'

/**
 * Milliseconds of CPU that a megabyte not sent is worth: what a network of 1 Gbit/s needs for it
 * (8), and the broker that stores and replicates it (2).
 */
const EXCHANGE_RATE_MS_PER_MB = 10
const TRIALS = 3
/** Bytes that a trial compresses: some milliseconds for all codecs together. */
const SAMPLE_BYTES = 32_768
/** Less says nothing about a codec. */
const LEAST_SAMPLE_BYTES = 1024
const BATCHES_BETWEEN_TRIALS = 1000
const PLAIN_BATCHES_BETWEEN_TRIALS = 100
/** So many batches say what ratio to expect. */
const LEAST_BATCHES = 10
/** Weight of one batch in the moving average of ratios. */
const RATIO_WEIGHT = 0.1
/** A ratio this much off what was expected means that the data has changed. */
const RATIO_TOLERANCE = 0.25

const CANDIDATES: readonly { codec: CompressionName; level?: number }[] = [
  { codec: 'lz4' },
  { codec: 'snappy' },
  { codec: 'zstd', level: 1 },
  { codec: 'zstd', level: 3 },
  { codec: 'gzip' },
]

/** What 'auto' has chosen for a topic, and on what grounds. */
export interface CompressionChoice {
  readonly codec: CompressionName
  readonly level: number | undefined
  /** Compressed / plain, in the trials. */
  readonly ratio: number
  /** Milliseconds of CPU for a megabyte of records, in the trials. */
  readonly cpuMsPerMb: number
  /** cpuMsPerMb + 10 * ratio: the figure that was lowest. */
  readonly cost: number
  /** The same figure of every codec that took part. */
  readonly costs: Readonly<Record<string, number>>
}

interface Score {
  readonly codec: Codec | null
  readonly label: string
  plainBytes: number
  wireBytes: number
  /** The least of the trials: whatever disturbs a measurement only adds to it. */
  cpuMsPerMb: number
}

interface TopicState {
  readonly scores: readonly Score[]
  trials: number
  choice: CompressionChoice | null
  codec: Codec | null
  batches: number
  /** Batches of which the ratio is known; a small one counts for a part. */
  observed: number
  /** Moving average of the batches' ratio. */
  ratio: number
  /** The same after the first batches. */
  expectedRatio: number
}

export class AutoCompression implements CompressionPolicy {
  readonly #codecs: readonly Codec[]
  readonly #stopwatchMs: () => number
  readonly #logger: Logger
  /** Forgets a topic with the directory, which alone holds it. */
  readonly #states = new WeakMap<ProducerTopic, TopicState>()

  /** Takes what loads of lz4, snappy, zstd (unless the brokers are too old for it) and gzip. */
  constructor(stopwatchMs: () => number, logger: Logger, mayUseZstd: boolean) {
    const candidates = CANDIDATES.filter(({ codec }) => mayUseZstd || codec !== 'zstd')
    this.#codecs = candidates.flatMap(({ codec, level }) => load(codec, level))
    this.#stopwatchMs = stopwatchMs
    this.#logger = logger
  }

  /** The choice for a topic; null until there is one. */
  choiceOf(topic: ProducerTopic): CompressionChoice | null {
    return this.#states.get(topic)?.choice ?? null
  }

  codecFor(topic: ProducerTopic, recordBytes: Uint8Array): Codec | null {
    if (isStale(this.#stateOf(topic))) this.#beginAgain(topic)
    const state = this.#stateOf(topic)
    state.batches++
    if (state.trials < TRIALS && recordBytes.length >= LEAST_SAMPLE_BYTES) {
      this.#try(state, recordBytes.subarray(0, SAMPLE_BYTES))
      this.#choose(topic, state)
    }
    return state.codec
  }

  observed(topic: ProducerTopic, ratio: number, plainBytes: number): void {
    if (plainBytes < LEAST_SAMPLE_BYTES) return
    const state = this.#stateOf(topic)
    const share = Math.min(1, plainBytes / SAMPLE_BYTES) // a small batch says less
    state.observed += share
    // The first batches say what to expect: whole batches compress better than the trials' samples.
    state.ratio += (ratio - state.ratio) * Math.max(share / state.observed, share * RATIO_WEIGHT)
    if (state.observed <= LEAST_BATCHES) state.expectedRatio = state.ratio
  }

  /** Goes on with the codec at hand until the trials are through. */
  #beginAgain(topic: ProducerTopic): void {
    const { codec } = this.#stateOf(topic)
    this.#states.delete(topic)
    this.#stateOf(topic).codec = codec
  }

  #stateOf(topic: ProducerTopic): TopicState {
    let state = this.#states.get(topic)
    if (state === undefined) {
      const scores = [null, ...this.#codecs].map((codec) => ({
        codec,
        label: codec === null ? 'none' : labelOf(codec),
        plainBytes: 0,
        wireBytes: 0,
        cpuMsPerMb: codec === null ? 0 : Infinity,
      }))
      state = {
        scores,
        trials: 0,
        choice: null,
        codec: this.#codecs[0] ?? null,
        batches: 0,
        observed: 0,
        ratio: 1,
        expectedRatio: 1,
      }
      this.#states.set(topic, state)
    }
    return state
  }

  #try(state: TopicState, sample: Uint8Array): void {
    state.trials++
    for (const score of state.scores) {
      const startedMs = this.#stopwatchMs()
      const wireBytes = compressedBytes(score.codec, sample)
      const cpuMsPerMb = (this.#stopwatchMs() - startedMs) / (sample.length / 1e6)
      score.cpuMsPerMb = Math.min(score.cpuMsPerMb, cpuMsPerMb)
      score.plainBytes += sample.length
      score.wireBytes += Math.min(wireBytes, sample.length)
    }
  }

  #choose({ name, fill }: ProducerTopic, state: TopicState): void {
    const costs = Object.fromEntries(state.scores.map((score) => [score.label, costOf(score)]))
    const [first, ...others] = state.scores as [Score, ...Score[]] // "none" is always there
    const best = others.reduce((a, b) => (costOf(b) < costOf(a) ? b : a), first)
    state.codec = best.codec
    state.choice = {
      codec: best.codec?.name ?? 'none',
      level: best.codec?.level,
      ratio: best.wireBytes / best.plainBytes,
      cpuMsPerMb: best.cpuMsPerMb,
      cost: costOf(best),
      costs,
    }
    if (state.trials === TRIALS) {
      fill.reset(state.choice.ratio) // what the codec before it gained says nothing any more
      this.#logger.info({ topic: name, ...state.choice }, 'compression chosen for a topic')
    }
  }
}

/** Chosen long ago, or on records unlike those that come now. */
function isStale({ batches, codec, observed, ratio, expectedRatio }: TopicState): boolean {
  // Plain batches have no ratio that could show a change, so that they are looked at more often.
  if (batches >= (codec === null ? PLAIN_BATCHES_BETWEEN_TRIALS : BATCHES_BETWEEN_TRIALS))
    return true
  if (observed <= LEAST_BATCHES) return false
  return Math.abs(ratio - expectedRatio) > RATIO_TOLERANCE * expectedRatio
}

function load(name: CompressionName, level: number | undefined): Codec[] {
  try {
    return [createCodec(name, level)]
  } catch {
    return [] // its package is not here
  }
}

function labelOf({ name, level }: Codec): string {
  return level === undefined || name !== 'zstd' ? name : `${name}:${level}`
}

function compressedBytes(codec: Codec | null, sample: Uint8Array): number {
  if (codec === null) return sample.length
  try {
    return codec.compressSync(sample).length
  } catch {
    return Infinity // never chosen
  }
}

function costOf(score: Score): number {
  return score.cpuMsPerMb + EXCHANGE_RATE_MS_PER_MB * (score.wireBytes / score.plainBytes)
}
