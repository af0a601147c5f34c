/**
 * `compression: 'auto'`: finds for each topic the codec that costs least, measured on the topic's
 * own batches (codec-trials.ts). "none" takes part.
 *
 * The choice stands until it is looked at again: after 1,000 batches (100 where it is "none"), when
 * batches come out much larger or smaller than the first ones after it (the data has changed), or
 * when they have become four times as large as those that were tried. Another codec is then used
 * only if it is clearly better. To look again takes no more than 1 % of the time: after so many
 * milliseconds of trials none begins for a hundred times as long.
 *
 *   round, round, round -> chosen (1,000 batches, ratio and size as expected) -> round …
 *
 * Before: compressor.ts asks and reports. After: metrics and log say what was chosen, and why.
 */
import type { Codec, CompressionName } from '../../compression/codec.js'
import { createCodec } from '../../compression/create-codec.js'
import type { Log } from '../../logger.js'
import { CodecTrials, type Score } from './codec-trials.js'
import type { CodecChooser } from './codec-chooser.js'
import type { QueueTopic } from '../queueing/partition-queue.js'

/** Less says nothing about a codec. */
const LEAST_SAMPLE_BYTES = 1024
const BATCHES_BETWEEN_TRIALS = 1000
const PLAIN_BATCHES_BETWEEN_TRIALS = 100
/** Time between trials, as a multiple of what the last ones took. */
const REST_FACTOR = 100
/** Batches that have grown so much are looked at as they are now. */
const GROWTH = 4
/** How much of the largest batch's size is remembered with each one after it. */
const SIZE_MEMORY = 0.98
/** So many batches say what ratio to expect. */
const LEAST_BATCHES = 10
/** Weight of one batch in the moving average of ratios. */
const RATIO_WEIGHT = 0.1
/** A ratio this much off what was expected means that the data has changed. */
const RATIO_TOLERANCE = 0.25
/** Several records in one batch that is refused plain: compressed they must be as small as in two. */
const WORTH_MORE_THAN_A_SPLIT = 0.5

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

interface TopicState {
  /** Those that its brokers take, as far as they have said. */
  codecs: readonly Codec[]
  /** A look that is under way. */
  trials: CodecTrials | null
  choice: CompressionChoice | null
  /** What the choice is called among the trials, once they were through. */
  chosenLabel: string | undefined
  codec: Codec | null
  /** What gains most, whatever it costs. */
  smallest: Score | null
  /** Since the last look. */
  batches: number
  /** About the size of the largest batches. */
  usualBytes: number
  /** The largest that was ever tried. */
  triedBytes: number
  /** Batches of which the ratio is known; a small one counts for a part. */
  observed: number
  /** Moving average of the batches' ratio. */
  ratio: number
  /** The same after the first batches. */
  expectedRatio: number
}

/** @internal */
export class AutoCompression implements CodecChooser {
  readonly #codecs: readonly Codec[]
  readonly #stopwatchMs: () => number
  readonly #logger: Log
  /** By the stopwatch: no look begins before, but for topics that are new or whose batches have grown. */
  #restUntilMs = -Infinity
  /** Forgets a topic with the directory, which alone holds it. */
  readonly #states = new WeakMap<QueueTopic, TopicState>()

  /** `codecs`: see `codecsForAuto`; the first is used until there is a choice. */
  constructor(codecs: readonly Codec[], stopwatchMs: () => number, logger: Log) {
    this.#codecs = codecs
    this.#stopwatchMs = stopwatchMs
    this.#logger = logger
  }

  /** The choice for a topic; null until there is one. */
  choiceOf(topic: QueueTopic): CompressionChoice | null {
    return this.#states.get(topic)?.choice ?? null
  }

  codecFor(topic: QueueTopic, recordBytes: Uint8Array): Codec | null {
    const state = this.#stateOf(topic)
    const { length } = recordBytes
    state.batches++
    state.usualBytes = Math.max(length, state.usualBytes * SIZE_MEMORY)
    // A batch that is small among its like says little of how they come out.
    if (length < LEAST_SAMPLE_BYTES || length < state.usualBytes / 2) return state.codec
    if (state.trials === null && state.codecs.length > 0 && this.#isLookDue(state)) {
      state.trials = new CodecTrials(state.codecs, this.#stopwatchMs)
    }
    if (state.trials !== null) this.#goOn(topic, state, state.trials, recordBytes)
    return state.codec
  }

  observed(topic: QueueTopic, ratio: number, plainBytes: number, codec: Codec): void {
    const state = this.#stateOf(topic)
    if (plainBytes < LEAST_SAMPLE_BYTES || codec !== state.codec) return
    const share = Math.min(1, plainBytes / state.usualBytes) // a small batch says less
    state.observed += share
    state.ratio += (ratio - state.ratio) * Math.max(share / state.observed, share * RATIO_WEIGHT)
    if (state.observed <= LEAST_BATCHES) state.expectedRatio = state.ratio
  }

  /**
   * Codecs to try on a batch that was refused for its size: all on a record that would be lost;
   * on several records only what may be better than to split them. Empty: nothing is left to try.
   */
  codecsForRefused(topic: QueueTopic, recordCount: number, codecId: number): readonly Codec[] {
    const { codecs, smallest } = this.#stateOf(topic)
    if (recordCount === 1) return codecs
    if (codecId !== 0) return []
    if (smallest === null) return codecs // its batches are too small for trials
    const isWorthIt = smallest.codec !== null && smallest.ratio <= WORTH_MORE_THAN_A_SPLIT
    return isWorthIt ? [smallest.codec] : []
  }

  /** The topic's brokers do not take this codec: it is not used for it again, and the others are tried. */
  strike(topic: QueueTopic, codecId: number): void {
    const state = this.#stateOf(topic)
    const codecs = state.codecs.filter(({ id }) => id !== codecId)
    const [struck] = state.codecs.filter(({ id }) => id === codecId)
    if (struck === undefined) return
    const nothing = {
      trials: null,
      choice: null,
      chosenLabel: undefined,
      codec: null,
      smallest: null,
    }
    // As of a new topic: the look at what is left is due at once.
    Object.assign(state, nothing, { codecs, batches: 0, triedBytes: 0, observed: 0 })
    topic.fill.reset(1)
    this.#logger.warn(
      { topic: topic.name, codec: struck.name },
      'the brokers of a topic refuse a codec: it is not used there any longer',
    )
  }

  #stateOf(topic: QueueTopic): TopicState {
    let state = this.#states.get(topic)
    if (state === undefined) {
      state = {
        codecs: this.#codecs,
        trials: null,
        choice: null,
        chosenLabel: undefined,
        codec: this.#codecs[0] ?? null,
        smallest: null,
        batches: 0,
        usualBytes: 0,
        triedBytes: 0,
        observed: 0,
        ratio: 1,
        expectedRatio: 1,
      }
      this.#states.set(topic, state)
    }
    return state
  }

  #isLookDue(state: TopicState): boolean {
    if (state.usualBytes > state.triedBytes * GROWTH) return true // a new topic's, too
    return isStale(state) && this.#stopwatchMs() >= this.#restUntilMs
  }

  #goOn(topic: QueueTopic, state: TopicState, trials: CodecTrials, recordBytes: Uint8Array): void {
    const spentMs = trials.goOn(recordBytes)
    const nowMs = this.#stopwatchMs()
    this.#restUntilMs = Math.max(this.#restUntilMs, nowMs) + spentMs * REST_FACTOR
    if (trials.isDone) this.#conclude(topic, state, trials)
    else if (state.chosenLabel === undefined) this.#choose(state, trials, trials.guess())
  }

  #conclude({ name, fill }: QueueTopic, state: TopicState, trials: CodecTrials): void {
    const before = state.chosenLabel
    const choice = this.#choose(state, trials, trials.best(before))
    state.trials = null
    state.triedBytes = Math.max(state.triedBytes, trials.largestBytes)
    state.batches = 0
    state.observed = 0
    state.smallest = trials.smallest()
    if (state.chosenLabel === before) return
    fill.reset(choice.ratio) // what the codec before it gained says nothing any more
    const { level, ...facts } = choice
    this.#logger.info(
      { topic: name, ...facts, codecLevel: level },
      'compression chosen for a topic',
    )
  }

  #choose(state: TopicState, trials: CodecTrials, best: Score): CompressionChoice {
    const { codec, label, ratio, cpuMsPerMb, cost } = best
    const tried = trials.scores.filter((score) => score.cost < Infinity)
    const costs = Object.fromEntries(tried.map((score) => [score.label, score.cost]))
    const name = codec?.name ?? 'none'
    const choice = { codec: name, level: codec?.level, ratio, cpuMsPerMb, cost, costs }
    state.codec = codec
    state.choice = choice
    if (trials.isDone) state.chosenLabel = label
    return choice
  }
}

/** Chosen long ago, or on records unlike those that come now. */
function isStale({ batches, codec, observed, ratio, expectedRatio }: TopicState): boolean {
  // Plain batches have no ratio that could show a change, so that they are looked at more often.
  const enough = codec === null ? PLAIN_BATCHES_BETWEEN_TRIALS : BATCHES_BETWEEN_TRIALS
  if (batches >= enough) return true
  if (observed <= LEAST_BATCHES) return false
  return Math.abs(ratio - expectedRatio) > RATIO_TOLERANCE * expectedRatio
}

/** What loads of lz4, snappy, zstd (unless the brokers are too old for it) and gzip. */
export function codecsForAuto(mayUseZstd: boolean): Codec[] {
  const candidates = CANDIDATES.filter(({ codec }) => mayUseZstd || codec !== 'zstd')
  return candidates.flatMap(({ codec, level }) => load(codec, level))
}

function load(name: CompressionName, level: number | undefined): Codec[] {
  try {
    return [createCodec(name, level)]
  } catch {
    return [] // its package is not here
  }
}
